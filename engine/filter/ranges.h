// SPDX-License-Identifier: Apache-2.0
/// What comparisons with numbers mean in keys (format/column.h), exactly, whatever is compared with what.
#pragma once

#include <optional>
#include <vector>

#include "engine/columns/column.h"
#include "engine/filter/expression.h"

namespace nearline::engine {

enum class NumberKind : std::uint8_t { kId, kI64, kF64 };

/// The keys of all numbers of a kind that stand in this relation to the literal, a number; none where there are none.
/// relation: kEqual, kLess, kLessEqual, kGreater, kGreaterEqual.
std::optional<KeyRange> range_of(NumberKind kind, Expression::Kind relation, const Literal& literal);

/// Sorted, those that overlap or touch made one.
void join_ranges(std::vector<KeyRange>& ranges);

}  // namespace nearline::engine
