// SPDX-License-Identifier: Apache-2.0
/// The queries of one call on one lane: walks take turns, so that the disk is busy while one of them waits.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "engine/kernels/kernels.h"
#include "engine/segment/segment.h"
#include "engine/walk/certified_scan.h"
#include "engine/walk/code_search.h"
#include "engine/walk/fused_search.h"
#include "engine/walk/graph_search.h"
#include "engine/walk/record_scan.h"

namespace nearline::engine {
namespace {

using Clock = std::chrono::steady_clock;

/// A walk that is widened reads about half as many pages as its list has room for; of each match there may be one.
constexpr std::uint64_t kPagesPerCandidate = 2;

bool goes_by_codes(Way way) noexcept {
  return !is_exact(way) && way != Way::kWalk;
}

/// One walk in flight.
struct Flight {
  SearchTask task;
  std::size_t row = 0;
  Clock::time_point started;
  Plan plan;  ///< of this attempt; a query may take several where records are no answers
};

class Batch {
 public:
  Batch(const Segment& segment, Lane& lane, const SegmentQueries& call)
      : segment_(segment),
        field_(segment.field()),
        lane_(lane),
        call_(call),
        space_(field_.graph().space),
        walk_space_(space_),
        flights_(lane.walks) {
    if (call.walk_weighting != nullptr) walk_space_ = space_.by(*call.walk_weighting);
    if (call.weighting == nullptr) return;
    space_ = space_.by(*call.weighting);
    if (field_.codes() != nullptr && goes_by_codes(call.plan.way)) {
      weights_.emplace(field_.codes()->book(), field_.schema().metric, call.weighting->weights(), call.plan.directions);
    }
  }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  /// Takes back what walks still hold when a call ends early: the lane outlives them, and nobody may resume them.
  ~Batch() {
    for (const auto& scratch : lane_.scratches) scratch->release(*lane_.reader);
  }

  Result<void> run() {
    do {
      for (std::size_t i = 0; i < flights_.size(); ++i) {
        Flight& flight = flights_[i];
        Scratch& scratch = *lane_.scratches[i];
        if (flight.task.started()) settle(flight, scratch);
        while (!flight.task.started() && next_ < call_.queries.rows && outcome_) {
          begin(flight, scratch);
          settle(flight, scratch);
        }
      }
      if (in_flight_ > 0) lane_.reader->poll();
    } while (in_flight_ > 0);  // after an error the walks in flight are waited for: they hold pages
    return std::move(outcome_);
  }

 private:
  void begin(Flight& flight, Scratch& scratch) {
    scratch.clear_counters();
    flight.row = next_++;
    flight.started = Clock::now();
    flight.plan = call_.plan;
    ++in_flight_;
    search(flight, scratch);
  }

  void search(Flight& flight, Scratch& scratch) {
    const GraphView& graph = field_.graph();
    const std::byte* const vector = call_.queries.row(flight.row);
    const ElementType type = call_.queries.type;
    scratch.query.resize(std::max(graph.space.query_bytes(), space_.query_bytes()));
    Query query = graph.space.query(vector, type, scratch.query.data());
    const Plan& plan = flight.plan;
    const bool by_codes = goes_by_codes(plan.way);
    if (by_codes) field_.prepare_codes(query, weights_ ? &*weights_ : nullptr, scratch);
    if (plan.way == Way::kCertifiedScan) field_.prepare_bound(query, scratch);
    if (call_.weighting != nullptr) query = space_.query(vector, type, scratch.query.data());
    // Both stages of a funnel have the query's components, or as many of them as they need, in one place.
    const bool funnel = call_.walk_weighting != nullptr && plan.way == Way::kWalk;
    const Query first = funnel ? walk_space_.query(vector, type, scratch.query.data()) : query;
    const WalkCall call{
        .graph = graph,
        .scorer = Scorer(funnel ? walk_space_ : space_, first, by_codes ? &scratch.code_query : nullptr),
        .admission =
            Admission(segment_.dead(), call_.hidden.empty() ? kNoOrdinal : call_.hidden[flight.row], call_.matches),
        .options = options_for(flight, vector),
        .reader = *lane_.reader,
        .scratch = scratch,
        .rerank = funnel ? std::optional(Scorer(space_, query)) : std::nullopt};
    switch (plan.way) {
      case Way::kScan:
        flight.task = call_.matches == nullptr ? scan_records(scratch.frame, call) : scan_matches(scratch.frame, call);
        break;
      case Way::kCertifiedScan: flight.task = scan_certified(scratch.frame, call, *field_.codes()); break;
      case Way::kWalk: flight.task = search_graph(scratch.frame, call); break;
      case Way::kCodeWalk: flight.task = search_by_codes(scratch.frame, call, *field_.codes()); break;
      case Way::kCodeScan: flight.task = scan_codes(scratch.frame, call, *field_.codes()); break;
      case Way::kFusedWalk: flight.task = search_fused(scratch.frame, call, *field_.codes()); break;
    }
  }

  [[nodiscard]] WalkOptions options_for(const Flight& flight, const std::byte* vector) const {
    WalkOptions options = flight.plan.walk;
    const bool funnel = call_.walk_weighting != nullptr && flight.plan.way == Way::kWalk;
    if (call_.bounded && !funnel) options.bound = call_.sink.bound(flight.row);  // a distance of the last stage
    if (field_.schema().metric == Metric::kIp && options.stop.slack != StopRule::kNever) {
      const float squares = kernels::squared_norm(call_.queries.type, vector, call_.queries.dim);
      float length = std::sqrt(squares);
      // Of records as much counts as of the query, about.
      if (call_.weighting != nullptr && squares > 0) {
        length = static_cast<float>(call_.weighting->squared_norm(call_.queries.type, vector)) / length;
      }
      options.stop.zero = 1 - length * flight.plan.norm;
    }
    return options;
  }

