// SPDX-License-Identifier: Apache-2.0
/// All records within a distance, segment by segment. How many there will be nobody knows, so a walk looks for few, and
/// goes out again for more while all that it was to find lie within. It ends where the calibration says that a walk for
/// so many nearest may: one that ended by the radius would miss more than was promised (docs/decisions.md). What
/// becomes a large part of the segment is found by comparing with all of it.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>

#include "engine/query/check_queries.h"
#include "engine/query/collector.h"
#include "engine/query/matching.h"
#include "engine/query/snapshot.h"

namespace nearline::engine {
namespace {

/// Answers that a walk by recall looks for at first, how many times as many it looks for next, and the part of a
/// segment beyond which comparing with all of it is cheaper.
constexpr std::uint32_t kFirst = 16;
constexpr std::uint64_t kFarther = 4;
constexpr std::uint64_t kLargePart = 4;

Result<void> check_radius(float radius, Metric metric) {
  const bool negative_fits = metric == Metric::kIp || metric == Metric::kCosine;
  if (!std::isnan(radius) && (radius >= 0 || negative_fits)) return {};
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), radius);
  return Error{.code = Code::kInvalidArgument,
               .what = "radius of " + std::string(digits.data(), end.ptr) + ": expected a number" +
                       (negative_fits ? "" : " from 0 on") + ", in the units of distances under " +
                       std::string(name(metric))};
}

/// The answers of all segments, each query's nearest first.
class Within {
 public:
  Within(std::size_t queries, float radius, std::uint64_t most)
      : radius_(radius), most_(most), hits_(queries), stats_(queries) {}

  /// What is farther is of no use.
  [[nodiscard]] float bound(std::size_t query) const noexcept {
    return hits_[query].size() == most_ ? hits_[query].back().distance : radius_;
  }
  void take(std::size_t query, std::span<const Hit> found) {
    const float far = bound(query);
    const auto end = std::ranges::find_if(found, [far](const Hit& hit) { return hit.distance > far; });
    std::vector<Hit>& hits = hits_[query];
    const auto old = static_cast<std::ptrdiff_t>(hits.size());
    hits.insert(hits.end(), found.begin(), end);
    std::inplace_merge(hits.begin(), hits.begin() + old, hits.end());
    if (hits.size() > most_) hits.resize(most_);
  }
  void count(std::size_t query, const QueryStats& stats) noexcept { add(stats, stats_[query]); }

  /// max_results: 0 for all.
  RangeResult result(std::uint64_t max_results) && {
    RangeResult result;
    result.offsets.push_back(0);
    for (const std::vector<Hit>& hits : hits_) {
      const bool cut = max_results > 0 && hits.size() > max_results;
      const auto kept = std::span(hits).first(cut ? max_results : hits.size());
      for (const Hit& hit : kept) {
        result.ids.push_back(hit.id);
        result.distances.push_back(hit.distance);
      }
      result.offsets.push_back(result.ids.size());
      result.cut.push_back(cut);
      result.complete_to.push_back(cut ? just_before(kept.back().distance, hits[kept.size()].distance) : radius_);
    }
    result.stats = std::move(stats_);
    return result;
  }

 private:
  /// The farthest distance up to which nothing is missing where `next` is the first that is.
  static float just_before(float last, float next) noexcept {
    return last < next ? last : std::nextafter(next, -std::numeric_limits<float>::infinity());
  }

  float radius_;
  std::uint64_t most_;  ///< that are kept
  std::vector<std::vector<Hit>> hits_;
  std::vector<QueryStats> stats_;
};

/// What one walk of some of the queries found in a segment.
class Attempt final : public AnswerSink {
 public:
  Attempt(const Within& before, std::span<const std::size_t> rows)
      : before_(before), rows_(rows), found_(rows.size()), stats_(rows.size()) {}

  [[nodiscard]] float bound(std::size_t i) const noexcept override { return before_.bound(rows_[i]); }
  void take(std::size_t i, std::span<const Hit> hits, const QueryStats& stats) override {
    found_[i].assign(hits.begin(), hits.end());
    stats_[i] = stats;
  }

  [[nodiscard]] std::span<const Hit> found(std::size_t i) const noexcept { return found_[i]; }
  [[nodiscard]] const QueryStats& stats(std::size_t i) const noexcept { return stats_[i]; }
  /// Whether all k that it looked for lie within, so that there may be more.
  [[nodiscard]] bool is_full(std::size_t i, std::uint32_t k) const noexcept {
    return found_[i].size() >= k && found_[i][k - 1].distance <= bound(i);
  }

 private:
  const Within& before_;
  std::span<const std::size_t> rows_;
  std::vector<std::vector<Hit>> found_;
  std::vector<QueryStats> stats_;
};

class RangeSearch {
 public:
  RangeSearch(const MatrixView& queries, const RangeOptions& options, std::uint64_t most,
              const format::Calibration* borrowed, const Weighting* weighting)
      : queries_(queries),
        options_(options),
        most_(most),
        borrowed_(borrowed),
        weighting_(weighting),
        within_(queries.rows, options.radius, most) {}

