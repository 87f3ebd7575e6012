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

Result<Weightings> weigh(const SearchOptions& options, const Schema& schema) {
  const auto invalid = [](std::string what) { return Error{.code = Code::kInvalidArgument, .what = std::move(what)}; };
  NEARLINE_TRY(last, Weighting::of(schema, options.prefix, options.mask));
  Weightings weightings{.last = std::move(last), .walk = {}};
  if (options.walk_prefix == 0) return weightings;
  const std::uint32_t most = options.prefix == 0 ? schema.dim : options.prefix;
  if (!options.mask.empty()) return invalid("walk prefix and mask: expected one of them, found both");
  if (options.walk_prefix > most) {
    return invalid("walk prefix of " + std::to_string(options.walk_prefix) + ": expected 1 to " + std::to_string(most) +
                   ", the prefix that answers are ranked by");
  }
  if (options.recall > 0) return invalid("recall and walk prefix: expected an L in place of the recall, found both");
  NEARLINE_TRY(walk, Weighting::of(schema, options.walk_prefix, {}));
  weightings.walk = std::move(walk);
  weightings.funnel = options.walk_prefix < most;
  return weightings;
}

Result<void> check_row(const MatrixView& queries, std::size_t row, Metric metric, const Weightings& weightings) {
  const char* fault = unfit_query(metric, queries.type, queries.row(row), queries.dim);
  if (fault == nullptr) fault = weightings.last.unfit_query(metric, queries.type, queries.row(row));
  if (fault == nullptr) fault = weightings.walk.unfit_query(metric, queries.type, queries.row(row));
  if (fault == nullptr) return {};
  return Error{.code = Code::kBadInput, .what = "query " + std::to_string(row) + " " + fault};
}

std::string explained(const Segment& segment, const Plan& plan, const RecordSet* matches,
                      const Weightings& weightings) {
  const std::uint64_t may = matches != nullptr ? matches->count() : segment.live();
  std::string words =
      std::to_string(may) + " of " + std::to_string(segment.count()) + " records may be answers: " + to_text(plan);
  if (weightings.walks() != nullptr && plan.way == Way::kWalk) words += ", walked " + weightings.walk.text();
  if (weightings.answers() != nullptr) words += ", " + weightings.last.text();
  return words;
}

}  // namespace

Result<Weightings> check_queries(const MatrixView& queries, const SearchOptions& options, const IndexInfo& info) {
  NEARLINE_CHECK(check_search(queries, options, info));
  NEARLINE_TRY(weightings, weigh(options, info.schema));
  for (std::size_t row = 0; row < queries.rows; ++row) {
    NEARLINE_CHECK(check_row(queries, row, info.schema.metric, weightings));
  }
  return weightings;
}

Result<SearchResult> Snapshot::search(const MatrixView& queries, const SearchOptions& options) const {
  NEARLINE_TRY(weightings, check_queries(queries, options, info_));
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
    NEARLINE_TRY(plan, segment.plan(queries.rows, within, borrowed, bounded, matches, weightings.answers()));
    if (options.explain) explanation.push_back(explained(segment, plan, matches, weightings));
    collector.expect(plan.recall);
    NEARLINE_CHECK(segment.answer({.queries = queries,
                                   .plan = plan,
                                   .sink = collector,
                                   .bounded = bounded,
                                   .hidden = {},
                                   .matches = matches,
                                   .weighting = weightings.answers(),
                                   .walk_weighting = weightings.walks()}));
    bounded = true;
  }
  SearchResult result = std::move(collector).result();
  result.matches = matching.count();
  result.filter_reads = matching.reads();
  result.explanation = std::move(explanation);
  return result;
}

}  // namespace nearline::engine
