// SPDX-License-Identifier: Apache-2.0
/// What searches, cursors and pages have in common: the caller's options, and what a query cost.
#pragma once

#include "bindings/c/call.h"
#include "nearline/search.h"

namespace nearline::c {

Result<SearchOptions> search_options(const nearline_search_options* from);
/// How much each dimension counts; none where there are no weights.
Result<std::vector<float>> mask_of(const float* weights, std::uint32_t count);
nearline_query_stats stats_from(const QueryStats& cost) noexcept;

/// The caller's room for `count` of these, as large as the caller knows them.
Result<void> check_stats(const nearline_query_stats* room, std::size_t size);
void fill_stats(nearline_query_stats* room, std::size_t size, std::span<const QueryStats> costs) noexcept;

}  // namespace nearline::c
