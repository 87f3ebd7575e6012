// SPDX-License-Identifier: Apache-2.0
#include "tools/record_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <nlohmann/json.hpp>

namespace nearline::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLearned = 1000;

bool is_tags(const Json& value) {
  return value.is_array() && std::ranges::all_of(value, [](const Json& one) { return one.is_string(); });
}

/// {"lat": 48.2, "lon": 16.37}, or [48.2, 16.37].
std::optional<Place> place_of(const Json& value) {
  if (value.size() != 2) return std::nullopt;
  if (value.is_array() && value[0].is_number() && value[1].is_number()) {
    return Place{value[0].get<double>(), value[1].get<double>()};
  }
  if (!value.is_object() || !value.contains("lat") || !value.contains("lon")) return std::nullopt;
  const Json &lat = value["lat"], &lon = value["lon"];
  if (!lat.is_number() || !lon.is_number()) return std::nullopt;
  return Place{lat.get<double>(), lon.get<double>()};
}

/// The type of a value that is not null; none for one that no attribute can hold.
std::optional<AttributeType> type_of(const Json& value) {
  if (value.is_boolean()) return AttributeType::kBool;
  if (value.is_number_integer()) return AttributeType::kI64;
  if (value.is_number()) return AttributeType::kF64;
  if (value.is_string()) return AttributeType::kString;
  if (is_tags(value)) return AttributeType::kTags;
  if (place_of(value)) return AttributeType::kPlace;
  return std::nullopt;
}

bool are_numbers(AttributeType a, AttributeType b) {
  const auto number = [](AttributeType type) { return type == AttributeType::kI64 || type == AttributeType::kF64; };
  return number(a) && number(b);
}

/// None where it is not of the type; the engine then says what was expected of a row that it knows by number, so that
/// only what has no Value at all is refused here.
std::optional<Value> value_of(const Json& value) {
  if (value.is_null()) return Value();
  if (value.is_boolean()) return Value(value.get<bool>());
  if (value.is_number_unsigned() &&
      value.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return std::nullopt;
  }
  if (value.is_number_integer()) return Value(value.get<std::int64_t>());
  if (value.is_number()) return Value(value.get<double>());
  if (value.is_string()) return Value(value.get<std::string>());
  if (is_tags(value)) return Value(value.get<Tags>());
  if (const auto place = place_of(value)) return Value(*place);
  return std::nullopt;
}

}  // namespace

Error RecordLines::bad(const std::string& what) const {
  return {Code::kBadInput, fmt::format("line {}: {}", line_, what), path_.string()};
}

Result<bool> RecordLines::read_line(std::string& text) {
  if (!ahead_.empty()) {
    text = std::move(ahead_.front());
    ahead_.pop_front();
    return true;
  }
  if (std::getline(*in_, text)) return true;
  if (in_->bad()) return Error{Code::kIo, "cannot be read", path_.string(), Error::kNowhere, errno};
  return false;
}

Result<RecordLines> RecordLines::open(const std::filesystem::path& path,
                                      std::optional<std::vector<Attribute>> attributes, std::string payload) {
  RecordLines lines;
  lines.path_ = path;
  lines.payload_ = std::move(payload);
  lines.in_ = std::make_unique<std::ifstream>(path);
  if (!*lines.in_) {
    return Error{Code::kNotFound, "expected a file of JSON Lines", path.string(), Error::kNowhere, errno};
  }
  std::deque<std::string> first;
  const std::size_t wanted = attributes ? 1 : kLearned;
  for (std::string text; first.size() < wanted;) {
    NEARLINE_TRY(more, lines.read_line(text));
    if (!more) break;
    first.push_back(text);
  }
  lines.ahead_ = std::move(first);
  if (attributes) lines.attributes_ = *std::move(attributes);
  NEARLINE_CHECK(lines.learn());
  return lines;
}

/// Looks at the lines that were read ahead. What attributes there are it finds out only where nobody said.
Result<void> RecordLines::learn() {
  const bool known = !attributes_.empty();
  for (const std::string& text : ahead_) {
    ++line_;
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return bad("expected a JSON object");
    if (line_ == 1) has_ids_ = json.contains("id");
    for (const auto& [key, value] : json.items()) {
      if (known || key == "id" || key == payload_ || value.is_null()) continue;
      const auto type = type_of(value);
      if (!type)
        return bad(fmt::format("'{}': expected a number, a string, a bool, a list of strings or a place", key));
      const auto found = std::ranges::find(attributes_, key, &Attribute::name);
      if (found == attributes_.end()) {
        attributes_.push_back({key, *type});
      } else if (found->type != *type && are_numbers(found->type, *type)) {
        found->type = AttributeType::kF64;
      } else if (found->type != *type) {
        return bad(
            fmt::format("'{}' is {} here and {} before: expected one type", key, name(*type), name(found->type)));
      }
    }
  }
  line_ = 0;
  return {};
}

std::string RecordLines::attributes_text() const {
  std::string text;
  for (const Attribute& attribute : attributes_) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", attribute.name, name(attribute.type));
  }
  return text;
}

Result<void> RecordLines::take(const std::string& text, RecordData& data, std::vector<Id>& ids) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return bad("expected a JSON object");
  const std::size_t first = data.values.size();
  data.values.resize(first + attributes_.size());
  for (const auto& [key, value] : json.items()) {
    if (key == "id") {
      if (!value.is_number_unsigned()) return bad("'id': expected a whole number that is not negative");
      if (has_ids_) ids.push_back(value.get<Id>());
      continue;
    }
    if (!payload_.empty() && key == payload_) {
      data.payloads.back() = value.is_string() ? value.get<std::string>() : value.dump();
      continue;
    }
    const auto found = std::ranges::find(attributes_, key, &Attribute::name);
    if (found == attributes_.end()) {
      return bad(fmt::format("unknown attribute '{}': expected {}", key,
                             attributes_.empty() ? "none, as the index has none" : attributes_text()));
    }
    auto taken = value_of(value);
    if (!taken)
      return bad(fmt::format("'{}': expected {}, found {}", key, name(found->type), value.dump().substr(0, 40)));
    const auto of = value.is_null() ? found->type : *type_of(value);
    if (of != found->type && !(found->type == AttributeType::kF64 && of == AttributeType::kI64)) {
      return bad(fmt::format("'{}': expected {}, found {}", key, name(found->type), value.dump().substr(0, 40)));
    }
    data.values[first + static_cast<std::size_t>(found - attributes_.begin())] = *std::move(taken);
  }
  if (has_ids_ && !json.contains("id")) return bad("expected an 'id', as the first line has one");
  return {};
}

Result<RecordData> RecordLines::next(std::size_t rows, std::vector<Id>& ids) {
  RecordData data;
  for (const Attribute& attribute : attributes_) data.names.push_back(attribute.name);
  ids.clear();
  std::string text;
  for (std::size_t i = 0; i < rows; ++i) {
    NEARLINE_TRY(more, read_line(text));
    ++line_;
    if (!more) return bad("expected one for each vector, found the end");
    if (!payload_.empty()) data.payloads.emplace_back();
    NEARLINE_CHECK(take(text, data, ids));
  }
  return data;
}

Result<void> RecordLines::end() {
  std::string text;
  NEARLINE_TRY(more, read_line(text));
  ++line_;
  if (!more || text.empty()) return {};
  return bad("expected the end, as there are no more vectors");
}

}  // namespace nearline::tools
