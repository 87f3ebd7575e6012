// SPDX-License-Identifier: Apache-2.0
#include "tools/schema_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>

namespace nearline::tools {
namespace {

using Json = nlohmann::ordered_json;

Result<std::vector<Attribute>> attributes_of(const Json& object, const std::string& file) {
  if (!object.is_object()) {
    return Error{Code::kBadInput, "attributes: expected an object of names and types", file};
  }
  std::vector<Attribute> attributes;
  for (const auto& [name, word] : object.items()) {
    const auto type = word.is_string() ? attribute_type_from(word.get<std::string>()) : std::nullopt;
    if (!type) {
      return Error{Code::kBadInput,
                   fmt::format("attribute '{}': expected i64, f64, bool, string or tags, found {}", name, word.dump()),
                   file};
    }
    attributes.push_back({name, *type});
  }
  return attributes;
}

}  // namespace

Result<RecordSchema> read_schema(const std::filesystem::path& path) {
  std::ifstream in(path);
  if (!in) return Error{Code::kNotFound, "expected a schema file", path.string(), Error::kNowhere, errno};
  const Json json = Json::parse(in, nullptr, false);
  if (!json.is_object()) return Error{Code::kBadInput, "expected a JSON object, found none", path.string()};
  RecordSchema schema;
  for (const auto& [key, value] : json.items()) {
    if (key == "attributes") {
      NEARLINE_TRY(attributes, attributes_of(value, path.string()));
      schema.attributes = std::move(attributes);
    } else if (key == "payload" && value.is_string()) {
      schema.payload = value.get<std::string>();
    } else {
      return Error{Code::kBadInput,
                   fmt::format("'{}': expected 'attributes', an object, and 'payload', the name of a key", key),
                   path.string()};
    }
  }
  return schema;
}

}  // namespace nearline::tools
