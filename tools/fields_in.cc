// SPDX-License-Identifier: Apache-2.0
#include "tools/fields_in.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/vectors_in.h"

namespace nearline::tools {
namespace {

constexpr std::uint64_t kRowsAtOnce = 1024;

Error invalid(std::string what) {
  return {Code::kInvalidArgument, std::move(what)};
}

/// Whether the schema has a further field of that name.
bool is_further(const Schema& schema, const std::string& name) {
  return std::ranges::find(schema.fields, name, &FieldSchema::name) != schema.fields.end();
}

std::string names_of(const Schema& schema) {
  std::string names;
  for (const FieldSchema& field : schema.fields) names += fmt::format("{}'{}'", names.empty() ? "" : ", ", field.name);
  return names;
}

}  // namespace

void declare_fields(Args& args, FieldFiles& files) {
  args.by_name("--field", files.vectors,
               "vectors of a further field, a row for each of INPUT unless --field-ids says; may be repeated");
  args.by_name("--field-ids", files.ids, "ids of the records that the rows of such a file are of");
}

Result<FieldsIn> FieldsIn::open(const FieldFiles& files, const Schema& schema, std::uint64_t rows) {
  FieldsIn in;
  for (const FieldFile& given : files.vectors) {
    if (!is_further(schema, given.field)) {
      return invalid(fmt::format("--field {}: expected a further field of the index, {}", given.field,
                                 schema.fields.empty() ? "which has none" : "of " + names_of(schema)));
    }
    if (std::ranges::find(in.fields_, given.field, &One::field) != in.fields_.end()) {
      return invalid(fmt::format("--field {}: expected each field once", given.field));
    }
    NEARLINE_TRY(file, open_vectors(given.file));
    One one{given.field, std::move(file), std::nullopt};
    const auto ids = std::ranges::find(files.ids, given.field, &FieldFile::field);
    if (ids != files.ids.end()) {
      NEARLINE_TRY(read, read_ids(ids->file));
      one.ids = std::move(read);
    }
    const std::uint64_t expected = one.ids ? one.ids->size() : rows;
    if (one.file.rows() != expected) {
      return Error{Code::kBadInput,
                   fmt::format("{} rows of field '{}': expected {}, one for each {}", one.file.rows(), given.field,
                               expected, one.ids ? "id" : "record (or --field-ids)"),
                   given.file.string()};
    }
    in.fields_.push_back(std::move(one));
  }
  for (const FieldFile& ids : files.ids) {
    if (std::ranges::find(in.fields_, ids.field, &One::field) == in.fields_.end()) {
      return invalid(fmt::format("--field-ids {}: expected --field with it, for the vectors", ids.field));
    }
  }
  return in;
}

Result<void> FieldsIn::read(const One& one, std::uint64_t first, std::span<const Id> ids, const FieldRowsFn& take) {
  std::vector<std::byte> bytes;
  for (std::uint64_t at = 0; at < ids.size(); at += kRowsAtOnce) {
    const auto now = static_cast<std::size_t>(std::min<std::uint64_t>(kRowsAtOnce, ids.size() - at));
    bytes.resize(now * vector_bytes(one.file.type(), one.file.dim()));
    NEARLINE_CHECK(one.file.read(first + at, now, bytes));
    auto taken = take(one.field, ids.subspan(at, now), {bytes.data(), now, one.file.dim(), one.file.type()});
    if (!taken) return std::move(taken).error().in(one.file.path().string());
  }
  return {};
}

Result<void> FieldsIn::give(std::uint64_t first, std::span<const Id> ids, const FieldRowsFn& take) {
  for (const One& one : fields_) {
    if (!one.ids) NEARLINE_CHECK(read(one, first, ids, take));
  }
  return {};
}

Result<void> FieldsIn::give_rest(const FieldRowsFn& take) {
  for (const One& one : fields_) {
    if (one.ids) NEARLINE_CHECK(read(one, 0, *one.ids, take));
  }
  return {};
}

}  // namespace nearline::tools
