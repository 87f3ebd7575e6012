// SPDX-License-Identifier: Apache-2.0
#include "bindings/sqlite/values.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

namespace nearline::sqlite {
namespace {

/// Calls `take` for each element of a JSON array, with its value and JSON type; SQLite reads the JSON.
Result<void> for_each_element(sqlite3* db, sqlite3_value* array, const std::string& name,
                              const std::function<Result<void>(sqlite3_value*, std::string_view)>& take) {
  const std::string_view text = bytes_of(array);
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || text[first] != '[')
    return invalid(name + ": expected a JSON array, found " + found(array));
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v2(db, "SELECT value, type FROM json_each(?1)", -1, &prepared, nullptr) != SQLITE_OK)
    return Error{.code = Code::kUnsupported, .what = "JSON: expected a SQLite that reads it"};
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(
      prepared, [](sqlite3_stmt* one) { return sqlite3_finalize(one); });
  sqlite3_bind_value(prepared, 1, array);
  int step = sqlite3_step(prepared);
  for (; step == SQLITE_ROW; step = sqlite3_step(prepared)) {
    const auto* const type = reinterpret_cast<const char*>(sqlite3_column_text(prepared, 1));
    NEARLINE_CHECK(take(sqlite3_column_value(prepared, 0), type));
  }
  if (step != SQLITE_DONE) return invalid(name + ": expected a JSON array, found " + found(array));
  return {};
}

template <class T>
void append(std::vector<std::byte>& bytes, T value) {
  const auto* const at = reinterpret_cast<const std::byte*>(&value);
  bytes.insert(bytes.end(), at, at + sizeof value);
}

/// One component of a JSON array, behind those that are there: `place` says which it is.
Result<void> add_component(Vector& to, std::size_t place, ElementType stored, double number) {
  if (is_float(stored)) {
    append(to.bytes, static_cast<float>(number));
    return {};
  }
  const double least = stored == ElementType::kI8 ? -128 : 0;
  const double most = stored == ElementType::kI8 ? 127 : stored == ElementType::kU8 ? 255 : 1;
  if (number < least || number > most || number != std::floor(number))
    return invalid("vector: component " + std::to_string(place) + " is no " + std::string(name(stored)));
  if (stored != ElementType::kB1) {
    to.bytes.push_back(static_cast<std::byte>(static_cast<int>(number)));
    return {};
  }
  if (place % 8 == 0) to.bytes.push_back(std::byte{0});
  if (number == 1) to.bytes.back() |= std::byte{1} << (place % 8);
  return {};
}

std::string expected_vector(const Schema& schema) {
  const std::string dim = std::to_string(schema.dim);
  const std::size_t stored = vector_bytes(schema.type, schema.dim), floats = std::size_t{schema.dim} * sizeof(float);
  std::string blobs = std::to_string(is_float(schema.type) ? floats : stored) + " bytes";
  if (is_float(schema.type) && stored != floats) blobs += " (f32) or " + std::to_string(stored);
  return "vector: expected a blob of " + blobs + " or a JSON array of " + dim + " numbers, found ";
}

Error bad(const Attribute& attribute, sqlite3_value* value, std::string_view expected) {
  return invalid("'" + attribute.name + "' is " + std::string(name(attribute.type)) + ": expected " +
                 std::string(expected) + ", found " + found(value));
}

Result<Value> tags_of(sqlite3* db, sqlite3_value* value, const Attribute& attribute) {
  if (sqlite3_value_type(value) != SQLITE_TEXT) return bad(attribute, value, "a JSON array of strings");
  Tags tags;
  NEARLINE_CHECK(for_each_element(db, value, "'" + attribute.name + "'",
                                  [&](sqlite3_value* element, std::string_view type) -> Result<void> {
                                    if (type != "text") return bad(attribute, value, "a JSON array of strings");
                                    tags.emplace_back(bytes_of(element));
                                    return {};
                                  }));
  return Value(std::move(tags));
}

/// A string in JSON: only what must be escaped is.
void add_json(std::string& to, std::string_view text) {
  to += '"';
  for (const char c : text) {
    constexpr std::string_view kHex = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      to += '\\';
      to += c;
    } else if (byte < 0x20) {
      to += "\\u00";
      to += kHex[byte / 16];
      to += kHex[byte % 16];
    } else {
      to += c;
    }
  }
  to += '"';
}

