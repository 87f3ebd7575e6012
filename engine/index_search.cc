// SPDX-License-Identifier: Apache-2.0
/// A batch of queries on one lane: walks take turns, so that the disk is busy while one of them waits.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <string>

#include "engine/effort.h"
#include "engine/index_impl.h"

namespace nearline {
namespace {

using Clock = std::chrono::steady_clock;

/// Below this many records comparing with all of them costs less than walking.
constexpr std::uint64_t kScanCount = 512;

/// Calls of so many queries keep a disk busy with one read of each in flight.
constexpr std::size_t kManyQueries = 16;
constexpr std::uint32_t kFewQueriesWidth = 4;

bool is_float(ElementType type) noexcept {
  return type == ElementType::kF32 || type == ElementType::kF16 || type == ElementType::kBF16;
}

/// Takes back what walks still hold when a call ends early: the lane outlives them, and nobody may resume them.
class TakeBack {
 public:
  explicit TakeBack(engine::Lane& lane) noexcept : lane_(lane) {}
  TakeBack(const TakeBack&) = delete;
  TakeBack& operator=(const TakeBack&) = delete;
  ~TakeBack() {
    for (const auto& scratch : lane_.scratches) scratch->release(*lane_.reader);
  }

 private:
  engine::Lane& lane_;
};

/// One walk in flight.
struct Flight {
  engine::SearchTask task;
  std::size_t row = 0;
  Clock::time_point started;
};

void store(engine::Scratch& scratch, std::size_t row, Clock::time_point started, SearchResult& result) {
  const std::size_t count = std::min<std::size_t>(scratch.hits.size(), result.k);  // a walk may look for more
  for (std::size_t i = 0; i < count; ++i) {
    result.ids[row * result.k + i] = scratch.hits[i].id;
    result.distances[row * result.k + i] = scratch.hits[i].distance;
  }
  result.counts[row] = static_cast<std::uint32_t>(count);
  scratch.count_reads();
  QueryStats& stats = result.stats[row] = scratch.stats;
  stats.nanoseconds =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - started).count());
}

}  // namespace

Result<void> Index::Impl::check_search(const MatrixView& queries, const SearchOptions& options) const {
  const auto invalid = [](std::string what) { return Error{.code = Code::kInvalidArgument, .what = std::move(what)}; };
  if (queries.dim != info.schema.dim) {
    return invalid("queries of dimension " + std::to_string(queries.dim) + ": the index holds dimension " +
                   std::to_string(info.schema.dim));
  }
  if (queries.type != info.schema.type && !(is_float(queries.type) && is_float(info.schema.type))) {
    return invalid("queries of type " + std::string(name(queries.type)) + ": the index holds " +
                   std::string(name(info.schema.type)));
  }
  if (options.k == 0 || options.k > info.count) {
    return invalid("k of " + std::to_string(options.k) + ": expected 1 to " + std::to_string(info.count) +
                   ", the number of records");
  }
  if (!(options.recall == 0 || (options.recall > 0 && options.recall < 1))) {
    return invalid("recall of " + std::to_string(options.recall) + ": expected 0 for none, or a share below 1");
  }
  if (options.beam_width > engine::kMaxBatch) {
    return invalid("beam width of " + std::to_string(options.beam_width) + ": expected 0 to " +
                   std::to_string(engine::kMaxBatch));
  }
  return {};
}

std::uint32_t Index::Impl::width(std::size_t rows, const SearchOptions& options) const noexcept {
  if (options.beam_width > 0) return options.beam_width;
  return codes_ && rows >= kManyQueries ? 1 : kFewQueriesWidth;
}

Result<Index::Impl::Plan> Index::Impl::plan(std::size_t rows, const SearchOptions& options) const {
  Plan plan{.walk = {.l = options.l, .beam_width = width(rows, options), .k = options.k},
            .exact = options.exact || (!codes_ && graph_->count <= kScanCount)};
  if (options.recall > 0 && !plan.exact) {
    if (calibration_) {
      const std::uint16_t ranking = codes_ ? format::kRankedByCodes : format::kRankedExactly;
      NEARLINE_TRY(effort, engine::effort_for(*calibration_, ranking, options.k, options.recall));
      plan.walk.l = effort.l;
      plan.walk.k = static_cast<std::uint32_t>(std::min<std::uint64_t>(effort.k, graph_->count));
      plan.walk.stop.slack = effort.slack;
      plan.norm = calibration_->norm;
    } else if (graph_->count < engine::kLeastCalibrated) {
      plan.exact = true;
    } else {
      return Error{.code = Code::kInvalidArgument,
                   .what = "a recall: expected an index with a calibration, found one without; choose an L"};
    }
  }
  plan.walk.l = static_cast<std::uint32_t>(std::min<std::uint64_t>(std::max(plan.walk.l, plan.walk.k), graph_->count));
  return plan;
}

