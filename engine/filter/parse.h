// SPDX-License-Identifier: Apache-2.0
/// Filters as people write them:
///
///     lang = 'en' and year >= 2019 and not (price between 10 and 20) and tags has 'bio/cell/*' and id in (1, 2, 3)
///
///   filter      conjunctions joined by `or`
///   conjunction terms joined by `and`
///   term        `not` term | ( filter ) | NAME comparison | NAME alone, a bool
///   comparison  = != < <= > >= VALUE | [not] between VALUE and VALUE | [not] in (VALUE, ...) | [not] has 'TAG' |
///               is [not] null
///               | distance(NAME, LATITUDE, LONGITUDE) < NUMBER km, with < <= > >=, and m or km
///   VALUE       number, 'string', true, false; a quote within quotes is written twice
///   NAME        letters, digits, _ and dots, or "anything"; keywords are written in capitals or not
#pragma once

#include <string_view>

#include "engine/filter/expression.h"
#include "nearline/result.h"

namespace nearline::engine {

inline constexpr std::size_t kMaxFilterBytes = 1U << 20;
inline constexpr std::uint32_t kMaxFilterDepth = 64;  ///< of parentheses and `not` within each other

/// Errors: kInvalidArgument, naming the byte, what was expected there and what was found.
Result<Expression> parse(std::string_view text);

}  // namespace nearline::engine
