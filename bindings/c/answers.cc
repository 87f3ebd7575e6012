// SPDX-License-Identifier: Apache-2.0
/// The C interface's filters and radius.
#include "bindings/c/handles.h"
#include "bindings/c/search_options.h"
#include "nearline/nearline_answers.h"

using namespace nearline;  // NOLINT(google-build-using-namespace)

struct nearline_range {
  RangeResult found;
  std::vector<std::uint8_t> cut;
  std::vector<nearline_query_stats> stats;
};

namespace {

Result<RangeOptions> range_options(const nearline_range_options* from) {
  NEARLINE_CHECK(c::need(from, "range options"));
  NEARLINE_TRY(options, c::take(from, "range options"));
  NEARLINE_CHECK(c::check_reserved(options.reserved, "range options"));
  RangeOptions to;
  to.radius = options.radius;
  to.max_results = options.max_results;
  to.exact = options.exact != 0;
  to.recall = options.recall;
  to.l = c::or_default(options.l, to.l);
  to.beam_width = c::or_auto(options.beam_width);
  to.filter = c::text_or_none(options.filter);
  to.field = c::text_or_none(options.field);
  NEARLINE_TRY(mask, c::mask_of(options.mask, options.mask_count));
  to.mask = std::move(mask);
  to.prefix = options.prefix;
  to.as_stored = options.as_stored != 0;
  NEARLINE_CHECK(c::check_reserved(options.reserved2, "range options"));
  return to;
}

}  // namespace

nearline_status nearline_index_count(const nearline_index* index, const char* filter, uint64_t* count,
                                     nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(index, "index", filter, "filter", count, "count"));
    NEARLINE_TRY(matches, index->index.count(filter));
    *count = matches;
    return {};
  });
}

nearline_status nearline_index_matching_ids(const nearline_index* index, const char* filter, uint64_t* ids,
                                            size_t capacity, size_t* count, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(index, "index", filter, "filter", count, "count"));
    if (capacity > 0) NEARLINE_CHECK(c::need(ids, "ids"));
    NEARLINE_TRY(matches, index->index.matching_ids(filter));
    return c::give_some<Id>(matches, ids, capacity, count, "ids");
  });
}

nearline_status nearline_index_range_search(const nearline_index* index, const nearline_matrix* queries,
                                            const nearline_range_options* options, nearline_range** range,
                                            nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(index, "index", range, "range"));
    NEARLINE_TRY(rows, c::matrix(queries, "queries"));
    NEARLINE_TRY(how, range_options(options));
    NEARLINE_TRY(found, index->index.range_search(rows, how));
    auto made = std::make_unique<nearline_range>();
    made->cut.assign(found.cut.begin(), found.cut.end());
    for (const QueryStats& cost : found.stats) made->stats.push_back(c::stats_from(cost));
    made->found = std::move(found);
    *range = made.release();
    return {};
  });
}

nearline_status nearline_range_get_table(const nearline_range* range, nearline_range_table* table,
                                         nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(range, "range"));
    NEARLINE_CHECK(c::check_report(table, "table"));
    const RangeResult& found = range->found;
    c::give(table, nearline_range_table{.size = 0,
                                        .rows = range->cut.size(),
                                        .offsets = found.offsets.data(),
                                        .ids = found.ids.data(),
                                        .distances = found.distances.data(),
                                        .complete_to = found.complete_to.data(),
                                        .cut = range->cut.data(),
                                        .stats = range->stats.data(),
                                        .stats_size = sizeof(nearline_query_stats),
                                        .expected_recall = found.expected_recall,
                                        .reserved = 0});
    return {};
  });
}

void nearline_range_close(nearline_range** range) {
  c::close(range);
}
