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
      return Error{
          Code::kBadInput,
          fmt::format("attribute '{}': expected i64, f64, bool, string, tags or place, found {}", name, word.dump()),
          file};
    }
    attributes.push_back({name, *type});
  }
  return attributes;
}

/// One field: its dimension, type and metric.
Result<FieldSchema> field_of(const std::string& name, const Json& object, const std::string& file) {
  const auto bad = [&](const std::string& what) {
    return Error{Code::kBadInput, fmt::format("field '{}': {}", name, what), file};
  };
  if (!object.is_object()) return bad("expected an object with dim, type and metric");
  FieldSchema field{.name = name};
  std::optional<Metric> metric;
  for (const auto& [key, value] : object.items()) {
    if (key == "dim") {
      if (!value.is_number_unsigned() || value.get<std::uint64_t>() == 0 || value.get<std::uint64_t>() > kMaxDim) {
        return bad(fmt::format("dim: expected 1 to {}, found {}", kMaxDim, value.dump()));
      }
      field.dim = value.get<std::uint32_t>();
    } else if (key == "type") {
      const auto type = value.is_string() ? element_type_from(value.get<std::string>()) : std::nullopt;
      if (!type) return bad("type: expected f32, f16, bf16, i8, u8 or b1, found " + value.dump());
      field.type = *type;
    } else if (key == "metric") {
      metric = value.is_string() ? metric_from(value.get<std::string>()) : std::nullopt;
      if (!metric) return bad("metric: expected l2, ip, cosine, hamming or jaccard, found " + value.dump());
    } else if (key == "indexed" && value.is_boolean()) {
      field.indexed = value.get<bool>();
    } else {
      return bad(fmt::format("'{}': expected 'dim', 'type', 'metric' and 'indexed', true or false", key));
    }
  }
  if (field.dim == 0) return bad("expected 'dim', its number of components");
  field.metric = metric.value_or(field.type == ElementType::kB1 ? Metric::kHamming : Metric::kL2);
  return field;
}

Result<std::vector<FieldSchema>> fields_of(const Json& object, const std::string& file) {
  if (!object.is_object() || object.empty()) {
    return Error{Code::kBadInput, "fields: expected an object of names and what they are", file};
  }
  std::vector<FieldSchema> fields;
  for (const auto& [name, value] : object.items()) {
    NEARLINE_TRY(field, field_of(name, value, file));
    fields.push_back(std::move(field));
  }
  return fields;
}

}  // namespace

Result<Schema> index_schema(RecordSchema said, const std::filesystem::path& path) {
  if (said.fields.empty()) {
    return Error{Code::kBadInput, "expected 'fields', the vector spaces of the records, found none", path.string()};
  }
  FieldSchema& first = said.fields.front();
  Schema schema{.dim = first.dim,
                .type = first.type,
                .metric = first.metric,
                .attributes = std::move(said.attributes),
                .name = std::move(first.name),
                .indexed = first.indexed};
  schema.fields.assign(std::make_move_iterator(said.fields.begin() + 1), std::make_move_iterator(said.fields.end()));
  return schema;
}

Result<RecordSchema> read_schema(const std::filesystem::path& path) {
  std::ifstream in(path);
  if (!in) return Error{Code::kNotFound, "expected a schema file", path.string(), Error::kNowhere, errno};
  const Json json = Json::parse(in, nullptr, false);
  if (!json.is_object()) return Error{Code::kBadInput, "expected a JSON object, found none", path.string()};
  RecordSchema schema;
  for (const auto& [key, value] : json.items()) {
    if (key == "fields") {
      NEARLINE_TRY(fields, fields_of(value, path.string()));
      schema.fields = std::move(fields);
    } else if (key == "attributes") {
      NEARLINE_TRY(attributes, attributes_of(value, path.string()));
      schema.attributes = std::move(attributes);
    } else if (key == "payload" && value.is_string()) {
      schema.payload = value.get<std::string>();
    } else {
      return Error{
          Code::kBadInput,
          fmt::format("'{}': expected 'fields' and 'attributes', objects, and 'payload', the name of a key", key),
          path.string()};
    }
  }
  return schema;
}

}  // namespace nearline::tools
