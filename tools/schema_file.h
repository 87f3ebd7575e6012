// SPDX-License-Identifier: Apache-2.0
/// A file that says what records have besides their vectors:
///     {"attributes": {"year": "i64", "price": "f64", "sold": "bool", "lang": "string", "tags": "tags"}, "payload":
///     "text"}
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nearline/attributes.h"
#include "nearline/result.h"

namespace nearline::tools {

/// Attributes in the order in which they are said, and the key of the lines whose value is kept as payload; none: "".
struct RecordSchema {
  std::vector<Attribute> attributes;
  std::string payload;
};

/// Errors: those of reading; kBadInput for what is not JSON of this form, with what was expected.
Result<RecordSchema> read_schema(const std::filesystem::path& path);

}  // namespace nearline::tools
