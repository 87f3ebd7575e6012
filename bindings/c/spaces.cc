// SPDX-License-Identifier: Apache-2.0
/// The C interface's fields and transforms: told to a build, asked of an index, given vectors.
#include "nearline/nearline_spaces.h"

#include "bindings/c/handles.h"

namespace nearline::c {
namespace {

/// The text of a fixed array that ends with a zero byte, if there is one.
template <std::size_t N>
std::string text_of(const char (&from)[N]) {
  return {std::begin(from), std::find(std::begin(from), std::end(from), '\0')};
}

/// The matrices that a transform's text names.
Transform::MatrixFn reader(const nearline_transform& from) {
  return [&from](const std::string& name) -> Result<Transform::Matrix> {
    for (std::size_t i = 0; i < from.matrix_count; ++i) {
      if (name != text_or_none(from.names[i])) continue;
      NEARLINE_TRY(rows, matrix(&from.matrices[i], "matrix"));
      if (rows.type != ElementType::kF32 || rows.rows == 0 || rows.rows > kMaxDim)
        return invalid("matrix '" + name + "': expected 1 to " + std::to_string(kMaxDim) + " rows of f32");
      Transform::Matrix made{.rows = static_cast<std::uint32_t>(rows.rows), .numbers = {}};
      made.numbers.resize(rows.rows * rows.dim);
      std::memcpy(made.numbers.data(), rows.data, made.numbers.size() * sizeof(float));
      return made;
    }
    return invalid("transform: no matrix is named '" + name + "'");
  };
}

/// Where a field's choices stand in a schema.
struct FieldPlace {
  std::uint32_t* dim;
  Transform* records;
  Transform* queries;
};

Result<FieldPlace> find_field(Schema& schema, const std::string& field) {
  if (field.empty() || field == schema.name) return FieldPlace{&schema.dim, &schema.transform, &schema.query_transform};
  for (FieldSchema& each : schema.fields) {
    if (each.name == field) return FieldPlace{&each.dim, &each.transform, &each.query_transform};
  }
  return invalid("transform: no field is named '" + field + "'");
}

Result<void> add_transform(const nearline_transform& from, Schema& schema) {
  NEARLINE_CHECK(need(from.text, "text of a transform"));
  NEARLINE_CHECK(check_reserved(from.reserved, "transform"));
  if (from.matrix_count > 0) NEARLINE_CHECK(need(from.names, "names of matrices", from.matrices, "matrices"));
  NEARLINE_TRY(place, find_field(schema, text_or_none(from.field)));
  Transform& to = from.of_queries != 0 ? *place.queries : *place.records;
  if (!to.empty()) return invalid("transform: field '" + text_or_none(from.field) + "' has two: expected at most one");
  // Of queries the first matrix or the index says what comes in.
  NEARLINE_TRY(transform, Transform::parse(from.text, from.of_queries != 0 ? 0 : *place.dim, reader(from)));
  to = std::move(transform);
  if (from.of_queries == 0) *place.dim = to.out_dim();
  return {};
}

}  // namespace

Result<void> add_spaces(const nearline_spaces* from, Schema& schema) {
  NEARLINE_TRY(spaces, take(from, "spaces"));
  NEARLINE_CHECK(check_reserved(spaces.reserved, "spaces"));
  if (spaces.name != nullptr) schema.name = spaces.name;
  schema.indexed = spaces.stored_only == 0;
  if (spaces.field_count > 0) NEARLINE_CHECK(need(spaces.fields, "fields"));
  if (spaces.field_count >= kMaxFields)
    return invalid(std::to_string(spaces.field_count) + " further fields: expected at most " +
                   std::to_string(kMaxFields - 1));
  for (const nearline_field& field : std::span(spaces.fields, spaces.field_count)) {
    NEARLINE_TRY(type, enumerator(field.type, ElementType::kB1, false, "type of a field"));
    NEARLINE_TRY(metric, enumerator(field.metric, Metric::kJaccard, false, "metric of a field"));
    schema.fields.push_back({.name = text_of(field.name),
                             .dim = field.dim,
                             .type = type,
                             .metric = metric,
                             .indexed = field.stored_only == 0,
                             .transform = {},
                             .query_transform = {}});
  }
  if (spaces.transform_count > 0) NEARLINE_CHECK(need(spaces.transforms, "transforms"));
  for (const nearline_transform& each : std::span(spaces.transforms, spaces.transform_count))
    NEARLINE_CHECK(add_transform(each, schema));
  return {};
}

}  // namespace nearline::c

using namespace nearline;  // NOLINT(google-build-using-namespace)

namespace {

nearline_field field_from(const std::string& name, std::uint32_t dim, ElementType type, Metric metric, bool indexed) {
  nearline_field to{{}, dim, static_cast<std::uint32_t>(type), static_cast<std::uint32_t>(metric), indexed ? 0U : 1U};
  std::copy_n(name.begin(), std::min(name.size(), sizeof to.name - 1), to.name);
  return to;
}

}  // namespace

nearline_status nearline_index_get_fields(const nearline_index* index, nearline_field* fields, size_t capacity,
                                          size_t* count, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(index, "index", count, "count"));
    const Schema schema = index->index.info().schema;
    std::vector<nearline_field> all{field_from(schema.name, schema.dim, schema.type, schema.metric, schema.indexed)};
    for (const FieldSchema& each : schema.fields)
      all.push_back(field_from(each.name, each.dim, each.type, each.metric, each.indexed));
    return c::give_some<nearline_field>(all, fields, capacity, count, "fields");
  });
}

nearline_status nearline_index_get_transform(const nearline_index* index, const char* field, int of_queries, char* text,
                                             size_t capacity, size_t* length, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(index, "index", length, "length"));
    if (capacity > 0) NEARLINE_CHECK(c::need(text, "text"));
    NEARLINE_TRY(info, index->index.info(c::text_or_none(field)));
    const std::string all = to_text(of_queries != 0 ? info.schema.query_transform : info.schema.transform);
    *length = all.size();
    if (capacity == 0) return {};
    const std::size_t kept = std::min(all.size(), capacity - 1);
    std::copy_n(all.begin(), kept, text);
    text[kept] = '\0';
    return {};
  });
}

nearline_status nearline_builder_add_field(nearline_builder* builder, const char* field, const nearline_matrix* vectors,
                                           const uint64_t* ids, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::check_unfinished(builder));
    NEARLINE_CHECK(c::need(field, "field"));
    NEARLINE_TRY(rows, c::matrix(vectors, "vectors"));
    NEARLINE_TRY(named, c::id_array(ids, ids == nullptr ? 0 : rows.rows));
    return builder->builder->add_field(field, rows, named);
  });
}

nearline_status nearline_writer_set_field(nearline_writer* writer, const char* field, const nearline_matrix* vectors,
                                          const uint64_t* ids, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(writer, "writer", field, "field"));
    NEARLINE_TRY(rows, c::matrix(vectors, "vectors"));
    NEARLINE_TRY(named, c::id_array(ids, rows.rows));
    return writer->writer.set_field(field, rows, named);
  });
}

nearline_status nearline_writer_erase_field(nearline_writer* writer, const char* field, const uint64_t* ids,
                                            size_t count, uint64_t* erased, uint64_t* unknown, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(writer, "writer", field, "field"));
    NEARLINE_TRY(named, c::id_array(ids, count));
    NEARLINE_TRY(done, writer->writer.erase_field(field, named));
    if (erased != nullptr) *erased = done.erased;
    if (unknown != nullptr) *unknown = done.unknown;
    return {};
  });
}
