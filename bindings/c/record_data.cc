// SPDX-License-Identifier: Apache-2.0
/// What a caller's records say, in columns, as the library takes it, in rows.
#include <limits>

#include "bindings/c/handles.h"

using namespace nearline;  // NOLINT(google-build-using-namespace)

namespace {

/// One value of an array of any alignment.
template <class T>
T at(const void* values, std::size_t i) noexcept {
  T value;
  std::memcpy(&value, static_cast<const std::byte*>(values) + i * sizeof value, sizeof value);
  return value;
}

Result<std::string> text_of(const nearline_bytes& bytes, const char* name) {
  if (bytes.length > 0) NEARLINE_CHECK(c::need(bytes.data, name));
  return bytes.length == 0 ? std::string() : std::string(bytes.data, bytes.length);
}

Result<Value> tags_of(const nearline_column& column, std::size_t row) {
  const std::size_t first = row == 0 ? 0 : column.ends[row - 1];
  const std::size_t end = column.ends[row];
  if (end < first)
    return c::invalid("ends of column '" + std::string(column.name) + "': expected " + std::to_string(first) +
                      " or more at row " + std::to_string(row) + ", found " + std::to_string(end));
  if (end - first > kMaxTags)
    return c::invalid("column '" + std::string(column.name) + "': expected at most " + std::to_string(kMaxTags) +
                      " tags at row " + std::to_string(row) + ", found " + std::to_string(end - first));
  if (end > first) NEARLINE_CHECK(c::need(column.values, "values of a column"));
  Tags tags;
  for (std::size_t i = first; i < end; ++i) {
    NEARLINE_TRY(tag, text_of(at<nearline_bytes>(column.values, i), "tag"));
    tags.push_back(std::move(tag));
  }
  return Value(std::move(tags));
}

Result<Value> value_of(const nearline_column& column, AttributeType type, std::size_t row) {
  switch (type) {
    case AttributeType::kI64: return Value(at<std::int64_t>(column.values, row));
    case AttributeType::kF64: return Value(at<double>(column.values, row));
    case AttributeType::kBool: return Value(at<std::uint8_t>(column.values, row) != 0);
    case AttributeType::kTags: return tags_of(column, row);
    case AttributeType::kPlace:
      return Value(Place{at<double>(column.values, 2 * row), at<double>(column.values, 2 * row + 1)});
    case AttributeType::kString: break;
  }
  NEARLINE_TRY(text, text_of(at<nearline_bytes>(column.values, row), "string"));
  return Value(std::move(text));
}

/// The values of one column, at its place in each row.
Result<void> take_column(const nearline_column& column, std::size_t rows, std::size_t place, RecordData& to) {
  NEARLINE_CHECK(c::check_reserved(column.reserved, "column"));
  NEARLINE_TRY(type, c::enumerator(column.type, AttributeType::kPlace, false, "type of a column"));
  if (rows > 0 && type != AttributeType::kTags) NEARLINE_CHECK(c::need(column.values, "values of a column"));
  if (rows > 0 && type == AttributeType::kTags) NEARLINE_CHECK(c::need(column.ends, "ends of a column of tags"));
  for (std::size_t row = 0; row < rows; ++row) {
    if (column.present != nullptr && column.present[row] == 0) continue;
    NEARLINE_TRY(value, value_of(column, type, row));
    to.values[row * to.names.size() + place] = std::move(value);
  }
  return {};
}

}  // namespace

namespace nearline::c {

Result<RecordData> record_data(const nearline_record_data* from, std::size_t rows) {
  NEARLINE_TRY(given, take(from, "data"));
  RecordData to;
  if (given.column_count > 0) NEARLINE_CHECK(need(given.columns, "columns"));
  if (given.column_count > kMaxAttributes || rows > std::numeric_limits<std::size_t>::max() / kMaxAttributes)
    return invalid(std::to_string(given.column_count) + " columns: expected at most " + std::to_string(kMaxAttributes));
  for (const nearline_column& column : std::span(given.columns, given.column_count)) {
    NEARLINE_CHECK(need(column.name, "name of a column"));
    to.names.emplace_back(column.name);
  }
  to.values.resize(rows * to.names.size());
  for (std::size_t i = 0; i < given.column_count; ++i) NEARLINE_CHECK(take_column(given.columns[i], rows, i, to));
  if (given.payloads == nullptr) return to;
  for (const nearline_bytes& payload : std::span(given.payloads, rows)) {
    NEARLINE_TRY(bytes, text_of(payload, "payload"));
    to.payloads.push_back(std::move(bytes));
  }
  return to;
}

}  // namespace nearline::c
