// SPDX-License-Identifier: Apache-2.0
/// A batch of queries on one lane: walks take turns, so that the disk is busy while one of them waits.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <string>

#include "engine/codes/code_table.h"
#include "engine/effort.h"
#include "engine/kernels/kernels.h"
#include "engine/open_segment.h"

namespace nearline::engine {
namespace {

using Clock = std::chrono::steady_clock;

/// Below this many records comparing with all of them costs less than walking.
constexpr std::uint64_t kScanCount = 512;

/// Beside a larger segment, so many bytes of codes are compared in less time than the reads of a walk take.
constexpr std::uint64_t kScannedBytes = 1u << 20;

/// Calls of so many queries keep a disk busy with one read of each in flight.
constexpr std::size_t kManyQueries = 16;
constexpr std::uint32_t kFewQueriesWidth = 4;

/// A walk among deleted records that did not find enough live ones is made again with a list so many times longer.
constexpr std::uint64_t kLonger = 4;

/// One walk in flight.
struct Flight {
  SearchTask task;
  std::size_t row = 0;
  Clock::time_point started;
  std::uint64_t l = 0;  ///< of this attempt; a query may take several where records are deleted
};

void store(Scratch& scratch, const Flight& flight, SearchResult& result) {
  const std::size_t count = std::min<std::size_t>(scratch.hits.size(), result.k);  // a walk may look for more
  for (std::size_t i = 0; i < count; ++i) {
    result.ids[flight.row * result.k + i] = scratch.hits[i].id;
    result.distances[flight.row * result.k + i] = scratch.hits[i].distance;
  }
  result.counts[flight.row] = static_cast<std::uint32_t>(count);
  scratch.count_reads();
  QueryStats& stats = result.stats[flight.row] = scratch.stats;
  stats.nanoseconds = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - flight.started).count());
}

}  // namespace

std::uint32_t OpenSegment::width(std::size_t rows, const SearchOptions& options) const noexcept {
  if (options.beam_width > 0) return options.beam_width;
  return codes_ && rows >= kManyQueries ? 1 : kFewQueriesWidth;
}

Result<OpenSegment::Plan> OpenSegment::plan(std::size_t rows, const SearchOptions& options,
                                            const format::Calibration* borrowed) const {
  const format::Calibration* const calibration = calibration_ ? &*calibration_ : borrowed;
  Plan plan{.walk = {.l = options.l, .beam_width = width(rows, options), .k = options.k},
            .exact = options.exact || file_.flat() || (!codes_ && graph_->count <= kScanCount)};
  if (options.recall > 0 && !plan.exact) {
    if (calibration != nullptr) {
      const std::uint16_t ranking = codes_ ? format::kRankedByCodes : format::kRankedExactly;
      const float reserve = graph_->shape.layout == Layout::kFused ? kFusedReserve : kReserve;
      NEARLINE_TRY(effort, effort_for(*calibration, ranking, options.k, options.recall, reserve));
      plan.walk.l = effort.l;
      plan.walk.k = effort.k;
      plan.walk.stop.slack = effort.slack;
      plan.norm = calibration->norm;
    } else if (graph_->count < kLeastCalibrated) {
      plan.exact = true;
    } else {
      return Error{.code = Code::kInvalidArgument,
                   .what = "a recall: expected an index with a calibration, found one without; choose an L"};
    }
  }
  // The deleted take their part of every list: the live among them shall be as many as without.
  const auto among_all = [&](std::uint64_t live_ones) {
    const std::uint64_t wanted = live() == 0 ? count() : (live_ones * count() + live() - 1) / live();
    return static_cast<std::uint32_t>(std::min(wanted, count()));
  };
  plan.walk.l = among_all(std::max(plan.walk.l, plan.walk.k));
  return plan;
}

void OpenSegment::prepare_codes(const std::byte* vector, ElementType type, float scale, Scratch& scratch) const {
  scratch.code_vector.resize(schema_.dim);
  kernels::to_f32(type, vector, schema_.dim, scratch.code_vector.data());
  if (schema_.metric == Metric::kCosine) {
    for (float& component : scratch.code_vector) component *= scale;
  }
  scratch.code_query.prepare(codes_->book(), schema_.metric, scratch.code_vector.data());
}

/// The queries of one call, on one lane.
class OpenSegment::Batch {
 public:
  /// walks: how many go on at once.
  Batch(OpenSegment& segment, Lane& lane, const MatrixView& queries, const Plan& plan, std::size_t walks,
        SearchResult& result)
      : segment_(segment),
        lane_(lane),
        queries_(queries),
        plan_(plan),
        result_(result),
        flights_(std::min(walks, lane.scratches.size())) {}
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
        while (!flight.task.started() && next_ < queries_.rows && outcome_) {
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
    flight.l = plan_.walk.l;
    ++in_flight_;
    walk(flight, scratch, false);
  }

