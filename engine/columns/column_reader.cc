// SPDX-License-Identifier: Apache-2.0
#include "engine/columns/column_reader.h"

#include "format/place_key.h"

namespace nearline::engine {
namespace {

constexpr std::size_t kKnownStrings = 1024;

}  // namespace

ColumnReader::ColumnReader(std::shared_ptr<const Column> column)
    : column_(std::move(column)),
      runs_window_(column_->window(0)),
      data_(column_->window(0)),
      words_(column_->window(0)),
      known_(column_->shape().has_dictionary() ? kKnownStrings : 0) {}

std::uint64_t ColumnReader::blocks_read() const noexcept {
  return runs_window_.cost().blocks + data_.cost().blocks + words_.cost().blocks;
}

Result<std::string> ColumnReader::text_of(std::uint64_t entry) {
  Known& known = known_[entry % kKnownStrings];
  if (known.entry != entry) {
    NEARLINE_TRY(text, column_->string(entry, words_));
    known = {entry, std::move(text)};
  }
  return known.text;
}

Result<Value> ColumnReader::value_of(std::uint64_t key) {
  switch (column_->shape().type) {
    case AttributeType::kI64: return Value(format::i64_of(key));
    case AttributeType::kF64: return Value(format::f64_of(key));
    case AttributeType::kBool: return Value(key != 0);
    case AttributeType::kPlace: return Value(format::place_of(key));
    case AttributeType::kString:
    case AttributeType::kTags: break;
  }
  NEARLINE_TRY(text, text_of(key));
  return Value(std::move(text));
}

Result<Value> ColumnReader::value(std::uint64_t row) {
  const std::uint64_t wanted = row / format::kRunRows;
  const auto at = static_cast<std::uint32_t>(row % format::kRunRows);
  if (wanted != number_) {
    NEARLINE_TRY(run, column_->run(wanted, runs_window_));
    run_ = run;
    number_ = wanted;
    unpacked_ = false;
    return alone(at);
  }
  if (!unpacked_) {
    NEARLINE_CHECK(column_->read_run(run_, data_, keys_));
    unpacked_ = true;
  }
  return unpacked(at);
}

Result<Value> ColumnReader::unpacked(std::uint32_t at) {
  if ((keys_.valid[at / 64] >> (at % 64) & 1) == 0) return Value();
  if (!run_.shape.tags) return value_of(keys_.keys[at]);
  Tags tags;
  for (std::uint32_t i = at == 0 ? 0 : keys_.ends[at - 1]; i < keys_.ends[at]; ++i) {
    NEARLINE_TRY(text, text_of(keys_.keys[i]));
    tags.push_back(std::move(text));
  }
  return Value(std::move(tags));
}

/// A packed number of the run: eight bytes and one more hold any that begins within a byte.
Result<std::uint64_t> ColumnReader::number(std::uint64_t part, std::uint64_t i, unsigned bits) {
  if (bits == 0) return std::uint64_t{0};
  const std::uint64_t bit = i * bits;
  NEARLINE_TRY(bytes, data_.look(part + bit / 8, (bit % 8 + bits + 7) / 8));
  return format::packed_number(bytes, bit % 8, bits);
}

Result<Value> ColumnReader::alone(std::uint32_t at) {
  const format::RunShape& shape = run_.shape;
  if (shape.nulls == shape.rows) return Value();
  if (shape.has_null_bits()) {
    NEARLINE_TRY(null, number(run_.offset, at, 1));
    if (null != 0) return Value();
  }
  const std::uint64_t keys_at = run_.offset + shape.keys_at();
  if (!shape.tags) {
    NEARLINE_TRY(above, number(keys_at, at, shape.bits));
    return value_of(run_.least + above);
  }
  if (shape.values == 0) return Value(Tags());
  const std::uint64_t ends_at = run_.offset + shape.ends_at();
  std::uint64_t begin = 0;
  if (at > 0) {
    NEARLINE_TRY(before, number(ends_at, at - 1, shape.end_bits));
    begin = before;
  }
  NEARLINE_TRY(end, number(ends_at, at, shape.end_bits));
  if (begin > end || end > shape.values || end - begin > kMaxTags) {
    return column_->corrupt("tags of a row at " + std::to_string(begin) + " to " + std::to_string(end));
  }
  Tags tags;
  for (std::uint64_t i = begin; i < end; ++i) {
    NEARLINE_TRY(above, number(keys_at, i, shape.bits));
    NEARLINE_TRY(text, text_of(run_.least + above));
    tags.push_back(std::move(text));
  }
  return Value(std::move(tags));
}

}  // namespace nearline::engine
