// SPDX-License-Identifier: Apache-2.0
/// The fields of a schema, by number and by name.
#pragma once

#include <cstdint>
#include <string_view>

#include "format/manifest.h"
#include "nearline/result.h"
#include "nearline/schema.h"

namespace nearline::engine {

/// Fields of the schema, the first included.
inline std::uint32_t field_count(const Schema& schema) noexcept {
  return static_cast<std::uint32_t>(1 + schema.fields.size());
}

/// One field as the schema of an index that has no other. Only the first has the attributes, which records have once.
Schema field_schema(const Schema& schema, std::uint32_t number);

/// The number of a field; of the first where the name is empty. Errors: kInvalidArgument, with the nearest name.
Result<std::uint32_t> find_field(const Schema& schema, std::string_view name);

/// What a manifest says of an index's fields and attributes.
Schema schema_of(const format::Manifest& manifest);

/// Errors: kInvalidArgument for names that are none or come twice, and too many fields.
Result<void> check_field_names(const Schema& schema);

}  // namespace nearline::engine
