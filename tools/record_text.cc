// SPDX-License-Identifier: Apache-2.0
#include "tools/record_text.h"

#include <string>
#include <variant>
#include <vector>

namespace nearline::tools {

DataRequest request_of(bool attributes, bool payloads) {
  DataRequest request{.payloads = payloads};
  if (!attributes) request.names.emplace();
  return request;
}

void put_value(const char* key, const Value& value, JsonLine& line) {
  if (const auto* truth = std::get_if<bool>(&value)) {
    line.put(key, *truth);
  } else if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    line.put(key, *whole);
  } else if (const auto* number = std::get_if<double>(&value)) {
    line.put(key, *number);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    line.put(key, std::string_view(*text));
  } else if (const auto* tags = std::get_if<Tags>(&value)) {
    line.put(key, std::span<const std::string>(*tags));
  } else if (const auto* place = std::get_if<Place>(&value)) {
    line.put(key, JsonLine().put("lat", place->lat).put("lon", place->lon));
  } else {
    line.put_null(key);
  }
}

void put_values(const RecordData& data, std::size_t row, JsonLine& line) {
  for (std::size_t i = 0; i < data.names.size(); ++i) {
    put_value(data.names[i].c_str(), data.values[row * data.names.size() + i], line);
  }
}

Result<void> put_records(const Index& index, std::span<const Id> ids, bool attributes, bool payloads, JsonLine& line) {
  NEARLINE_TRY(data, index.data(ids, request_of(attributes, payloads)));
  if (attributes) {
    std::vector<JsonLine> records(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) put_values(data, i, records[i]);
    line.put("records", std::span<const JsonLine>(records));
  }
  if (payloads) {
    data.payloads.resize(ids.size());
    line.put("payloads", std::span<const std::string>(data.payloads));
  }
  return {};
}

}  // namespace nearline::tools
