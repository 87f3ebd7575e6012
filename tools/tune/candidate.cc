// SPDX-License-Identifier: Apache-2.0
#include "tools/tune/candidate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>

#include "tools/batch_search.h"
#include "tools/recall.h"
#include "tools/report/sample.h"

namespace nearline::tools {
namespace {

constexpr std::array kLengths = {10U, 16U, 24U, 32U, 48U, 64U, 96U, 128U, 192U, 256U, 384U, 512U, 768U, 1024U};
constexpr std::uint64_t kLeastShare = 64U << 10;

/// The queries as an index of that type takes them: of floats any, else its own.
MatrixView queries_for(const DataSample& sample, ElementType type, std::vector<std::byte>& bytes) {
  const bool whole = type == ElementType::kU8 || type == ElementType::kI8;
  if (!whole || sample.schema.type != ElementType::kF32) return sample.queries;
  bytes.resize(sample.queries.rows * sample.schema.dim);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    float value;
    std::memcpy(&value, sample.query_bytes.data() + i * sizeof value, sizeof value);
    bytes[i] = static_cast<std::byte>(static_cast<int>(value));  // types_for saw that it fits; i8 wraps as it should
  }
  return {bytes.data(), sample.queries.rows, sample.schema.dim, type};
}

Result<void> build_sample(const DataSample& sample, const Schema& schema, Layout layout, std::uint32_t code_bytes,
                          std::uint32_t threads, const std::filesystem::path& output, const ProgressFn& progress) {
  BuildOptions options;
  options.layout = layout;
  options.code_bytes = code_bytes;
  options.calibrate = false;  // it is measured here what it would measure
  options.threads = threads;
  options.replace = true;
  options.progress = progress;
  NEARLINE_TRY(builder, Builder::create(output, schema, options));
  NEARLINE_CHECK(builder.add(sample.rows));
  NEARLINE_CHECK(builder.finish());
  return {};
}

/// One index, and how all records in such an index would be searched.
class TryOut {
 public:
  TryOut(const DataSample& sample, const Schema& schema, Layout layout, const TuneGoal& goal, const TuneTruth& truth,
         const ProgressFn& progress)
      : sample_(sample), schema_(schema), layout_(layout), goal_(goal), truth_(truth), progress_(progress) {
    setup_.index = truth.folder / "candidate.near";
    setup_.open.io = IoMode::kDirect;
    setup_.open.threads = goal.threads;
    setup_.search.k = goal.k;
  }

  /// Codes are in the pages, so there is one way to search.
  Result<std::vector<Candidate>> run_fused() {
    NEARLINE_TRY(needs, needs_of_all(Count::kAuto));
    std::vector<Candidate> measured;
    if (goal_.memory_bytes < needs.search_memory_bytes) return measured;
    NEARLINE_TRY(candidate, build(Count::kAuto));
    candidate.ranking = Ranking::kCodes;
    candidate.file_bytes = needs.file_bytes;
    candidate.least_memory_bytes = needs.search_memory_bytes;
    NEARLINE_CHECK(add(candidate, measured));
    return measured;
  }

  Result<std::vector<Candidate>> run_lean(std::uint32_t code_bytes) {
    if (code_bytes != Count::kAuto && code_bytes != 0) {  // what cannot be searched need not be built
      NEARLINE_TRY(needs, needs_of_all(code_bytes));
      if (goal_.memory_bytes < needs.code_search_memory_bytes) return std::vector<Candidate>();
    }
    NEARLINE_TRY(candidate, build(code_bytes));
    std::vector<Candidate> measured;
    if (candidate.code_bytes > 0) {
      NEARLINE_TRY(needs, needs_of_all(candidate.code_bytes));
      candidate.ranking = Ranking::kCodes;
      candidate.file_bytes = needs.file_bytes;
      candidate.least_memory_bytes = needs.code_search_memory_bytes;
      NEARLINE_CHECK(add(candidate, measured));
    }
    if (code_bytes != Count::kAuto && code_bytes != 0) return measured;
    // The same graph serves to measure what an index without codes does.
    NEARLINE_TRY(needs, needs_of_all(0));
    candidate.ranking = Ranking::kExact;
    candidate.code_bytes = 0;
    candidate.file_bytes = needs.file_bytes;
    candidate.least_memory_bytes = needs.search_memory_bytes;
    NEARLINE_CHECK(add(candidate, measured));
    return measured;
  }

 private:
  Result<Candidate> build(std::uint32_t code_bytes) {
    NEARLINE_CHECK(build_sample(sample_, schema_, layout_, code_bytes, goal_.threads, setup_.index, progress_));
    NEARLINE_TRY(index, Index::open(setup_.index, {.io = IoMode::kPread, .threads = 1}));
    return Candidate{.type = schema_.type,
                     .code_bytes = index.info().code_bytes,
                     .chosen_code_bytes = index.info().code_bytes,
                     .layout = index.info().layout};
  }