  /// again: without a stop rule, which the deleted near a query would mislead.
  void walk(Flight& flight, Scratch& scratch, bool again) {
    const GraphView& graph = *segment_.graph_;
    scratch.query.resize(graph.space.query_bytes());
    const std::byte* const vector = queries_.row(flight.row);
    const Query query = graph.space.query(vector, queries_.type, scratch.query.data());
    WalkOptions options = plan_.walk;
    options.l = static_cast<std::uint32_t>(flight.l);
    if (!plan_.hidden.empty()) options.hidden = plan_.hidden[flight.row];
    if (!plan_.bounds.empty()) options.bound = plan_.bounds[flight.row];
    if (again) options.stop = {};
    if (segment_.schema_.metric == Metric::kIp && options.stop.slack != StopRule::kNever) {
      const float squares = kernels::squared_norm(queries_.type, vector, queries_.dim);
      options.stop.zero = 1 - std::sqrt(squares) * plan_.norm;
    }
    const bool too_long = again && segment_.room_for({.walk = options}) < flights_.size();
    if (plan_.exact || (again && flight.l == graph.count) || too_long) {
      flight.l = graph.count;
      flight.task = search_exactly(scratch.frame, graph, query, options.k, options.bound, *lane_.reader, scratch);
    } else if (segment_.codes_) {
      segment_.prepare_codes(vector, queries_.type, query.scale, scratch);
      const bool beside = !plan_.bounds.empty() && graph.count * segment_.code_bytes_ <= kScannedBytes;
      const auto search = graph.shape.layout == Layout::kFused ? search_fused : beside ? scan_codes : search_by_codes;
      flight.task = search(scratch.frame, graph, *segment_.codes_, query, options, *lane_.reader, scratch);
    } else {
      flight.task = search_graph(scratch.frame, graph, query, options, *lane_.reader, scratch);
    }
  }

  /// Puts the answers of walks that are done where they belong, or sends them out again.
  void settle(Flight& flight, Scratch& scratch) {
    while (flight.task.done()) {
      if (flight.task.outcome() && found_too_few(flight, scratch)) {
        scratch.release(*lane_.reader);
        flight.task = {};  // its frame's memory is the next one's
        flight.l = std::min(flight.l * kLonger, segment_.count());
        walk(flight, scratch, true);
        continue;
      }
      if (flight.task.outcome()) {
        store(scratch, flight, result_);
      } else if (outcome_) {
        outcome_ = std::move(flight.task.outcome());
      }
      scratch.release(*lane_.reader);  // others may wait for the room
      flight.task = {};
      --in_flight_;
      return;
    }
  }

  [[nodiscard]] bool found_too_few(const Flight& flight, const Scratch& scratch) const noexcept {
    if (segment_.dead().count() == 0 || flight.l == segment_.count()) return false;
    if (!plan_.bounds.empty() && plan_.bounds[flight.row] < std::numeric_limits<float>::infinity()) return false;
    return scratch.hits.size() < std::min<std::uint64_t>(result_.k, segment_.live());
  }

  OpenSegment& segment_;
  Lane& lane_;
  const MatrixView& queries_;
  const Plan& plan_;
  SearchResult& result_;
  std::vector<Flight> flights_;
  std::size_t next_ = 0;
  std::size_t in_flight_ = 0;
  Result<void> outcome_;
};

Result<SearchResult> OpenSegment::answer(const MatrixView& queries, std::uint32_t k, const Plan& plan) {
  SearchResult result;
  result.k = k;
  result.ids.assign(queries.rows * k, kNoId);
  result.distances.assign(queries.rows * k, std::numeric_limits<float>::infinity());
  result.counts.assign(queries.rows, 0);
  result.stats.assign(queries.rows, {});
  const std::uint64_t walks = room_for(plan);
  if (walks == 0) {
    return Error{.code = Code::kNoMemory,
                 .what = "L of " + std::to_string(plan.walk.l) + ": the memory bound has room for shorter walks only"};
  }
  NEARLINE_TRY(lane, pool_->take());
  Result<void> outcome = Batch(*this, *lane, queries, plan, walks, result).run();
  if (plan.walk.l > kUsualL || dead().count() > 0) {
    for (auto& scratch : lane->scratches) {  // what is kept is what the budget counts on
      if (scratch->memory_bytes() > walk_scratch_bytes(needs_)) scratch = std::make_unique<Scratch>();
    }
  }
  if (!outcome) return std::move(outcome).error();
  return result;
}

std::uint64_t OpenSegment::room_for(const Plan& plan) const noexcept {
  if (plan.walk.l <= kUsualL) return budget_.walk_bytes / walk_scratch_bytes(needs_);
  // Comparing with every record takes but a heap of the answers.
  const std::uint64_t bytes = plan.exact ? walk_scratch_bytes(needs_) + std::uint64_t{plan.walk.k} * 2 * sizeof(Hit)
                                         : walk_scratch_bytes(needs_, plan.walk.l);
  return budget_.walk_bytes / bytes;
}

}  // namespace nearline::engine
