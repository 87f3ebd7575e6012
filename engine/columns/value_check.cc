// SPDX-License-Identifier: Apache-2.0
#include "engine/columns/value_check.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>

#include "format/column.h"
#include "format/nearest_word.h"
#include "format/place_key.h"
#include "format/utf8.h"

namespace nearline::engine {
namespace {

Error invalid(std::string what) {
  return {.code = Code::kInvalidArgument, .what = std::move(what)};
}

std::string in_quotes(std::string_view name) {
  return "'" + std::string(name) + "'";
}

std::string_view kind_of(const Value& value) noexcept {
  constexpr std::string_view kKinds[] = {"nothing",  "a bool", "an integer", "a number with a fraction",
                                         "a string", "tags",   "a place"};
  return kKinds[value.index()];
}

bool holds_exactly(std::int64_t whole) noexcept {
  constexpr std::int64_t kMost = std::int64_t{1} << 53;
  return whole >= -kMost && whole <= kMost;
}

/// Null when the text is good, else what is wrong with it.
const char* fault_of(std::string_view text) noexcept {
  if (text.size() > kMaxStringBytes) return "a string of more than 65535 bytes";
  if (format::first_bad_utf8(text) != text.size()) return "a string that is not UTF-8";
  return nullptr;
}

const char* fault_of(const Tags& tags) noexcept {
  if (tags.size() > kMaxTags) return "more than 4096 tags";
  for (const std::string& tag : tags) {
    if (tag.empty()) return "an empty tag";
    if (const char* fault = fault_of(tag)) return fault;
  }
  return nullptr;
}

bool is_of(AttributeType type, const Value& value) noexcept {
  switch (type) {
    case AttributeType::kI64: return std::holds_alternative<std::int64_t>(value);
    case AttributeType::kF64:
      return std::holds_alternative<double>(value) || std::holds_alternative<std::int64_t>(value);
    case AttributeType::kBool: return std::holds_alternative<bool>(value);
    case AttributeType::kString: return std::holds_alternative<std::string>(value);
    case AttributeType::kTags: return std::holds_alternative<Tags>(value);
    case AttributeType::kPlace: return std::holds_alternative<Place>(value);
  }
  return false;
}

/// What is wrong with a value of the type, or null.
const char* fault_of(const Value& value) noexcept {
  if (const auto* number = std::get_if<double>(&value)) {
    return std::isfinite(*number) ? nullptr : "NaN or infinity: expected a finite number";
  }
  if (const auto* text = std::get_if<std::string>(&value)) return fault_of(std::string_view(*text));
  if (const auto* tags = std::get_if<Tags>(&value)) return fault_of(*tags);
  if (const auto* place = std::get_if<Place>(&value)) return engine::fault_of(*place);
  return nullptr;
}

Result<void> check_value(const Value& value, const Attribute& attribute, std::uint64_t row) {
  if (value.index() == 0) return {};
  const auto bad = [&](std::string_view what) {
    return Error{.code = Code::kBadInput,
                 .what = "attribute " + in_quotes(attribute.name) + " of record " + std::to_string(row) + ": " +
                         std::string(what)};
  };
  if (!is_of(attribute.type, value)) {
    return bad("found " + std::string(kind_of(value)) + ", expected " + std::string(name(attribute.type)));
  }
  const auto* const whole = std::get_if<std::int64_t>(&value);
  if (attribute.type == AttributeType::kF64 && whole != nullptr && !holds_exactly(*whole)) {
    return bad("an integer beyond 2^53: expected one that f64 holds exactly");
  }
  if (const char* fault = fault_of(value)) return bad(fault);
  return {};
}

}  // namespace

Error unknown_attribute(std::string_view name, const std::vector<Attribute>& attributes) {
  if (attributes.empty()) return invalid("attribute " + in_quotes(name) + ": the index has no attributes");
  std::vector<std::string> names;
  names.reserve(attributes.size());
  for (const Attribute& attribute : attributes) names.push_back(attribute.name);
  const std::string near = format::nearest_word(name, names);
  if (!near.empty()) return invalid("unknown attribute " + in_quotes(name) + ": did you mean " + in_quotes(near) + "?");
  constexpr std::size_t kListed = 8;
  std::string all;
  for (std::size_t i = 0; i < std::min(kListed, names.size()); ++i) all += (i > 0 ? ", " : "") + in_quotes(names[i]);
  return invalid("unknown attribute " + in_quotes(name) + ": expected " + all +
                 (names.size() > kListed ? ", ..." : ""));
}

Result<void> check_attributes(const std::vector<Attribute>& attributes) {
  if (attributes.size() > kMaxAttributes) {
    return invalid(std::to_string(attributes.size()) + " attributes: expected at most " +
                   std::to_string(kMaxAttributes));
  }
  std::set<std::string_view> names;
  for (const Attribute& attribute : attributes) {
    const std::string& name = attribute.name;
    if (name.empty() || name.size() > kMaxAttributeNameBytes || !format::is_printable_utf8(name)) {
      return invalid("attribute " + in_quotes(name) +
                     ": expected a name of 1 to 63 bytes of UTF-8 without control characters");
    }
    if (name == "id") return invalid("attribute 'id': expected another name, as this one is the record's id");
    if (!names.insert(name).second)
      return invalid("attribute " + in_quotes(name) + " is there twice: expected it once");
    if (nearline::name(attribute.type) == "unknown") {
      return invalid("attribute " + in_quotes(name) + ": expected a type, i64, f64, bool, string, tags or place");
    }
  }
  return {};
}

Result<void> check_values(const RecordData& data, std::size_t rows, std::uint64_t first,
                          const std::vector<Attribute>& attributes) {
  std::vector<const Attribute*> columns;
  for (const std::string& name : data.names) {
    const auto found = std::ranges::find(attributes, name, &Attribute::name);
    if (found == attributes.end()) return unknown_attribute(name, attributes);
    if (std::ranges::find(columns, &*found) != columns.end()) {
      return invalid("attribute " + in_quotes(name) + " is there twice: expected it once");
    }
    columns.push_back(&*found);
  }
  if (data.values.size() != rows * columns.size()) {
    return invalid(std::to_string(data.values.size()) + " values for " + std::to_string(rows) + " records with " +
                   std::to_string(columns.size()) + " attributes: expected one each");
  }
  if (!data.payloads.empty() && data.payloads.size() != rows) {
    return invalid(std::to_string(data.payloads.size()) + " payloads for " + std::to_string(rows) +
                   " records: expected one each");
  }
  for (std::size_t i = 0; i < data.values.size(); ++i) {
    NEARLINE_CHECK(check_value(data.values[i], *columns[i % columns.size()], first + i / columns.size()));
  }
  for (std::size_t i = 0; i < data.payloads.size(); ++i) {
    if (data.payloads[i].size() <= kMaxPayloadBytes) continue;
    return Error{.code = Code::kBadInput,
                 .what = "the payload of record " + std::to_string(first + i) + " has " +
                         std::to_string(data.payloads[i].size()) + " bytes: expected at most " +
                         std::to_string(kMaxPayloadBytes)};
  }
  return {};
}

const char* fault_of(const Place& place) noexcept {
  if (!(place.lat >= -90 && place.lat <= 90)) return "a place whose latitude is not from -90 to 90";
  if (!(place.lon >= -180 && place.lon <= 180)) return "a place whose longitude is not from -180 to 180";
  return nullptr;
}

void describe(AttributeType type, const Value& value, std::string& bytes) {
  const auto add_number = [&](std::uint64_t number) {
    bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
  };
  const auto add_text = [&](std::string_view text) {
    add_number(text.size());
    bytes.append(text);
  };
  switch (type) {
    case AttributeType::kI64: return add_number(format::key_of(std::get<std::int64_t>(value)));
    case AttributeType::kF64: {
      const auto* const whole = std::get_if<std::int64_t>(&value);
      return add_number(format::key_of(whole != nullptr ? static_cast<double>(*whole) : std::get<double>(value)));
    }
    case AttributeType::kBool: return add_number(std::get<bool>(value) ? 1 : 0);
    case AttributeType::kPlace: return add_number(format::key_of(std::get<Place>(value)));
    case AttributeType::kString: return add_text(std::get<std::string>(value));
    case AttributeType::kTags: break;
  }
  Tags tags = std::get<Tags>(value);
  std::ranges::sort(tags);
  add_number(tags.size());
  for (const std::string& tag : tags) add_text(tag);
}

}  // namespace nearline::engine
