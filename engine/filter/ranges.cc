// SPDX-License-Identifier: Apache-2.0
#include "engine/filter/ranges.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "format/column.h"

namespace nearline::engine {
namespace {

using Kind = Expression::Kind;

/// Holds every integer of 64 bits of either sign, and every double, exactly.
using Wide = long double;
static_assert(std::numeric_limits<Wide>::digits >= 64, "expected a long double that holds integers of 64 bits");

Wide wide(const Literal& literal) {
  if (const auto* number = std::get_if<double>(&literal)) return *number;
  const auto& whole = std::get<Integer>(literal);
  const auto magnitude = static_cast<Wide>(whole.magnitude);
  return whole.negative ? -magnitude : magnitude;
}

/// The range from `low` to `high`, given as whole numbers that may lie outside of [least, most].
template <class ToKey>
std::optional<KeyRange> clamped(Wide low, Wide high, Wide least, Wide most, const ToKey& to_key) {
  low = std::max(low, least);
  high = std::min(high, most);
  if (low > high) return std::nullopt;
  return KeyRange{to_key(low), to_key(high)};
}

/// The double next to v that is not above (below) it.
double at_most(Wide v) noexcept {
  const auto near = static_cast<double>(v);
  return Wide{near} <= v ? near : std::nextafter(near, -std::numeric_limits<double>::infinity());
}
double at_least(Wide v) noexcept {
  const auto near = static_cast<double>(v);
  return Wide{near} >= v ? near : std::nextafter(near, std::numeric_limits<double>::infinity());
}

std::optional<KeyRange> f64_range(Kind relation, Wide v) {
  constexpr double kMost = std::numeric_limits<double>::max();
  double low = -kMost, high = kMost;
  const double below = at_most(v), above = at_least(v);
  const bool exact = below == above;
  switch (relation) {
    case Kind::kLess: high = exact ? std::nextafter(below, -std::numeric_limits<double>::infinity()) : below; break;
    case Kind::kLessEqual: high = below; break;
    case Kind::kGreater: low = exact ? std::nextafter(above, std::numeric_limits<double>::infinity()) : above; break;
    case Kind::kGreaterEqual: low = above; break;
    default:
      if (!exact) return std::nullopt;
      low = high = below;
  }
  low = std::max(low, -kMost);
  high = std::min(high, kMost);
  if (low > high) return std::nullopt;
  return KeyRange{format::key_of(low), format::key_of(high)};
}

}  // namespace

std::optional<KeyRange> range_of(NumberKind kind, Kind relation, const Literal& literal) {
  const Wide v = wide(literal);
  if (kind == NumberKind::kF64) return f64_range(relation, v);
  Wide low = -std::numeric_limits<Wide>::infinity(), high = std::numeric_limits<Wide>::infinity();
  switch (relation) {
    case Kind::kLess: high = std::ceil(v) - 1; break;
    case Kind::kLessEqual: high = std::floor(v); break;
    case Kind::kGreater: low = std::floor(v) + 1; break;
    case Kind::kGreaterEqual: low = std::ceil(v); break;
    default: low = std::ceil(v), high = std::floor(v);
  }
  if (kind == NumberKind::kId) {
    return clamped(low, high, 0, static_cast<Wide>(std::numeric_limits<std::uint64_t>::max() - 1),
                   [](Wide w) { return static_cast<std::uint64_t>(w); });
  }
  using I64 = std::numeric_limits<std::int64_t>;
  return clamped(low, high, static_cast<Wide>(I64::min()), static_cast<Wide>(I64::max()),
                 [](Wide w) { return format::key_of(static_cast<std::int64_t>(w)); });
}

void join_ranges(std::vector<KeyRange>& ranges) {
  std::ranges::sort(ranges, {}, &KeyRange::first);
  std::size_t kept = 0;
  for (const KeyRange& range : ranges) {
    if (kept > 0 && (ranges[kept - 1].last == ~std::uint64_t{0} || range.first <= ranges[kept - 1].last + 1)) {
      ranges[kept - 1].last = std::max(ranges[kept - 1].last, range.last);
    } else {
      ranges[kept++] = range;
    }
  }
  ranges.resize(kept);
}

}  // namespace nearline::engine
