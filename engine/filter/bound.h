// SPDX-License-Identifier: Apache-2.0
/// A filter that was checked against the attributes of an index: each leaf asks one column for ranges of its values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/columns/column.h"
#include "engine/filter/circle.h"
#include "engine/filter/expression.h"
#include "nearline/attributes.h"
#include "nearline/result.h"

namespace nearline::engine {

/// A place between strings in their order: before all that are not below `text`, or behind all that are not above it.
struct StringCut {
  std::string text{};
  bool after = false;
};

/// All strings from one cut to another; without an end all from the first on.
struct StringRange {
  StringCut from{};
  StringCut to{};
  bool has_end = true;
};

struct BoundLeaf {
  static constexpr std::uint32_t kId = 0xFFFF'FFFF;

  std::uint32_t attribute = kId;  ///< its entry, or kId
  bool null = false;              ///< asks for records without a value; else for those with one in the ranges
  bool negated = false;           ///< asks for what is there and not in the ranges; with null: for what is there
  std::vector<KeyRange> keys{};   ///< of ids, and of all types but those of strings; sorted, none touches another
  std::vector<StringRange> strings{};
  std::optional<Circle> circle{};  ///< of places: what the keys within the ranges must be in, too
};

struct BoundFilter {
  enum class Kind : std::uint8_t { kLeaf, kAnd, kOr };

  Kind kind = Kind::kLeaf;
  BoundLeaf leaf{};
  std::vector<BoundFilter> parts{};
  std::string text{};  ///< of the whole filter, in the form that all spellings share
};

/// Parses and checks a filter. Errors: kInvalidArgument for what `parse` refuses, an attribute that is unknown, and a
/// value or a comparison that its type does not have; all name the byte.
Result<BoundFilter> bind(std::string_view text, const std::vector<Attribute>& attributes);

}  // namespace nearline::engine
