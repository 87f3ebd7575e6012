// SPDX-License-Identifier: Apache-2.0
#include "engine/space/field_schema.h"

#include <set>
#include <span>
#include <string>
#include <vector>

#include "format/nearest_word.h"
#include "format/utf8.h"

namespace nearline::engine {
namespace {

Error invalid(std::string what) {
  return {.code = Code::kInvalidArgument, .what = std::move(what)};
}

std::vector<std::string> names_of(const Schema& schema) {
  std::vector<std::string> names{schema.name};
  for (const FieldSchema& field : schema.fields) names.push_back(field.name);
  return names;
}

}  // namespace

Schema field_schema(const Schema& schema, std::uint32_t number) {
  if (number == 0) {
    Schema first = schema;
    first.fields.clear();
    return first;
  }
  const FieldSchema& field = schema.fields[number - 1];
  return {.dim = field.dim,
          .type = field.type,
          .metric = field.metric,
          .transform = field.transform,
          .query_transform = field.query_transform,
          .name = field.name,
          .indexed = field.indexed};
}

Result<std::uint32_t> find_field(const Schema& schema, std::string_view name) {
  if (name.empty()) return 0;
  const std::vector<std::string> names = names_of(schema);
  for (std::uint32_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return i;
  }
  const std::string unknown = "unknown field '" + std::string(name) + "': ";
  const std::string near = format::nearest_word(name, names);
  if (!near.empty()) return invalid(unknown + "did you mean '" + near + "'?");
  constexpr std::size_t kListed = 8;
  std::string all;
  for (std::size_t i = 0; i < std::min(kListed, names.size()); ++i) all += (i > 0 ? ", '" : "'") + names[i] + "'";
  return invalid(unknown + "expected " + all + (names.size() > kListed ? ", ..." : ""));
}

Schema schema_of(const format::Manifest& manifest) {
  const format::Field& first = manifest.fields.front();
  Schema schema{.dim = first.dim,
                .type = first.type,
                .metric = first.metric,
                .attributes = manifest.attributes,
                .name = first.name,
                .indexed = first.indexed};
  for (const format::Field& field : std::span(manifest.fields).subspan(1)) {
    schema.fields.push_back(
        {.name = field.name, .dim = field.dim, .type = field.type, .metric = field.metric, .indexed = field.indexed});
  }
  return schema;
}

Result<void> check_field_names(const Schema& schema) {
  if (schema.fields.size() >= kMaxFields) {
    return invalid(std::to_string(schema.fields.size() + 1) + " fields: expected at most " +
                   std::to_string(kMaxFields));
  }
  const std::vector<std::string> names = names_of(schema);
  std::set<std::string_view> seen;
  for (const std::string& name : names) {
    if (name.empty() || name.size() > kMaxFieldNameBytes || !format::is_printable_utf8(name)) {
      return invalid("field '" + name + "': expected a name of 1 to 63 bytes of UTF-8 without control characters");
    }
    if (!seen.insert(name).second) return invalid("field '" + name + "' comes twice: expected one of each name");
  }
  return {};
}

}  // namespace nearline::engine
