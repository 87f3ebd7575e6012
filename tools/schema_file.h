// SPDX-License-Identifier: Apache-2.0
/// A file that says what records have:
///     {"fields": {"image": {"dim": 512, "type": "f16", "metric": "cosine"},
///                 "text": {"dim": 384, "type": "f32", "metric": "ip", "indexed": false}},
///      "attributes": {"year": "i64", "price": "f64", "sold": "bool", "lang": "string", "tags": "tags"},
///      "payload": "text"}
/// Each part may be left out. The first field is the one that every record has.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nearline/attributes.h"
#include "nearline/result.h"
#include "nearline/schema.h"

namespace nearline::tools {

/// Fields and attributes in the order in which they are said, and the key of the lines whose value is kept as payload;
/// none: "".
struct RecordSchema {
  std::vector<FieldSchema> fields;
  std::vector<Attribute> attributes;
  std::string payload;
};

/// Errors: those of reading; kBadInput for what is not JSON of this form, with what was expected.
Result<RecordSchema> read_schema(const std::filesystem::path& path);

/// The schema of an index that has these fields. Errors: kBadInput where none is said.
Result<Schema> index_schema(RecordSchema said, const std::filesystem::path& path);

}  // namespace nearline::tools
