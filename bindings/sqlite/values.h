// SPDX-License-Identifier: Apache-2.0
/// Values of SQL as values of records, and back: vectors are blobs or JSON arrays, tags JSON arrays of strings, bools 0
/// and 1, payloads blobs.
#pragma once

#include <cstddef>
#include <vector>

#include "bindings/sqlite/sql.h"
#include "nearline/attributes.h"
#include "nearline/schema.h"

namespace nearline::sqlite {

/// One vector, as a query or a record.
struct Vector {
  std::vector<std::byte> bytes;
  ElementType type = ElementType::kF32;
  [[nodiscard]] MatrixView row(std::uint32_t dim) const noexcept { return {bytes.data(), 1, dim, type}; }
};

/// A blob of f32 where the index stores floats, a blob as vectors are stored, or a JSON array of numbers (of bits: 0
/// and 1). Errors: kInvalidArgument for anything else.
Result<Vector> vector_of(sqlite3* db, sqlite3_value* value, const Schema& schema);

/// The value of a record's attribute, as a column of its type would hold it. Errors: kInvalidArgument.
Result<Value> value_of(sqlite3* db, sqlite3_value* value, const Attribute& attribute);

/// Gives a value to SQLite.
void give(sqlite3_context* context, const Value& value);

}  // namespace nearline::sqlite
