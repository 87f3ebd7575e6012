// SPDX-License-Identifier: Apache-2.0
#include "format/column_keys.h"

#include <bit>
#include <cmath>
#include <string>

#include "format/corrupt.h"
#include "format/place_key.h"

namespace nearline::format {
namespace {

/// Whether a value of the type has the key. Strings are asked by the caller's dictionary.
bool is_key(AttributeType type, std::uint64_t key, std::uint64_t entries) noexcept {
  switch (type) {
    case AttributeType::kI64: return true;
    case AttributeType::kF64: return std::isfinite(f64_of(key)) && key_of(f64_of(key)) == key;
    case AttributeType::kBool: return key <= 1;
    case AttributeType::kPlace: return is_place_key(key);
    case AttributeType::kString:
    case AttributeType::kTags: break;
  }
  return key < entries;
}

/// Whether the bits from `from` to `to` are zero.
bool zero_bits(const std::byte* bytes, std::uint64_t from, std::uint64_t to) noexcept {
  while (from < to) {
    const auto some = static_cast<unsigned>(std::min<std::uint64_t>(to - from, 64));
    if (packed_number(bytes, from, some) != 0) return false;
    from += some;
  }
  return true;
}

/// Whether zeros stand behind each part of the run.
bool padded(const RunShape& shape, const std::byte* bytes) noexcept {
  const bool ends = shape.tags && shape.values > 0;
  return (!shape.has_null_bits() || zero_bits(bytes, shape.rows, shape.ends_at() * 8)) &&
         (!ends || zero_bits(bytes + shape.ends_at(), std::uint64_t{shape.rows} * shape.end_bits,
                             (shape.keys_at() - shape.ends_at()) * 8)) &&
         zero_bits(bytes + shape.keys_at(), std::uint64_t{shape.packed()} * shape.bits,
                   (shape.bytes() - shape.keys_at()) * 8);
}

/// What is wrong with the keys of a row, or null.
const char* fault_of(const Run& run, const RunKeys& keys, std::uint32_t row) noexcept {
  const std::uint32_t begin = keys.begin_of(row), end = keys.end_of(row);
  if (!keys.has(row)) {
    if (run.shape.tags) return begin == end ? nullptr : "tags of a row without a value";
    return keys.keys.empty() || keys.keys[row] == run.least ? nullptr : "a key of a row without a value";
  }
  for (std::uint32_t i = begin + 1; i < end; ++i) {
    if (keys.keys[i] <= keys.keys[i - 1]) return "tags of a row out of order";
  }
  return nullptr;
}

}  // namespace

Result<void> unpack_run(const Run& run, const std::byte* bytes, std::uint64_t at, RunKeys& out) {
  const RunShape& shape = run.shape;
  out.rows = shape.rows;
  out.valid.assign((shape.rows + 63) / 64, shape.nulls == shape.rows ? 0 : ~std::uint64_t{0});
  if (shape.has_null_bits()) {
    for (std::size_t word = 0; word < out.valid.size(); ++word) out.valid[word] = ~packed_number(bytes, word * 64, 64);
  }
  if (shape.rows % 64 != 0) out.valid.back() &= (std::uint64_t{1} << (shape.rows % 64)) - 1;
  out.keys.resize(shape.packed());
  const std::byte* const packed = bytes + shape.keys_at();
  for (std::size_t i = 0; i < out.keys.size(); ++i) {
    out.keys[i] = run.least + packed_number(packed, i * shape.bits, shape.bits);
  }
  out.ends.assign(shape.tags ? shape.rows : 0, 0);
  if (!shape.tags || shape.values == 0) return {};
  std::uint64_t before = 0;
  for (std::uint32_t row = 0; row < shape.rows; ++row) {
    const std::uint64_t end =
        packed_number(bytes + shape.ends_at(), std::uint64_t{row} * shape.end_bits, shape.end_bits);
    if (end < before || end > shape.values || end - before > kMaxTags) {
      return corrupt(at + run.offset + shape.ends_at(), "tags of a row from " + std::to_string(before) + " to " +
                                                            std::to_string(end) + " of " +
                                                            std::to_string(shape.values));
    }
    out.ends[row] = static_cast<std::uint32_t>(before = end);
  }
  return {};
}

Result<void> check_run(const Run& run, const ColumnShape& column, const std::byte* bytes, const RunKeys& keys,
                       std::uint64_t at) {
  const RunShape& shape = run.shape;
  const auto broken = [&](const std::string& what) {
    return corrupt(at + run.offset, "a run of a column with " + what);
  };
  if (!padded(shape, bytes)) return broken("padding that is not zero");
  std::uint32_t nulls = shape.rows, values = 0;
  for (const std::uint64_t word : keys.valid) nulls -= static_cast<std::uint32_t>(std::popcount(word));
  std::uint64_t least = ~std::uint64_t{0}, most = 0;
  for (std::uint32_t row = 0; row < shape.rows; ++row) {
    if (const char* fault = fault_of(run, keys, row)) return broken(fault);
    if (!keys.has(row) || keys.keys.empty()) continue;
    for (std::uint32_t i = keys.begin_of(row); i < keys.end_of(row); ++i) {
      least = std::min(least, keys.keys[i]);
      most = std::max(most, keys.keys[i]);
      ++values;
      if (!is_key(column.type, keys.keys[i], column.entries)) {
        return broken("key " + std::to_string(keys.keys[i]) + ", which no value has");
      }
    }
  }
  if (values == 0) least = most = 0;
  const std::uint8_t end_bits = shape.tags ? bits_of_span(shape.values) : std::uint8_t{0};
  if (nulls != shape.nulls || values != shape.values || least != run.least || most != run.most ||
      shape.end_bits != end_bits) {
    return broken(std::to_string(shape.nulls) + " nulls and " + std::to_string(shape.values) + " keys from " +
                  std::to_string(run.least) + " to " + std::to_string(run.most) + ": counted " + std::to_string(nulls) +
                  " and " + std::to_string(values) + ", from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return {};
}

}  // namespace nearline::format
