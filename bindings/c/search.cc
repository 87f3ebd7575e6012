// SPDX-License-Identifier: Apache-2.0
/// The C interface's search, into the caller's arrays.
#include <algorithm>

#include "bindings/c/handles.h"
#include "bindings/c/search_options.h"
#include "nearline/index.h"
#include "nearline/nearline_spaces.h"

namespace nearline::c {

Result<SearchOptions> search_options(const nearline_search_options* from) {
  NEARLINE_TRY(options, take(from, "search options"));
  NEARLINE_CHECK(check_reserved(options.reserved, "search options"));
  SearchOptions to;
  to.k = or_default(options.k, to.k);
  to.l = or_default(options.l, std::max(to.l, to.k));
  to.beam_width = or_auto(options.beam_width);
  to.exact = options.exact != 0;
  to.recall = options.recall;
  to.filter = text_or_none(options.filter);
  to.explain = options.explain != nullptr;
  to.field = text_or_none(options.field);
  NEARLINE_TRY(mask, mask_of(options.mask, options.mask_count));
  to.mask = std::move(mask);
  to.prefix = options.prefix;
  to.walk_prefix = options.walk_prefix;
  to.as_stored = options.as_stored != 0;
  return to;
}

Result<std::vector<float>> mask_of(const float* weights, std::uint32_t count) {
  if (count > 0) NEARLINE_CHECK(need(weights, "mask"));
  return std::vector<float>(weights, weights + count);
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

Result<void> check_stats(const nearline_query_stats* room, std::size_t size) {
  if (room == nullptr) return {};
  return check_size(size, sizeof *room, "stats_size");
}

void fill_stats(nearline_query_stats* room, std::size_t size, std::span<const QueryStats> costs) noexcept {
  if (room == nullptr) return;
  auto* at = reinterpret_cast<std::byte*>(room);
  for (const QueryStats& cost : costs) {
    const nearline_query_stats one = stats_from(cost);
    std::memset(at, 0, size);
    std::memcpy(at, &one, std::min(size, sizeof one));
    at += size;
  }
}

}  // namespace nearline::c

using namespace nearline;  // NOLINT(google-build-using-namespace)

namespace {

/// Before the search: what is written afterwards has room.
Result<void> check_room(const nearline_search_result& room, std::size_t rows, std::uint32_t k) {
  if (rows > 0) NEARLINE_CHECK(c::need(room.ids, "ids"));
  if (rows > 0 && room.capacity / rows < k)
    return c::invalid("capacity of " + std::to_string(room.capacity) + ": expected room for " + std::to_string(rows) +
                      " rows of " + std::to_string(k) + " answers");
  return c::check_stats(room.stats, room.stats_size);
}

void fill(const nearline_search_result& room, const SearchResult& found) {
  std::ranges::copy(found.ids, room.ids);
  if (room.distances != nullptr) std::ranges::copy(found.distances, room.distances);
  if (room.counts != nullptr) std::ranges::copy(found.counts, room.counts);
  c::fill_stats(room.stats, room.stats_size, found.stats);
}

/// Answers and what they cost, where `check_room` was content.
void give_answers(nearline_search_result* to, nearline_search_result room, const SearchResult& found) {
  fill(room, found);
  room.expected_recall = found.expected_recall;
  room.matches = found.matches;
  room.filter_reads = found.filter_reads;
  c::give(to, room);
}

Result<FusionOptions> fusion_options(const nearline_fusion_options* from) {
  NEARLINE_TRY(options, c::take(from, "fusion options"));
  NEARLINE_CHECK(c::check_reserved(options.reserved, "fusion options"));
  FusionOptions to;
  to.k = c::or_default(options.k, to.k);
  to.exact = options.exact != 0;
  if (options.has_missing != 0) to.missing = options.missing;
  to.filter = c::text_or_none(options.filter);
  to.choose_by = c::text_or_none(options.choose_by);
  to.candidates = c::or_default(options.candidates, std::max(to.candidates, to.k));
  return to;
}

/// After the search, whose options were good.
void explain(const nearline_search_options* from, const SearchResult& found) {
  const auto options = c::take(from, "search options");
  if (!options || options->explain == nullptr) return;
  for (const std::string& line : found.explanation) options->explain(options->explain_context, line.c_str());
}

}  // namespace

nearline_status nearline_index_search(const nearline_index* index, const nearline_matrix* queries,
                                      const nearline_search_options* options, nearline_search_result* result,
                                      nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(index, "index"));
    NEARLINE_TRY(rows, c::matrix(queries, "queries"));
    NEARLINE_TRY(how, c::search_options(options));
    NEARLINE_CHECK(c::check_report(result, "result"));
    NEARLINE_TRY(room, c::take(result, "result"));
    NEARLINE_CHECK(check_room(room, rows.rows, how.k));
    NEARLINE_TRY(found, index->index.search(rows, how));
    give_answers(result, room, found);
    explain(options, found);
    return {};
  });
}

nearline_status nearline_index_search_fields(const nearline_index* index, const nearline_field_queries* fields,
                                             size_t field_count, const nearline_fusion_options* options,
                                             nearline_search_result* result, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(index, "index"));
    if (field_count > 0) NEARLINE_CHECK(c::need(fields, "fields"));
    std::vector<FieldQueries> asked;
    for (const nearline_field_queries& each : std::span(fields, field_count)) {
      NEARLINE_TRY(rows, c::matrix(&each.matrix, "queries"));
      NEARLINE_CHECK(c::check_reserved(each.reserved, "field queries"));
      asked.push_back({.field = c::text_or_none(each.field), .queries = rows, .weight = each.weight});
    }
    NEARLINE_TRY(how, fusion_options(options));
    NEARLINE_CHECK(c::check_report(result, "result"));
    NEARLINE_TRY(room, c::take(result, "result"));
    NEARLINE_CHECK(check_room(room, asked.empty() ? 0 : asked.front().queries.rows, how.k));
    NEARLINE_TRY(found, index->index.search_fields(asked, how));
    give_answers(result, room, found);
    return {};
  });
}