  /// Puts the answers of walks that are done where they belong, or sends them out again.
  void settle(Flight& flight, Scratch& scratch) {
    while (flight.task.done()) {
      const Result<void>& ended = flight.task.outcome();
      if (ended && look_farther(flight, scratch)) {
        scratch.release(*lane_.reader);
        flight.task = {};  // its frame's memory is the next one's
        search(flight, scratch);
        continue;
      }
      if (ended) {
        deliver(flight, scratch);
      } else if (outcome_) {
        outcome_ = std::move(flight.task.outcome());
      }
      scratch.release(*lane_.reader);  // others may wait for the room
      flight.task = {};
      --in_flight_;
      return;
    }
  }

  /// Where records are no answers, a walk may end among these: with too few answers, or with a list that had no room
  /// for L others. Whether there are more answers is known only where no other segment's are nearer.
  bool look_farther(Flight& flight, const Scratch& scratch) const {
    const std::uint64_t admitted = call_.matches == nullptr ? segment_.live() : call_.matches->count();
    if (admitted == segment_.count() || is_exact(flight.plan.way)) return false;
    if (call_.bounded && call_.sink.bound(flight.row) < std::numeric_limits<float>::infinity()) return false;
    const bool few = scratch.answers.size() < std::min<std::uint64_t>(flight.plan.walk.k, admitted);
    const bool short_of_room =
        flight.plan.way == Way::kWalk ? scratch.candidates.short_of_room() : scratch.shortlist.short_of_room();
    bool dropped = short_of_room && flight.plan.walk.room < field_.graph().count;
    if (call_.matches != nullptr && dropped) dropped = found_sparse(flight.plan, scratch);
    if (!few && !dropped) return false;
    if (call_.matches != nullptr && scan_is_next(flight.plan)) {
      scan_instead(flight.plan);
    } else if (!widen(flight.plan, field_, few)) {
      return false;
    }
    if (segment_.walk_bytes(flight.plan) * flights_.size() > lane_.walk_bytes) flight.plan.way = Way::kScan;
    return true;
  }

  /// Whether a walk kept far fewer matches than their share promises: then they are elsewhere.
  [[nodiscard]] bool found_sparse(const Plan& plan, const Scratch& scratch) const noexcept {
    const bool by_distance = plan.way == Way::kWalk;
    const std::uint64_t kept = by_distance ? scratch.candidates.size() : scratch.shortlist.size();
    const std::uint64_t matching = by_distance ? scratch.candidates.admitted() : scratch.shortlist.admitted();
    return matching < plan.walk.k || matching * 2 * field_.graph().count < kept * call_.matches->count();
  }

  /// The matches are elsewhere than the query's neighbours: no wider walk finds them soon, unless there are so many
  /// that their pages are dearer still.
  [[nodiscard]] bool scan_is_next(const Plan& plan) const noexcept {
    if (plan.way == Way::kCodeWalk || plan.way == Way::kCodeScan) return true;
    return call_.matches->count() <= std::uint64_t{plan.walk.room} * kPagesPerCandidate;
  }

  void deliver(const Flight& flight, Scratch& scratch) {
    scratch.count_reads();
    scratch.stats.nanoseconds = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - flight.started).count());
    call_.sink.take(flight.row, scratch.answers.hits(), scratch.stats);
  }

  const Segment& segment_;
  const Field& field_;
  Lane& lane_;
  const SegmentQueries& call_;
  Space space_;                         ///< in which dimensions count as the call says
  Space walk_space_;                    ///< of a funnel's first stage
  std::optional<CodeWeights> weights_;  ///< where dimensions count by weights, and codes rank
  std::vector<Flight> flights_;
  std::size_t next_ = 0;
  std::size_t in_flight_ = 0;
  Result<void> outcome_;
};

}  // namespace

Result<void> Segment::answer(const SegmentQueries& call) const {
  if (call.matches != nullptr && room_for(call.plan) == 0) {  // a filter is no reason to fail: less room, or a scan
    Plan shorter = call.plan;
    while (shorter.walk.room > shorter.walk.l && room_for(shorter) == 0) shorter.walk.room /= 2;
    if (room_for(shorter) == 0) scan_instead(shorter);
    if (room_for(shorter) > 0) {
      return answer(SegmentQueries{call.queries, shorter, call.sink, call.bounded, call.hidden, call.matches,
                                   call.weighting, call.walk_weighting});
    }
  }
  if (room_for(call.plan) == 0) {
    return Error{
        .code = Code::kOverBudget,
        .what = "L of " + std::to_string(call.plan.walk.l) + ": the memory bound has room for shorter walks only"};
  }
  NEARLINE_TRY(lane, field_->lanes().take({.walks = call.queries.rows, .walk_bytes = walk_bytes(call.plan)}));
  Result<void> outcome = Batch(*this, *lane, call).run();
  const bool unusual = call.plan.walk.within || call.plan.way == Way::kCertifiedScan || call.matches != nullptr ||
                       call.weighting != nullptr;
  if (call.plan.walk.l > kUsualL || unusual || dead_.count() > 0) {
    for (auto& scratch : lane->scratches) {  // what is kept is what the budget counts on
      if (scratch->memory_bytes() > walk_scratch_bytes(needs_)) scratch = std::make_unique<Scratch>();
    }
  }
  return outcome;
}

}  // namespace nearline::engine
