// SPDX-License-Identifier: Apache-2.0
/// The C interface's search, into the caller's arrays.
#include <algorithm>

#include "bindings/c/handles.h"
#include "nearline/index.h"

using namespace nearline;  // NOLINT(google-build-using-namespace)

namespace {

Result<SearchOptions> search_options(const nearline_search_options* from) {
  NEARLINE_TRY(options, c::take(from, "search options"));
  NEARLINE_CHECK(c::check_reserved(options.reserved, "search options"));
  SearchOptions to;
  to.k = c::or_default(options.k, to.k);
  to.l = c::or_default(options.l, std::max(to.l, to.k));
  to.beam_width = c::or_auto(options.beam_width);
  to.exact = options.exact != 0;
  to.recall = options.recall;
  return to;
}

/// Before the search: what is written afterwards has room.
Result<void> check_room(const nearline_search_result& room, std::size_t rows, std::uint32_t k) {
  if (rows > 0) NEARLINE_CHECK(c::need(room.ids, "ids"));
  if (rows > 0 && room.capacity / rows < k)
    return c::invalid("capacity of " + std::to_string(room.capacity) + ": expected room for " + std::to_string(rows) +
                      " rows of " + std::to_string(k) + " answers");
  if (room.stats != nullptr) NEARLINE_CHECK(c::check_size(room.stats_size, sizeof *room.stats, "stats_size"));
  return {};
}

nearline_query_stats stats_from(const QueryStats& cost) noexcept {
  return {.bytes_read = cost.bytes_read,
          .nanoseconds = cost.nanoseconds,
          .hops = cost.hops,
          .distance_computations = cost.distance_computations,
          .estimates = cost.estimates,
          .page_reads = cost.page_reads,
          .cache_hits = cost.cache_hits,
          .reserved = 0};
}

void fill(const nearline_search_result& room, const SearchResult& found) {
  std::ranges::copy(found.ids, room.ids);
  if (room.distances != nullptr) std::ranges::copy(found.distances, room.distances);
  if (room.counts != nullptr) std::ranges::copy(found.counts, room.counts);
  if (room.stats == nullptr) return;
  auto* at = reinterpret_cast<std::byte*>(room.stats);
  for (const QueryStats& cost : found.stats) {
    const nearline_query_stats one = stats_from(cost);
    std::memset(at, 0, room.stats_size);
    std::memcpy(at, &one, std::min(room.stats_size, sizeof one));
    at += room.stats_size;
  }
}

}  // namespace

nearline_status nearline_index_search(const nearline_index* index, const nearline_matrix* queries,
                                      const nearline_search_options* options, nearline_search_result* result,
                                      nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(index, "index"));
    NEARLINE_TRY(rows, c::matrix(queries, "queries"));
    NEARLINE_TRY(how, search_options(options));
    NEARLINE_CHECK(c::check_report(result, "result"));
    NEARLINE_TRY(room, c::take(result, "result"));
    NEARLINE_CHECK(check_room(room, rows.rows, how.k));
    NEARLINE_TRY(found, index->index.search(rows, how));
    fill(room, found);
    room.expected_recall = found.expected_recall;
    c::give(result, room);
    return {};
  });
}