void Index::Impl::prepare_codes(const std::byte* vector, ElementType type, float scale,
                                engine::Scratch& scratch) const {
  scratch.code_vector.resize(info.schema.dim);
  kernels::to_f32(type, vector, info.schema.dim, scratch.code_vector.data());
  if (info.schema.metric == Metric::kCosine) {
    for (float& component : scratch.code_vector) component *= scale;
  }
  scratch.code_query.prepare(codes_->book(), info.schema.metric, scratch.code_vector.data());
}

Result<void> Index::Impl::check_row(const MatrixView& queries, std::size_t row) const {
  const std::byte* vector = queries.row(row);
  if (!kernels::all_finite(queries.type, vector, queries.dim)) {
    return Error{.code = Code::kBadInput,
                 .what = "query " + std::to_string(row) + " holds NaN or infinity: expected finite values"};
  }
  if (info.schema.metric == Metric::kCosine) {
    if (!engine::has_direction(kernels::squared_norm(queries.type, vector, queries.dim))) {
      return Error{
          .code = Code::kBadInput,
          .what = "query " + std::to_string(row) + " has no direction: expected a length above 0 under cosine"};
    }
  }
  return {};
}

Result<SearchResult> Index::Impl::search(const MatrixView& queries, const SearchOptions& options) {
  NEARLINE_CHECK(check_search(queries, options));
  for (std::size_t row = 0; row < queries.rows; ++row) NEARLINE_CHECK(check_row(queries, row));
  NEARLINE_TRY(planned, plan(queries.rows, options));
  return answer(queries, options.k, planned);
}

Result<SearchResult> Index::Impl::answer(const MatrixView& queries, std::uint32_t k, const Plan& plan) {
  SearchResult result;
  result.k = k;
  result.ids.assign(queries.rows * k, kNoId);
  result.distances.assign(queries.rows * k, std::numeric_limits<float>::infinity());
  result.counts.assign(queries.rows, 0);
  result.stats.assign(queries.rows, {});
  NEARLINE_TRY(lane, pool_->take());
  NEARLINE_CHECK(run(*lane, queries, plan, result));
  return result;
}

Result<void> Index::Impl::run(engine::Lane& lane, const MatrixView& queries, const Plan& plan, SearchResult& result) {
  std::vector<Flight> flights(lane.scratches.size());
  const TakeBack take_back(lane);
  std::size_t next = 0;
  std::size_t in_flight = 0;
  Result<void> outcome;

  const auto start = [&](Flight& flight, engine::Scratch& scratch) {
    scratch.clear_counters();
    scratch.query.resize(graph_->space.query_bytes());
    flight.row = next++;
    flight.started = Clock::now();
    const engine::Query query = graph_->space.query(queries.row(flight.row), queries.type, scratch.query.data());
    engine::WalkOptions walk = plan.walk;
    if (!plan.hidden.empty()) walk.hidden = plan.hidden[flight.row];
    if (info.schema.metric == Metric::kIp && walk.stop.slack != engine::StopRule::kNever) {
      const float squares = kernels::squared_norm(queries.type, queries.row(flight.row), queries.dim);
      walk.stop.zero = 1 - std::sqrt(squares) * plan.norm;
    }
    if (plan.exact) {
      flight.task = search_exactly(scratch.frame, *graph_, query, walk.k, *lane.reader, scratch);
    } else if (codes_) {
      prepare_codes(queries.row(flight.row), queries.type, query.scale, scratch);
      flight.task = search_by_codes(scratch.frame, *graph_, *codes_, query, walk, *lane.reader, scratch);
    } else {
      flight.task = search_graph(scratch.frame, *graph_, query, walk, *lane.reader, scratch);
    }
    ++in_flight;
  };
  const auto finish = [&](Flight& flight, engine::Scratch& scratch) {
    if (flight.task.outcome()) {
      store(scratch, flight.row, flight.started, result);
    } else if (outcome) {
      outcome = std::move(flight.task.outcome());
    }
    scratch.release(*lane.reader);  // others may wait for the room
    flight.task = {};
    --in_flight;
  };

  do {
    for (std::size_t i = 0; i < flights.size(); ++i) {
      Flight& flight = flights[i];
      engine::Scratch& scratch = *lane.scratches[i];
      if (flight.task.started() && flight.task.done()) finish(flight, scratch);
      while (!flight.task.started() && next < queries.rows && outcome) {
        start(flight, scratch);
        if (flight.task.done()) finish(flight, scratch);
      }
    }
    if (in_flight > 0) lane.reader->poll();
  } while (in_flight > 0);  // after an error the walks in flight are waited for: they hold pages
  return outcome;
}

}  // namespace nearline