struct Giver {
  sqlite3_context* context;
  void operator()(std::monostate /*none*/) const { sqlite3_result_null(context); }
  void operator()(bool value) const { sqlite3_result_int(context, value ? 1 : 0); }
  void operator()(std::int64_t value) const { sqlite3_result_int64(context, value); }
  void operator()(double value) const { sqlite3_result_double(context, value); }
  void operator()(const std::string& text) const {
    sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  }
  void operator()(const Place& place) const {
    std::array<char, 64> text{};
    const int length = std::snprintf(text.data(), text.size(), "[%.10g,%.10g]", place.lat, place.lon);
    (*this)(std::string(text.data(), static_cast<std::size_t>(length)));
  }
  void operator()(const Tags& tags) const {
    std::string json = "[";
    for (const std::string& tag : tags) {
      if (json.size() > 1) json += ',';
      add_json(json, tag);
    }
    (*this)(json + "]");
  }
};

}  // namespace

Result<Vector> vector_of(sqlite3* db, sqlite3_value* value, const Schema& schema) {
  Vector vector;
  const int kind = sqlite3_value_type(value);
  if (kind == SQLITE_BLOB) {
    const std::string_view blob = bytes_of(value);
    const bool floats = is_float(schema.type) && blob.size() == std::size_t{schema.dim} * sizeof(float);
    if (!floats && blob.size() != vector_bytes(schema.type, schema.dim))
      return invalid(expected_vector(schema) + found(value));
    vector.type = floats ? ElementType::kF32 : schema.type;
    const auto bytes = std::as_bytes(std::span(blob));
    vector.bytes.assign(bytes.begin(), bytes.end());
    return vector;
  }
  if (kind != SQLITE_TEXT) return invalid(expected_vector(schema) + found(value));
  vector.type = is_float(schema.type) ? ElementType::kF32 : schema.type;
  std::size_t count = 0;
  NEARLINE_CHECK(
      for_each_element(db, value, "vector", [&](sqlite3_value* element, std::string_view type) -> Result<void> {
        if (type != "integer" && type != "real")
          return invalid("vector: expected a JSON array of numbers, found " + found(value));
        return add_component(vector, count++, schema.type, sqlite3_value_double(element));
      }));
  if (count != schema.dim) return invalid(expected_vector(schema) + "one of " + std::to_string(count));
  return vector;
}

/// From a JSON array of two numbers.
static Result<Value> place_of(sqlite3* db, sqlite3_value* value, const Attribute& attribute) {
  if (sqlite3_value_type(value) != SQLITE_TEXT) return bad(attribute, value, "a JSON array of latitude and longitude");
  std::vector<double> numbers;
  NEARLINE_CHECK(
      for_each_element(db, value, "place", [&](sqlite3_value* element, std::string_view type) -> Result<void> {
        if (type != "integer" && type != "real") return bad(attribute, value, "a JSON array of latitude and longitude");
        numbers.push_back(sqlite3_value_double(element));
        return {};
      }));
  if (numbers.size() != 2) return bad(attribute, value, "a JSON array of latitude and longitude");
  return Value(Place{numbers[0], numbers[1]});
}

Result<Value> value_of(sqlite3* db, sqlite3_value* value, const Attribute& attribute) {
  if (sqlite3_value_type(value) == SQLITE_NULL) return Value();
  const bool text = attribute.type == AttributeType::kString || attribute.type == AttributeType::kTags ||
                    attribute.type == AttributeType::kPlace;
  const int kind = text ? sqlite3_value_type(value) : sqlite3_value_numeric_type(value);
  switch (attribute.type) {
    case AttributeType::kI64: {
      if (kind == SQLITE_INTEGER) return Value(std::int64_t{sqlite3_value_int64(value)});
      constexpr double kWhole = 9007199254740992.0;  // up to here a double says which integer it is
      const double number = sqlite3_value_double(value);
      if (kind != SQLITE_FLOAT || number != std::floor(number) || std::abs(number) > kWhole)
        return bad(attribute, value, "an integer");
      return Value(static_cast<std::int64_t>(number));
    }
    case AttributeType::kF64:
      if (kind != SQLITE_INTEGER && kind != SQLITE_FLOAT) return bad(attribute, value, "a number");
      return Value(sqlite3_value_double(value));
    case AttributeType::kBool: {
      const auto number = sqlite3_value_int64(value);
      if (kind != SQLITE_INTEGER || number < 0 || number > 1) return bad(attribute, value, "0 or 1");
      return Value(number == 1);
    }
    case AttributeType::kString:
      if (kind == SQLITE_BLOB) return bad(attribute, value, "text");
      return Value(std::string(bytes_of(value)));
    case AttributeType::kPlace: return place_of(db, value, attribute);
    case AttributeType::kTags: break;
  }
  return tags_of(db, value, attribute);
}

void give(sqlite3_context* context, const Value& value) {
  std::visit(Giver{context}, value);
}

}  // namespace nearline::sqlite
