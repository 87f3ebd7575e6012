// SPDX-License-Identifier: Apache-2.0
#include "bindings/sqlite/conditions.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>

namespace nearline::sqlite {
namespace {

using Kind = Condition::Kind;

std::string quoted(std::string_view text, char quote) {
  std::string all(1, quote);
  for (const char c : text) {
    if (c == quote) all += quote;
    all += c;
  }
  return all + quote;
}

Condition filter(std::string text) {
  return {Kind::kFilter, std::move(text)};
}

/// `IS` a value is `=`: nulls are told apart before.
std::string_view sign_of(int op) noexcept {
  switch (op) {
    case SQLITE_INDEX_CONSTRAINT_GT: return " > ";
    case SQLITE_INDEX_CONSTRAINT_LE: return " <= ";
    case SQLITE_INDEX_CONSTRAINT_LT: return " < ";
    case SQLITE_INDEX_CONSTRAINT_GE: return " >= ";
    case SQLITE_INDEX_CONSTRAINT_NE: return " != ";
    default: return " = ";
  }
}

/// Whether `left op right` holds, where the order of the two is known: negative, 0 or positive as of strcmp.
bool holds(int op, int order) noexcept {
  switch (op) {
    case SQLITE_INDEX_CONSTRAINT_GT: return order > 0;
    case SQLITE_INDEX_CONSTRAINT_LE: return order <= 0;
    case SQLITE_INDEX_CONSTRAINT_LT: return order < 0;
    case SQLITE_INDEX_CONSTRAINT_GE: return order >= 0;
    case SQLITE_INDEX_CONSTRAINT_NE: return order != 0;
    default: return order == 0;
  }
}

/// What all values of a column are to one that is beyond them: numbers are less than text, and text less than blobs.
Condition all_or_none(const std::string& name, int op, int order) {
  return holds(op, order) ? filter(name + " is not null") : Condition{Kind::kNever};
}

std::string literal(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.17g", number);
  return text.data();
}

Condition number_condition(const std::string& name, int op, sqlite3_value* value) {
  switch (sqlite3_value_numeric_type(value)) {
    case SQLITE_INTEGER: return filter(name + std::string(sign_of(op)) + std::to_string(sqlite3_value_int64(value)));
    case SQLITE_FLOAT: break;
    default: return all_or_none(name, op, -1);
  }
  const double number = sqlite3_value_double(value);
  if (std::isinf(number)) return all_or_none(name, op, number > 0 ? -1 : 1);
  return filter(name + std::string(sign_of(op)) + literal(number));
}

Condition bool_condition(const std::string& name, int op, sqlite3_value* value) {
  const int kind = sqlite3_value_numeric_type(value);
  if (kind != SQLITE_INTEGER && kind != SQLITE_FLOAT) return all_or_none(name, op, -1);
  const double number = sqlite3_value_double(value);
  const auto order = [number](double own) { return own < number ? -1 : own > number ? 1 : 0; };
  const bool zero = holds(op, order(0)), one = holds(op, order(1));
  if (zero == one) return zero ? filter(name + " is not null") : Condition{Kind::kNever};
  return filter(name + (one ? " = true" : " = false"));
}

/// A number is compared as text or, where it comes from a column of numbers, the text as a number: SQLite knows.
Condition text_condition(const std::string& name, int op, sqlite3_value* value) {
  if (sqlite3_value_type(value) == SQLITE_BLOB) return all_or_none(name, op, -1);
  if (sqlite3_value_type(value) != SQLITE_TEXT) return {};
  return filter(name + std::string(sign_of(op)) + quoted(bytes_of(value), '\''));
}

}  // namespace

bool is_known(AttributeType type, int op) noexcept {
  switch (op) {
    case SQLITE_INDEX_CONSTRAINT_ISNULL:
    case SQLITE_INDEX_CONSTRAINT_ISNOTNULL: return true;
    case SQLITE_INDEX_CONSTRAINT_MATCH: return type == AttributeType::kTags;
    case SQLITE_INDEX_CONSTRAINT_EQ:
    case SQLITE_INDEX_CONSTRAINT_GT:
    case SQLITE_INDEX_CONSTRAINT_LE:
    case SQLITE_INDEX_CONSTRAINT_LT:
    case SQLITE_INDEX_CONSTRAINT_GE:
    case SQLITE_INDEX_CONSTRAINT_NE:
    case SQLITE_INDEX_CONSTRAINT_IS: return type != AttributeType::kTags && type != AttributeType::kPlace;
    default: return false;
  }
}

Condition condition_of(const Attribute& attribute, int op, sqlite3_value* value) {
  const std::string name = quoted(attribute.name, '"');
  const bool null = op == SQLITE_INDEX_CONSTRAINT_ISNULL || sqlite3_value_type(value) == SQLITE_NULL;
  if (op == SQLITE_INDEX_CONSTRAINT_ISNOTNULL) return filter(name + " is not null");
  if (op == SQLITE_INDEX_CONSTRAINT_ISNULL || (null && op == SQLITE_INDEX_CONSTRAINT_IS))
    return filter(name + " is null");
  if (null) return {Kind::kNever};
  switch (attribute.type) {
    case AttributeType::kI64:
    case AttributeType::kF64: return number_condition(name, op, value);
    case AttributeType::kBool: return bool_condition(name, op, value);
    case AttributeType::kString: return text_condition(name, op, value);
    case AttributeType::kPlace:  // has no comparison
    case AttributeType::kTags: break;
  }
  return filter(name + " has " + quoted(bytes_of(value), '\''));
}

std::optional<Id> id_of(sqlite3_value* value) {
  const int kind = sqlite3_value_numeric_type(value);
  if (kind == SQLITE_INTEGER) return static_cast<Id>(sqlite3_value_int64(value));
  const double number = sqlite3_value_double(value);
  constexpr double kBound = 9223372036854775808.0;
  if (kind != SQLITE_FLOAT || number != std::floor(number) || number < -kBound || number >= kBound) return {};
  return static_cast<Id>(static_cast<std::int64_t>(number));
}

Condition id_condition(int op, sqlite3_value* value) {
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min(), kMost = std::numeric_limits<std::int64_t>::max();
  if (sqlite3_value_numeric_type(value) != SQLITE_INTEGER) return {};
  const std::int64_t bound = sqlite3_value_int64(value);
  const auto number = [](std::int64_t id) { return std::to_string(static_cast<Id>(id)); };
  const auto between = [&](std::int64_t first, std::int64_t last) {  // in the order of SQL, in one sign
    return "(id between " + number(first) + " and " + number(last) + ")";
  };
  switch (op) {
    case SQLITE_INDEX_CONSTRAINT_EQ: return filter(between(bound, bound));
    case SQLITE_INDEX_CONSTRAINT_GT:
    case SQLITE_INDEX_CONSTRAINT_GE: {
      if (op == SQLITE_INDEX_CONSTRAINT_GT && bound == kMost) return {Kind::kNever};
      const std::int64_t first = op == SQLITE_INDEX_CONSTRAINT_GT ? bound + 1 : bound;
      if (first >= 0) return filter(between(first, kMost));
      return filter("(" + between(0, kMost) + " or " + between(first, -1) + ")");
    }
    case SQLITE_INDEX_CONSTRAINT_LT:
    case SQLITE_INDEX_CONSTRAINT_LE: {
      if (op == SQLITE_INDEX_CONSTRAINT_LT && bound == kLeast) return {Kind::kNever};
      const std::int64_t last = op == SQLITE_INDEX_CONSTRAINT_LT ? bound - 1 : bound;
      if (last < 0) return filter(between(kLeast, last));
      return filter("(" + between(kLeast, -1) + " or " + between(0, last) + ")");
    }
    default: return {};
  }
}

}  // namespace nearline::sqlite
