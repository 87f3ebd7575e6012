// SPDX-License-Identifier: Apache-2.0
/// A search of the whole index: one segment after the other, the largest first, so that small ones need only look as
/// far as what was found already.
#include <algorithm>
#include <string>

#include "engine/query/check_queries.h"
#include "engine/query/collector.h"
#include "engine/query/matching.h"
#include "engine/query/snapshot.h"
#include "engine/space/unfit.h"

namespace nearline::engine {
namespace {

Result<void> check_search(const MatrixView& queries, const SearchOptions& options, const IndexInfo& info) {
  const auto invalid = [](std::string what) { return Error{.code = Code::kInvalidArgument, .what = std::move(what)}; };
  if (queries.dim != info.schema.dim) {
    return invalid("queries of dimension " + std::to_string(queries.dim) + ": the index holds dimension " +
                   std::to_string(info.schema.dim));
  }
  if (!comparable(queries.type, info.schema.type)) {
    return invalid("queries of type " + std::string(name(queries.type)) + ": the index holds " +
                   std::string(name(info.schema.type)));
  }
  if (options.k == 0 || options.k > std::max<std::uint64_t>(info.count, kMaxPaddedK)) {
    return invalid("k of " + std::to_string(options.k) + ": expected 1 to " +
                   std::to_string(std::max<std::uint64_t>(info.count, kMaxPaddedK)));
  }
  if (!(options.recall == 0 || (options.recall > 0 && options.recall < 1))) {
    return invalid("recall of " + std::to_string(options.recall) + ": expected 0 for none, or a share below 1");
  }
  if (options.beam_width == 0 || (options.beam_width > kMaxBatch && options.beam_width != Count::kAuto)) {
    return invalid("beam width of " + std::to_string(options.beam_width) + ": expected 1 to " +
                   std::to_string(kMaxBatch));
  }
  return {};
}

Result<void> check_row(const MatrixView& queries, std::size_t row, Metric metric) {
  const char* fault = unfit_query(metric, queries.type, queries.row(row), queries.dim);
  if (fault == nullptr) return {};
  return Error{.code = Code::kBadInput, .what = "query " + std::to_string(row) + " " + fault};
}

std::string explained(const Segment& segment, const Plan& plan, const RecordSet* matches) {
  const std::uint64_t may = matches != nullptr ? matches->count() : segment.live();
  return std::to_string(may) + " of " + std::to_string(segment.count()) + " records may be answers: " + to_text(plan);
}

}  // namespace

Result<void> check_queries(const MatrixView& queries, const SearchOptions& options, const IndexInfo& info) {
  NEARLINE_CHECK(check_search(queries, options, info));
  for (std::size_t row = 0; row < queries.rows; ++row) NEARLINE_CHECK(check_row(queries, row, info.schema.metric));
  return {};
}

Result<SearchResult> Snapshot::search(const MatrixView& queries, const SearchOptions& options) const {
  NEARLINE_CHECK(check_queries(queries, options, info_));
  NEARLINE_TRY(matching, Matching::of(*this, options.filter));
  Collector collector(queries.rows, options.k);
  if (info_.count == 0) return std::move(collector).result();
  SearchOptions within = options;  // a walk that looks for more than there is would have to meet every record
  within.k = static_cast<std::uint32_t>(std::min<std::uint64_t>(options.k, info_.count));
  const format::Calibration* borrowed = segments_.empty() ? nullptr : segments_.front()->field().calibration();
  std::vector<std::string> explanation;
  bool bounded = false;
  for (std::size_t s = 0; s < segments_.size(); ++s) {
    const RecordSet* const matches = matching.segment(s);
    if (matches != nullptr && matches->count() == 0) continue;
    const Segment& segment = *segments_[s];
    NEARLINE_TRY(plan, segment.plan(queries.rows, within, borrowed, bounded, matches));
    if (options.explain) explanation.push_back(explained(segment, plan, matches));
    collector.expect(plan.recall);
    NEARLINE_CHECK(segment.answer(
        {.queries = queries, .plan = plan, .sink = collector, .bounded = bounded, .hidden = {}, .matches = matches}));
    bounded = true;
  }
  SearchResult result = std::move(collector).result();
  result.matches = matching.count();
  result.filter_reads = matching.reads();
  result.explanation = std::move(explanation);
  return result;
}

}  // namespace nearline::engine
