// SPDX-License-Identifier: Apache-2.0
#include "format/keys.h"

namespace nearline::format {
namespace {

/// Without a branch on what is compared, which is a coin toss. Bytes: of an id.
template <class Number>
std::uint32_t lower(const std::byte* ids, std::uint32_t from, std::uint32_t keys, Number id) noexcept {
  const auto at = [ids](std::uint32_t i) {
    Number number;
    std::memcpy(&number, ids + std::size_t{i} * sizeof number, sizeof number);
    return number;
  };
  std::uint32_t low = from;
  for (std::uint32_t left = keys - from; left > 0;) {
    const std::uint32_t half = left / 2;
    const bool below = at(low + half) < id;
    low += below ? half + 1 : 0;
    left = below ? left - half - 1 : half;
  }
  return low;
}

}  // namespace

void store_key(const KeyShape& shape, std::uint32_t i, Id id, std::uint32_t row, std::byte* block) noexcept {
  std::byte* rows = block;
  if (!shape.dense()) {
    std::memcpy(block + std::size_t{i} * shape.id_bytes, &id, shape.id_bytes);
    rows += std::size_t{shape.per_block()} * shape.id_bytes;
  }
  std::memcpy(rows + i * sizeof row, &row, sizeof row);
}

std::uint32_t lower_key(const KeyShape& shape, const std::byte* block, std::uint32_t from, std::uint32_t keys,
                        Id id) noexcept {
  if (shape.id_bytes == sizeof(Id)) return lower<Id>(block, from, keys, id);
  if (id > 0xFFFF'FFFF) return keys;
  return lower<std::uint32_t>(block, from, keys, static_cast<std::uint32_t>(id));
}

}  // namespace nearline::format
