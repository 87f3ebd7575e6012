// SPDX-License-Identifier: Apache-2.0
/// Comparisons of SQL as filters of nearline (SearchOptions::filter), that say the same of every record: SQLite's rules
/// for values of another type than the column's included.
#pragma once

#include <optional>
#include <string>

#include "bindings/sqlite/sql.h"
#include "nearline/attributes.h"
#include "nearline/types.h"

namespace nearline::sqlite {

/// What a comparison says: nothing that a filter could (SQLite looks itself: of strings and ids), that no record
/// matches, or a filter that says just the same.
struct Condition {
  enum class Kind { kLeft, kNever, kFilter };
  Kind kind = Kind::kLeft;
  std::string filter{};
};

/// op: SQLITE_INDEX_CONSTRAINT_EQ, GT, LE, LT, GE, NE, IS, ISNOT, ISNULL, ISNOTNULL, and of tags MATCH, which is `has`.
Condition condition_of(const Attribute& attribute, int op, sqlite3_value* value);

/// Of ids, which SQL has as integers with a sign: those from 2^63 on are negative there.
Condition id_condition(int op, sqlite3_value* value);

/// The id that equals a value; none where no id does.
std::optional<Id> id_of(sqlite3_value* value);

/// Whether condition_of knows the comparison. What it does not know is left to SQLite.
bool is_known(AttributeType type, int op) noexcept;

}  // namespace nearline::sqlite
