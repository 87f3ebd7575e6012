// SPDX-License-Identifier: Apache-2.0
/// A search of the whole index: one segment after the other, the largest first, so that small ones need only look as
/// far as what was found already.
#include <algorithm>
#include <string>

#include "engine/query/check_queries.h"
#include "engine/query/collector.h"
#include "engine/query/matching.h"
#include "engine/query/search_among.h"
#include "engine/query/snapshot.h"

namespace nearline::engine {
namespace {

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

Result<SearchResult> search_among(const Snapshot& snapshot, const MatrixView& rows, const Weightings& weightings,
                                  const Matching& matching, const SearchOptions& options) {
  Collector collector(rows.rows, options.k);
  if (snapshot.count() == 0) return std::move(collector).result();
  const auto segments = snapshot.segments();
  SearchOptions within = options;  // a walk that looks for more than there is would have to meet every record
  within.k = static_cast<std::uint32_t>(std::min<std::uint64_t>(options.k, snapshot.count()));
  const format::Calibration* borrowed = segments.empty() ? nullptr : segments.front()->field().calibration();
  std::vector<std::string> explanation;
  bool bounded = false;
  for (std::size_t s = 0; s < segments.size(); ++s) {
    const RecordSet* const matches = matching.segment(s);
    if (matches != nullptr && matches->count() == 0) continue;
    const Segment& segment = *segments[s];
    NEARLINE_TRY(plan, segment.plan(rows.rows, within, borrowed, bounded, matches, weightings.answers()));
    if (options.explain) explanation.push_back(explained(segment, plan, matches, weightings));
    collector.expect(plan.recall);
    NEARLINE_CHECK(segment.answer({.queries = rows,
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

Result<SearchResult> Snapshot::search(const MatrixView& queries, const SearchOptions& options) const {
  NEARLINE_TRY(asked, AskedRows::of(*this, queries, options));
  NEARLINE_TRY(matching, Matching::of(*this, options.filter));
  return search_among(*this, asked.rows(), asked.weightings(), matching, options);
}

}  // namespace nearline::engine
