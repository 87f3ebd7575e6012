// SPDX-License-Identifier: Apache-2.0
#include "tools/report/curve.h"

#include <algorithm>
#include <chrono>

#include "tools/percentile.h"
#include "tools/recall.h"

namespace nearline::tools {
namespace {

using Clock = std::chrono::steady_clock;

/// A pass over few queries is repeated this long, for a rate that a busy moment does not spoil.
constexpr double kLeastSeconds = 0.1;

/// A query alone keeps so many reads in flight, as Index::search does with single ones.
constexpr std::uint32_t kWidthAlone = 4;

/// Queries for which an index is opened just to be cold.
constexpr std::size_t kMostCold = 100;

/// How an index is opened to see what a query reads from the disk: not mapped, and ranked by codes where it has them
/// and the budget has room, though its pages may fit the cache: a query that is the first finds none there.
Result<OpenOptions> cold_options(const SearchSetup& setup, const IndexInfo& info) {
  OpenOptions cold = setup.open;
  cold.io = IoMode::kPread;
  cold.threads = 1;
  if (cold.ranking != Ranking::kAuto || info.code_bytes == 0) return cold;
  cold.ranking = Ranking::kCodes;
  const auto index = Index::open(setup.index, cold);
  if (index) return cold;
  if (index.error().code != Code::kOverBudget) return index.error();
  cold.ranking = Ranking::kAuto;
  return cold;
}

class CurveMeter {
 public:
  CurveMeter(const SearchSetup& setup, const OpenOptions& cold, const Trial& trial, Report& report)
      : setup_(setup),
        cold_(cold),
        trial_(trial),
        report_(report),
        recall_(trial.truth, report.info.schema, setup.search.k),
        options_(setup.search) {
    if (trial.own.empty()) return;
    ++options_.k;  // the query itself is found too, and then left out
    options_.as_stored = true;
  }

  Result<void> measure(std::uint32_t l) {
    CurvePoint point{.l = l};
    options_.l = l;
    NEARLINE_TRY(open, reopen());
    const bool mapped = open.index.io() == IoMode::kMapped;
    if (mapped) NEARLINE_CHECK(search_all(open, setup_, options_));
    NEARLINE_CHECK(measure_rate(open, mapped, point));
    report_.io = open.index.io();
    report_.ranking = open.index.ranking();
    report_.memory = open.index.memory_usage();
    if (mapped) {
      NEARLINE_CHECK(measure_latency(open, point));
    } else {
      NEARLINE_TRY(fresh, reopen());
      NEARLINE_CHECK(measure_latency(fresh, point));
    }
    NEARLINE_CHECK(measure_cold(point));
    report_.curve.push_back(point);
    return {};
  }

 private:
  [[nodiscard]] Result<OpenSearch> reopen() const {
    NEARLINE_TRY(index, Index::open(setup_.index, setup_.open));
    return OpenSearch{std::move(index), {}, trial_.queries};
  }

  Result<void> measure_rate(const OpenSearch& open, bool repeat, CurvePoint& point) {
    const auto start = Clock::now();
    double seconds = 0;
    double answered = 0;
    SearchResult result;
    do {
      NEARLINE_TRY(found, search_all(open, setup_, options_));
      seconds = std::chrono::duration<double>(Clock::now() - start).count();
      answered += static_cast<double>(trial_.queries.rows);
      result = std::move(found);
    } while (repeat && seconds < kLeastSeconds);
    point.qps = seconds > 0 ? answered / seconds : 0;
    point.recall = recall_of(result);
    const auto rows = static_cast<double>(std::max<std::size_t>(1, result.stats.size()));
    for (const QueryStats& stats : result.stats) {
      point.reads += stats.page_reads / rows;
      point.cache_hits += stats.cache_hits / rows;
      point.distances += stats.distance_computations / rows;
      point.estimates += stats.estimates / rows;
    }
    return {};
  }

  /// found: of the first queries.
  [[nodiscard]] double recall_of(const SearchResult& found) const {
    if (trial_.own.empty()) return recall_.of(found);
    return recall_.of(without_own(found, std::span(trial_.own).first(found.counts.size())));
  }

  Result<void> measure_cold(CurvePoint& point) {
    const MatrixView& all = trial_.queries;
    SearchOptions options = options_;
    const std::size_t rows = std::min(kMostCold, all.rows);
    SearchResult whole;
    whole.k = options.k;
    for (std::size_t row = 0; row < rows; ++row) {
      NEARLINE_TRY(index, Index::open(setup_.index, cold_));
      report_.cold_ranking = index.ranking();
      // With codes, one read in flight takes the fewest; a call of many queries would do the same.
      if (setup_.search.beam_width == Count::kAuto)
        options.beam_width = index.ranking() == Ranking::kCodes ? 1 : kWidthAlone;
      NEARLINE_TRY(found, index.search({all.row(row), 1, all.dim, all.type}, options));
      whole.ids.insert(whole.ids.end(), found.ids.begin(), found.ids.end());
      whole.distances.insert(whole.distances.end(), found.distances.begin(), found.distances.end());
      whole.counts.push_back(found.counts[0]);
      point.cold_reads += found.stats[0].page_reads / static_cast<double>(rows);
      point.cold_bytes += static_cast<double>(found.stats[0].bytes_read) / static_cast<double>(rows);
    }
    report_.cold_query_count = rows;
    point.cold_recall = recall_of(whole);
    return {};
  }

  Result<void> measure_latency(const OpenSearch& open, CurvePoint& point) const {
    SearchSetup one_by_one = setup_;
    one_by_one.batch = 1;
    SearchOptions alone = options_;
    if (alone.beam_width == Count::kAuto) alone.beam_width = kWidthAlone;
    NEARLINE_TRY(result, search_all(open, one_by_one, alone));
    std::vector<double> latencies;
    for (const QueryStats& stats : result.stats) {
      latencies.push_back(static_cast<double>(stats.nanoseconds) / 1000);
      point.mean_us += latencies.back() / static_cast<double>(result.stats.size());
    }
    std::sort(latencies.begin(), latencies.end());
    point.p50_us = percentile(latencies, 0.50);
    point.p90_us = percentile(latencies, 0.90);
    point.p99_us = percentile(latencies, 0.99);
    point.max_us = percentile(latencies, 1);
    return {};
  }

  const SearchSetup& setup_;
  const OpenOptions& cold_;
  const Trial& trial_;
  Report& report_;
  Recall recall_;
  SearchOptions options_;
};

}  // namespace

Result<void> measure_curve(const SearchSetup& setup, const Trial& trial, const std::vector<std::uint32_t>& lengths,
                           const ProgressFn& progress, Report& report) {
  NEARLINE_TRY(cold, cold_options(setup, report.info));
  CurveMeter meter(setup, cold, trial, report);
  std::uint64_t done = 0;
  for (const std::uint32_t l : lengths) {
    if (!progress({"measure", done++, lengths.size()}))
      return Error{Code::kCancelled, "stopped before the end", setup.index.string()};
    NEARLINE_CHECK(meter.measure(l));
  }
  return {};
}

}  // namespace nearline::tools
