// SPDX-License-Identifier: Apache-2.0
/// exact_neighbors: streams the base once for as many queries as fit the memory budget, and again for the next.
#include "nearline/exact.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <string>

#include "engine/kernels/kernels.h"
#include "engine/parallel.h"
#include "engine/progress.h"
#include "engine/space/unfit.h"
#include "engine/threads.h"
#include "engine/vectors/exact_scan.h"
#include "engine/vectors/row_blocks.h"

namespace nearline {
namespace {

constexpr std::size_t kCheckChunk = 1024;

Error invalid(std::string what) {
  return {.code = Code::kInvalidArgument, .what = std::move(what)};
}

Result<void> check_call(const VectorFile& base, const VectorFile& queries, const ExactOptions& options) {
  if (options.k == 0 || options.k > std::max<std::uint64_t>(base.rows(), kMaxPaddedK)) {
    return invalid("k of " + std::to_string(options.k) + ": expected 1 to " +
                   std::to_string(std::max<std::uint64_t>(base.rows(), kMaxPaddedK)))
        .in(base.path().string());
  }
  if (queries.dim() != base.dim()) {
    return invalid("queries of dimension " + std::to_string(queries.dim()) + ": the base has " +
                   std::to_string(base.dim()))
        .in(queries.path().string());
  }
  if (!comparable(queries.type(), base.type())) {
    return invalid("queries of type " + std::string(name(queries.type())) + ": the base has " +
                   std::string(name(base.type())))
        .in(queries.path().string());
  }
  if (!compatible(options.metric, base.type())) {
    return invalid("vectors of type " + std::string(name(base.type())) + " cannot be compared by " +
                   std::string(name(options.metric)))
        .in(base.path().string());
  }
  return {};
}

Result<void> check_weighted(const VectorFile& file, const MatrixView& rows, std::uint64_t first_row, Metric metric,
                            const engine::Weighting& weighting) {
  for (std::size_t i = 0; i < rows.rows; ++i) {
    if (const char* fault = weighting.unfit_query(metric, rows.type, rows.row(i))) {
      return Error{.code = Code::kBadInput,
                   .what = "row " + std::to_string(first_row + i) + " " + fault,
                   .file = file.path().string()};
    }
  }
  return {};
}

/// Errors: kBadInput naming the first row that cannot be compared.
Result<void> check_rows(const VectorFile& file, const MatrixView& rows, std::uint64_t first_row, Metric metric,
                        unsigned threads) {
  if (!is_float(rows.type) && metric != Metric::kCosine) return {};
  std::atomic<std::size_t> worst{rows.rows};
  engine::parallel_for(rows.rows, kCheckChunk, threads, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t i = begin; i < end; ++i) {
      if (engine::unfit(metric, rows.type, rows.row(i), rows.dim) == nullptr) continue;
      std::size_t first = worst.load();
      while (i < first && !worst.compare_exchange_weak(first, i)) continue;
      return;
    }
  });
  const std::size_t bad = worst.load();
  if (bad == rows.rows) return {};
  return Error{.code = Code::kBadInput,
               .what = "row " + std::to_string(first_row + bad) + " " +
                       engine::unfit(metric, rows.type, rows.row(bad), rows.dim),
               .file = file.path().string()};
}

/// One pass over the base for some of the queries.
class Pass {
 public:
  Pass(const VectorFile& base, const ExactOptions& options, std::uint64_t block_bytes, unsigned threads)
      : base_(base), options_(options), block_bytes_(block_bytes), threads_(threads) {}

  /// done, total: rows of all passes, for progress.
  Result<void> run(engine::ExactScan& scan, std::uint64_t done, std::uint64_t total) const {
    return engine::for_each_block(base_, block_bytes_,
                                  [&](const MatrixView& rows, std::uint64_t first) -> Result<void> {
                                    NEARLINE_CHECK(engine::report(options_.progress, {"scan", done + first, total}));
                                    if (done == 0)
                                      NEARLINE_CHECK(check_rows(base_, rows, first, options_.metric, threads_));
                                    scan.show(rows, first);
                                    return {};
                                  });
  }

 private:
  const VectorFile& base_;
  const ExactOptions& options_;
  std::uint64_t block_bytes_;
  unsigned threads_;
};

void append(engine::ExactScan& scan, std::size_t queries, NeighborTable& table) {
  for (std::size_t q = 0; q < queries; ++q) {
    const auto hits = scan.hits(q);
    for (const engine::NearRow& hit : hits) {
      table.ids.push_back(hit.row);
      table.distances.push_back(hit.distance);
    }
    table.ids.insert(table.ids.end(), table.k - hits.size(), kNoId);
    table.distances.insert(table.distances.end(), table.k - hits.size(), std::numeric_limits<float>::infinity());
  }
}

}  // namespace

Result<NeighborTable> exact_neighbors(const VectorFile& base, const VectorFile& queries, const ExactOptions& options) {
  NEARLINE_CHECK(kernels::check_environment());
  NEARLINE_CHECK(check_call(base, queries, options));
  const Schema schema{.dim = base.dim(), .type = base.type(), .metric = options.metric};
  NEARLINE_TRY(weighting, engine::Weighting::of(schema, options.prefix, options.mask));
  NEARLINE_CHECK(engine::check_threads(options.threads));
  const unsigned threads = engine::thread_count(options.threads);
  const auto nearest = static_cast<std::uint32_t>(std::min<std::uint64_t>(options.k, base.rows()));
  const std::uint64_t query_bytes = vector_bytes(queries.type(), queries.dim());
  const std::uint64_t per_query = query_bytes + engine::ExactScan::bytes_per_query(base.type(), base.dim(), nearest) +
                                  weighting.roots().size_bytes();
  const std::uint64_t block_bytes = std::min(engine::kRowBlockBytes, options.memory_bytes / 2);
  const std::uint64_t at_once = std::clamp<std::uint64_t>((options.memory_bytes - block_bytes) / per_query, 1,
                                                          std::max<std::uint64_t>(1, queries.rows()));
  const std::uint64_t passes = (queries.rows() + at_once - 1) / at_once;

  NeighborTable table{.queries = queries.rows(), .k = options.k, .ids = {}, .distances = {}};
  table.ids.reserve(queries.rows() * options.k);
  table.distances.reserve(queries.rows() * options.k);
  const Pass pass(base, options, block_bytes, threads);
  std::vector<std::byte> vectors(static_cast<std::size_t>(std::min(at_once, queries.rows()) * query_bytes));
  for (std::uint64_t i = 0; i < passes; ++i) {
    const std::uint64_t first = i * at_once;
    const auto count = static_cast<std::size_t>(std::min(at_once, queries.rows() - first));
    NEARLINE_CHECK(queries.read(first, count, std::span(vectors).first(count * query_bytes)));
    const MatrixView rows(vectors.data(), count, queries.dim(), queries.type());
    NEARLINE_CHECK(check_rows(queries, rows, first, options.metric, threads));
    NEARLINE_CHECK(check_weighted(queries, rows, first, options.metric, weighting));
    engine::ExactScan scan(
        rows, base.type(),
        {.metric = options.metric, .k = nearest, .threads = threads, .farther_than = {}, .weighting = &weighting});
    NEARLINE_CHECK(pass.run(scan, i * base.rows(), passes * base.rows()));
    append(scan, count, table);
  }
  return table;
}

}  // namespace nearline