  [[nodiscard]] Result<Estimate> needs_of_all(std::uint32_t code_bytes) const {
    BuildOptions options;
    options.layout = layout_;
    options.code_bytes = code_bytes;
    return estimate(sample_.total, schema_, options);
  }

  /// Where all records in it could be searched within the memory, it is measured.
  Result<void> add(const Candidate& candidate, std::vector<Candidate>& measured) {
    if (goal_.memory_bytes < candidate.least_memory_bytes) return {};
    NEARLINE_TRY(figures, measure(candidate));
    measured.push_back(figures);
    return {};
  }

  /// With the sample's share of the memory, or the least above it that works.
  Result<OpenSearch> open(Ranking ranking) {
    setup_.open.ranking = layout_ == Layout::kFused ? Ranking::kAuto : ranking;
    const double share = static_cast<double>(sample_.rows.rows) / static_cast<double>(sample_.total);
    setup_.open.memory_bytes =
        std::max(kLeastShare, static_cast<std::uint64_t>(static_cast<double>(goal_.memory_bytes) * share));
    while (true) {
      auto index = Index::open(setup_.index, setup_.open);
      if (index) {
        OpenSearch open{std::move(index).value(), {}, {}};
        open.queries = queries_for(sample_, schema_.type, open.bytes);
        return open;
      }
      if (index.error().code != Code::kOverBudget || setup_.open.memory_bytes > goal_.memory_bytes)
        return std::move(index).error();
      setup_.open.memory_bytes += setup_.open.memory_bytes / 4;
    }
  }

  Result<Candidate> measure(Candidate candidate) {
    NEARLINE_TRY(open_index, open(candidate.ranking));
    const Recall recall(truth_.table, schema_, goal_.k);
    SearchOptions search = setup_.search;
    for (const std::uint32_t l : kLengths) {
      if (l < goal_.k && l != kLengths.back()) continue;
      if (!progress_({"search", l, kLengths.back()})) return Error{Code::kCancelled, "stopped while measuring"};
      search.l = std::max(l, goal_.k);
      auto found = search_all(open_index, setup_, search);
      if (!found && found.error().code == Code::kOverBudget && candidate.l > 0) break;  // no longer walk has room
      if (!found) return std::move(found).error();
      candidate.l = search.l;
      candidate.recall = recall.of(*found);
      candidate.reached = candidate.recall >= double{goal_.recall};
      if (candidate.reached) break;
    }
    search.l = candidate.l;
    NEARLINE_CHECK(take_costs(open_index, search, candidate));
    const double growth =
        std::log(static_cast<double>(sample_.total)) / std::log(static_cast<double>(sample_.rows.rows));
    candidate.all_reads = candidate.reads * growth;
    candidate.all_qps = candidate.qps / growth;
    return candidate;
  }

  /// All queries once more: now the cache holds what it can.
  Result<void> take_costs(const OpenSearch& open_index, const SearchOptions& search, Candidate& candidate) {
    const auto started = std::chrono::steady_clock::now();
    NEARLINE_TRY(found, search_all(open_index, setup_, search));
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - started;
    const auto queries = static_cast<double>(found.stats.size());
    candidate.qps = queries / std::max(passed.count(), 1e-9);
    for (const QueryStats& stats : found.stats) {
      candidate.reads += static_cast<double>(stats.page_reads) / queries;
      candidate.distances += static_cast<double>(stats.distance_computations) / queries;
    }
    return {};
  }

  const DataSample& sample_;
  const Schema schema_;
  const Layout layout_;
  const TuneGoal& goal_;
  const TuneTruth& truth_;
  const ProgressFn& progress_;
  SearchSetup setup_;
};

}  // namespace

Result<NeighborTable> true_neighbors(const DataSample& sample, const TuneGoal& goal,
                                     const std::filesystem::path& folder, const ProgressFn& progress) {
  SearchSetup setup;
  setup.index = folder / "exact.near";
  NEARLINE_CHECK(build_sample(sample, sample.schema, Layout::kLean, 0, goal.threads, setup.index, progress));
  NEARLINE_TRY(index, Index::open(setup.index, setup.open));
  OpenSearch open{std::move(index), {}, sample.queries};
  NEARLINE_TRY(exact, search_exactly(open, setup, goal.k, false, progress));
  return as_truth(exact, goal.k);
}

Result<std::vector<Candidate>> try_out(const DataSample& sample, ElementType type, Layout layout,
                                       std::uint32_t code_bytes, const TuneGoal& goal, const TuneTruth& truth,
                                       const ProgressFn& progress) {
  Schema schema = sample.schema;
  schema.type = type;
  TryOut way(sample, schema, layout, goal, truth, progress);
  return layout == Layout::kFused ? way.run_fused() : way.run_lean(code_bytes);
}

}  // namespace nearline::tools
