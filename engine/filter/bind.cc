// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/columns/value_check.h"
#include "engine/filter/bound.h"
#include "engine/filter/parse.h"
#include "engine/filter/ranges.h"

namespace nearline::engine {
namespace {

using Kind = Expression::Kind;

Error at_byte(Error error, std::size_t at) {
  error.what += " (at byte " + std::to_string(at) + " of the filter)";
  return error;
}

std::string_view kind_of(const Literal& literal) noexcept {
  constexpr std::string_view kKinds[] = {"true or false", "a number", "a number", "a string"};
  return kKinds[literal.index()];
}

/// Strings that begin with `prefix` are those before its successor: its last byte that can be is one more, and what is
/// behind is gone. None where all of its bytes are the largest.
StringRange range_of_prefix(std::string prefix) {
  StringRange range{.from = {.text = prefix}};
  while (!prefix.empty() && prefix.back() == '\xFF') prefix.pop_back();
  range.has_end = !prefix.empty();
  if (range.has_end) {
    prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
    range.to.text = std::move(prefix);
  }
  return range;
}

StringRange range_of_string(Kind relation, const std::string& text) {
  const StringCut before{.text = text}, behind{.text = text, .after = true};
  switch (relation) {
    case Kind::kLess: return {.to = before};
    case Kind::kLessEqual: return {.to = behind};
    case Kind::kGreater: return {.from = behind, .has_end = false};
    case Kind::kGreaterEqual: return {.from = before, .has_end = false};
    default: return {.from = before, .to = behind};
  }
}

class Binder {
 public:
  explicit Binder(const std::vector<Attribute>& attributes) : attributes_(attributes) {}

  // NOLINTNEXTLINE(misc-no-recursion): parsing bounds the depth
  Result<BoundFilter> bind(const Expression& expression) const {
    BoundFilter bound;
    if (expression.kind != Kind::kAnd && expression.kind != Kind::kOr) {
      NEARLINE_TRY(leaf, bind_leaf(expression));
      bound.leaf = std::move(leaf);
      return bound;
    }
    bound.kind = expression.kind == Kind::kAnd ? BoundFilter::Kind::kAnd : BoundFilter::Kind::kOr;
    for (const Expression& part : expression.parts) {
      NEARLINE_TRY(inner, bind(part));
      bound.parts.push_back(std::move(inner));
    }
    return bound;
  }

 private:
  Result<BoundLeaf> bind_leaf(const Expression& leaf) const {
    BoundLeaf bound{.null = leaf.kind == Kind::kNull, .negated = leaf.negated};
    if (leaf.name == "id") {
      if (bound.null || leaf.kind == Kind::kHas || leaf.kind == Kind::kNearer || leaf.kind == Kind::kWithin)
        return misfit(leaf, "the id of a record", "a comparison");
      NEARLINE_CHECK(add_numbers(leaf, NumberKind::kId, bound));
      return bound;
    }
    const auto found = std::ranges::find(attributes_, leaf.name, &Attribute::name);
    if (found == attributes_.end()) return at_byte(unknown_attribute(leaf.name, attributes_), leaf.at);
    bound.attribute = static_cast<std::uint32_t>(found - attributes_.begin());
    if (bound.null) return bound;
    const AttributeType type = found->type;
    const bool measured = leaf.kind == Kind::kNearer || leaf.kind == Kind::kWithin;
    if (measured != (type == AttributeType::kPlace)) {
      return misfit(leaf, std::string(name(type)),
                    measured ? "a place" : "'distance(" + leaf.name + ", LATITUDE, LONGITUDE) < 5km'");
    }
    if ((leaf.kind == Kind::kHas) != (type == AttributeType::kTags)) {
      return misfit(leaf, std::string(name(type)), type == AttributeType::kTags ? "'has'" : "a comparison");
    }
    switch (type) {
      case AttributeType::kI64: NEARLINE_CHECK(add_numbers(leaf, NumberKind::kI64, bound)); break;
      case AttributeType::kF64: NEARLINE_CHECK(add_numbers(leaf, NumberKind::kF64, bound)); break;
      case AttributeType::kBool: NEARLINE_CHECK(add_bools(leaf, bound)); break;
      case AttributeType::kString: NEARLINE_CHECK(add_strings(leaf, bound)); break;
      case AttributeType::kPlace: NEARLINE_CHECK(add_circle(leaf, bound)); break;
      case AttributeType::kTags: add_tag(std::get<std::string>(leaf.values[0]), bound); break;
    }
    return bound;
  }

