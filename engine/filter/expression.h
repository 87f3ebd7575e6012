// SPDX-License-Identifier: Apache-2.0
/// A filter as a tree: what parsing makes and matching reads. `not` stands at the leaves alone, so that a leaf is true
/// of a record only when its attribute has a value there (`is null` aside): `not (year < 2019)` is `year >= 2019`, and
/// neither holds where the year is missing, as in SQL.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace nearline::engine {

/// An integer of 64 bits of either sign: attributes are signed, ids are not.
struct Integer {
  bool negative = false;
  std::uint64_t magnitude = 0;                                        ///< at most 2^63 where negative
  friend auto operator<=>(const Integer&, const Integer&) = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14
};

using Literal = std::variant<bool, Integer, double, std::string>;

struct Expression {
  enum class Kind : std::uint8_t {
    kAnd,           ///< of two parts or more, none of which is kAnd
    kOr,            ///< the same
    kEqual,         ///< one value
    kLess,          ///< one value; negated it is kGreaterEqual, and is stored as that
    kLessEqual,     ///< one value
    kGreater,       ///< one value
    kGreaterEqual,  ///< one value
    kIn,            ///< one value or more
    kHas,           ///< one string: a tag, or with a star at its end all that begin so
    kNull,          ///< no value
    kNearer,        ///< of a place: latitude, longitude and metres to which it is not so far
    kWithin,        ///< the same, or just so far
  };

  Kind kind = Kind::kAnd;
  bool negated = false;  ///< of kEqual, kIn, kHas, kNull, kNearer, kWithin
  std::string name{};    ///< of the attribute; "id" is the record's id
  std::vector<Literal> values{};
  std::vector<Expression> parts{};
  std::size_t at = 0;  ///< byte of the text where the leaf begins, for errors; no part of what it means

  friend bool operator==(const Expression& a, const Expression& b) {
    return a.kind == b.kind && a.negated == b.negated && a.name == b.name && a.values == b.values && a.parts == b.parts;
  }
};

/// The text that parses to the same tree.
std::string print(const Expression& expression);

/// The same filter in the form that all spellings of it share: parts and lists sorted, nothing twice.
Expression normalized(Expression expression);

}  // namespace nearline::engine