  /// matches: as SegmentQueries.
  Result<void> search(const Segment& segment, const RecordSet* matches) {
    matches_ = matches;
    const auto most = static_cast<std::uint32_t>(std::min(most_, may_be_answers(segment)));
    std::vector<std::size_t> rows(queries_.rows), more;
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    for (std::uint64_t k = options_.recall > 0 ? kFirst : std::max(options_.l, 1U); !rows.empty() && most > 0;
         k *= kFarther) {
      NEARLINE_TRY(plan, plan_for(segment, rows.size(), std::min<std::uint64_t>(k, most), most));
      expected_recall_ = std::min(expected_recall_, plan.recall);
      gather(rows);
      Attempt attempt(within_, rows);
      const MatrixView some{gathered_.data(), rows.size(), queries_.dim, queries_.type};
      NEARLINE_CHECK(segment.answer({.queries = some,
                                     .plan = plan,
                                     .sink = attempt,
                                     .bounded = is_exact(plan.way),
                                     .hidden = {},
                                     .matches = matches_,
                                     .weighting = weighting_}));
      more.clear();
      for (std::size_t i = 0; i < rows.size(); ++i) {
        within_.count(rows[i], attempt.stats(i));
        if (!is_exact(plan.way) && plan.walk.k < most && attempt.is_full(i, plan.walk.k)) {
          more.push_back(rows[i]);
        } else {
          within_.take(rows[i], attempt.found(i));
        }
      }
      rows.swap(more);
    }
    return {};
  }

  RangeResult result() && {
    RangeResult result = std::move(within_).result(options_.max_results);
    result.expected_recall = expected_recall_;
    return result;
  }

 private:
  /// A walk for k answers; where that is too many for the memory or to be worth it, or exact is asked for, a scan for
  /// all of them.
  [[nodiscard]] Result<Plan> plan_for(const Segment& segment, std::size_t queries, std::uint64_t k,
                                      std::uint32_t most) const {
    SearchOptions search{.k = static_cast<std::uint32_t>(k),
                         .l = std::max(options_.l, static_cast<std::uint32_t>(k)),
                         .beam_width = options_.beam_width,
                         .exact = options_.exact || k > may_be_answers(segment) / kLargePart,
                         .recall = options_.recall};
    NEARLINE_TRY(plan, segment.plan(queries, search, borrowed_, false, matches_, weighting_));
    if (!is_exact(plan.way) && segment.room_for(plan) == 0) {
      search.exact = true;
      NEARLINE_TRY(scan, segment.plan(queries, search, borrowed_, false, matches_, weighting_));
      plan = scan;
    }
    if (is_exact(plan.way)) {
      plan.walk.k = most;
      plan.walk.l = 1;  // a scan has no list
      plan.walk.room = 0;
      plan.walk.within = true;
    }
    return plan;
  }

  [[nodiscard]] std::uint64_t may_be_answers(const Segment& segment) const noexcept {
    return matches_ != nullptr ? matches_->count() : segment.live();
  }

  void gather(std::span<const std::size_t> rows) {
    const std::size_t bytes = vector_bytes(queries_.type, queries_.dim);
    gathered_.resize(rows.size() * bytes);
    for (std::size_t i = 0; i < rows.size(); ++i)
      std::memcpy(gathered_.data() + i * bytes, queries_.row(rows[i]), bytes);
  }

  const MatrixView& queries_;
  const RangeOptions& options_;
  std::uint64_t most_;
  const format::Calibration* borrowed_;
  const Weighting* weighting_;
  const RecordSet* matches_ = nullptr;  ///< of the segment that is searched
  Within within_;
  std::vector<std::byte> gathered_;
  float expected_recall_ = 1;
};

}  // namespace

Result<RangeResult> Snapshot::range_search(const MatrixView& queries, const RangeOptions& options) const {
  NEARLINE_CHECK(check_radius(options.radius, schema().metric));
  const SearchOptions checked{.k = 1,
                              .beam_width = options.beam_width,
                              .exact = options.exact,
                              .recall = options.recall,
                              .as_stored = options.as_stored,
                              .prefix = options.prefix,
                              .mask = options.mask};
  NEARLINE_TRY(asked, AskedRows::of(*this, queries, checked));
  NEARLINE_TRY(matching, Matching::of(*this, options.filter));
  // One more than is wanted tells whether some are left out.
  const bool all = options.max_results == 0 || options.max_results >= info_.count;
  const format::Calibration* borrowed = segments_.empty() ? nullptr : segments_.front()->field().calibration();
  RangeSearch search(asked.rows(), options, all ? info_.count : options.max_results + 1, borrowed,
                     asked.weightings().answers());
  for (std::size_t s = 0; s < segments_.size(); ++s) {
    NEARLINE_CHECK(search.search(*segments_[s], matching.segment(s)));
  }
  return std::move(search).result();
}

}  // namespace nearline::engine