  static Error misfit(const Expression& leaf, const std::string& type, std::string_view expected) {
    return at_byte({.code = Code::kInvalidArgument,
                    .what = "'" + leaf.name + "' is " + type + ": expected " + std::string(expected)},
                   leaf.at);
  }
  static Error wrong_value(const Expression& leaf, std::string_view type, std::string_view expected,
                           const Literal& found) {
    return at_byte({.code = Code::kInvalidArgument,
                    .what = "'" + leaf.name + "' is " + std::string(type) + ": expected " + std::string(expected) +
                            ", found " + std::string(kind_of(found))},
                   leaf.at);
  }

  static Result<void> add_numbers(const Expression& leaf, NumberKind kind, BoundLeaf& bound) {
    constexpr std::string_view kTypes[] = {"an id", "i64", "f64"};
    for (const Literal& value : leaf.values) {
      if (!std::holds_alternative<Integer>(value) && !std::holds_alternative<double>(value)) {
        return wrong_value(leaf, kTypes[static_cast<std::size_t>(kind)], "a number", value);
      }
      if (const auto range = range_of(kind, leaf.kind, value)) bound.keys.push_back(*range);
    }
    join_ranges(bound.keys);
    return {};
  }

  static Result<void> add_bools(const Expression& leaf, BoundLeaf& bound) {
    if (leaf.kind != Kind::kEqual && leaf.kind != Kind::kIn) return misfit(leaf, "bool", "'=', '!=' or 'in'");
    for (const Literal& value : leaf.values) {
      const auto* const truth = std::get_if<bool>(&value);
      if (truth == nullptr) return wrong_value(leaf, "bool", "true or false", value);
      const std::uint64_t key = *truth ? 1 : 0;
      bound.keys.push_back({key, key});
    }
    join_ranges(bound.keys);
    return {};
  }

  static Result<void> add_strings(const Expression& leaf, BoundLeaf& bound) {
    for (const Literal& value : leaf.values) {
      const auto* const text = std::get_if<std::string>(&value);
      if (text == nullptr) return wrong_value(leaf, "a string", "a string", value);
      bound.strings.push_back(range_of_string(leaf.kind, *text));
    }
    return {};
  }

  static Result<void> add_circle(const Expression& leaf, BoundLeaf& bound) {
    const auto number = [&](std::size_t i) { return std::get<double>(leaf.values[i]); };
    bound.circle = Circle{{number(0), number(1)}, number(2), leaf.kind == Kind::kWithin};
    if (const char* fault = fault_of(bound.circle->centre)) {
      return at_byte({.code = Code::kInvalidArgument, .what = std::string("distance from ") + fault}, leaf.at);
    }
    bound.keys = keys_around(*bound.circle);
    return {};
  }

  /// With a star at its end: all tags that begin so.
  static void add_tag(const std::string& tag, BoundLeaf& bound) {
    if (tag.ends_with('*')) {
      bound.strings.push_back(range_of_prefix(tag.substr(0, tag.size() - 1)));
    } else {
      bound.strings.push_back(range_of_string(Kind::kEqual, tag));
    }
  }

  const std::vector<Attribute>& attributes_;
};

}  // namespace

Result<BoundFilter> bind(std::string_view text, const std::vector<Attribute>& attributes) {
  NEARLINE_TRY(parsed, parse(text));
  NEARLINE_TRY(bound, Binder(attributes).bind(parsed));
  bound.text = print(normalized(std::move(parsed)));
  return bound;
}

}  // namespace nearline::engine
