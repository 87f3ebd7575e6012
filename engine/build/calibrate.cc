// SPDX-License-Identifier: Apache-2.0
#include "engine/build/calibrate.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>

#include "engine/build/held_out.h"
#include "engine/parallel.h"

namespace nearline::engine {
namespace {

constexpr std::uint32_t kLeastQueries = 32;
constexpr std::size_t kChunkQueries = 16;
constexpr float kFound = 0.9995F;  ///< more effort would show nothing
/// More slack finds hardly more than this where the length of the list is what ends walks.
constexpr float kHardlyMore = 0.0005F;
constexpr float kEnoughSlack = 0.1F;

/// A curve for each k. Recall of many answers is known from fewer queries.
struct CurveKind {
  std::uint32_t k;
  std::uint32_t queries;
};
constexpr CurveKind kCurves[] = {{10, 512}, {100, 128}};

/// Shares of the k-th distance, from no margin at all to more than any set needed; the first two only for codes, whose
/// estimates may be too large.
constexpr float kSlacks[] = {-0.1F, -0.05F, 0,    0.03F, 0.06F, 0.1F, 0.15F, 0.2F,
                             0.25F, 0.3F,   0.4F, 0.5F,  0.7F,  1,    1.5F,  2.5F};
constexpr std::size_t kFirstExactSlack = 2;
/// Lists are this long while the slack decides: longer ones hardly find more.
std::uint32_t list_for(std::uint32_t k) noexcept {
  return 100 + 4 * k;
}
constexpr int kMostDoublings = 3;

class Calibration {
 public:
  Calibration(const HeldOut& held, const CalibrateOptions& options) : held_(held), options_(options) {
    result_.queries = held.size();
    result_.norm = held.largest_norm();
  }

  /// share: of the work that was done before and will be done when this is.
  Result<void> add(OpenIndex& index, std::uint16_t ranking, double before, double after) {
    const double part = (after - before) / static_cast<double>(std::size(kCurves));
    for (std::size_t c = 0; c < std::size(kCurves); ++c) {
      if (kCurves[c].k >= index.info.count) break;
      NEARLINE_CHECK(options_.progress(before + part * static_cast<double>(c)));
      NEARLINE_CHECK(add_curve(index, ranking, kCurves[c]));
    }
    return {};
  }

  format::Calibration take() { return std::move(result_); }

 private:
  Result<void> add_curve(OpenIndex& index, std::uint16_t ranking, const CurveKind& kind) {
    float reached = 0;
    WalkOptions walk{.l = list_for(kind.k), .k = kind.k};
    if (ranking == format::kRankedByCodes) walk.beam_width = 1;
    const auto step = [&]() -> Result<bool> {
      NEARLINE_TRY(recall, measure(index, walk, kind));
      reached = std::max(reached, recall);  // a step that found less by chance is no worse than the one before
      result_.steps.push_back({.ranking = ranking,
                               .k = static_cast<std::uint16_t>(kind.k),
                               .l = walk.l,
                               .slack = walk.stop.slack,
                               .recall = reached});
      return reached < kFound;
    };
    for (std::size_t i = ranking == format::kRankedByCodes ? 0 : kFirstExactSlack; i < std::size(kSlacks); ++i) {
      walk.stop.slack = kSlacks[i];
      const float before = reached;
      NEARLINE_TRY(more, step());
      if (!more) return {};
      if (walk.stop.slack > kEnoughSlack && reached < before + kHardlyMore) break;
    }
    walk.stop.slack = StopRule::kNever;
    for (int doubled = 0; doubled < kMostDoublings && walk.l < index.info.count; ++doubled) {
      walk.l *= 2;
      const float before = reached;
      NEARLINE_TRY(more, step());
      if (!more || reached < before + kHardlyMore) break;
    }
    return {};
  }

  /// Mean recall of one effort.
  Result<float> measure(OpenIndex& index, const WalkOptions& walk, const CurveKind& kind) {
    const std::uint32_t queries = std::min(kind.queries, held_.size());
    std::atomic<std::uint64_t> hits{0};
    std::mutex mutex;  // guards the outcome
    Result<void> outcome;
    parallel_for(queries, kChunkQueries, options_.threads, [&](std::size_t begin, std::size_t end, unsigned) {
      auto found = search(index, walk, kind, begin, end);
      if (found) {
        hits += *found;
        return;
      }
      const std::scoped_lock lock(mutex);
      if (outcome) outcome = std::move(found).error();
    });
    if (!outcome) return std::move(outcome).error();
    return static_cast<float>(static_cast<double>(hits) / (static_cast<double>(queries) * kind.k));
  }

  /// Hits of queries [begin, end) of the curve, which are spread over all that are held.
  Result<std::uint64_t> search(OpenIndex& index, const WalkOptions& walk, const CurveKind& kind, std::size_t begin,
                               std::size_t end) {
    const std::size_t queries = std::min(kind.queries, held_.size());
    const MatrixView all = held_.queries();
    std::uint64_t hits = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t q = i * held_.size() / queries;
      const MatrixView one{.data = all.row(q), .rows = 1, .dim = all.dim, .type = all.type};
      NEARLINE_TRY(answer, index.answer(one, kind.k, {.walk = walk, .norm = result_.norm, .hidden = held_.hidden(q)}));
      hits += held_.hits(q, std::span(answer.distances).first(answer.counts[0]));
    }
    return hits;
  }

  const HeldOut& held_;
  const CalibrateOptions& options_;
  format::Calibration result_;
};

std::uint32_t queries_for(const Schema& schema, std::uint64_t memory_bytes) noexcept {
  const std::uint64_t each = HeldOut::bytes_per_query(schema, std::end(kCurves)[-1].k);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(kCurves[0].queries, memory_bytes / each));
}

}  // namespace

Result<std::optional<format::Calibration>> calibrate(io::FileSystem& fs, const std::filesystem::path& path,
                                                     const CalibrateOptions& options) {
  // Not mapped: what a map touches would count as the build's memory wherever someone looks at it.
  OpenOptions open{.io = IoMode::kPread,
                   .memory_bytes = options.memory_bytes / 2,
                   .ranking = Ranking::kExact,
                   .threads = options.threads};
  auto exact = OpenIndex::open(fs, path, open);
  if (!exact && exact.error().code == Code::kNoMemory) return std::optional<format::Calibration>();
  if (!exact) return std::move(exact).error();
  const std::uint32_t queries = queries_for((*exact)->info.schema, options.memory_bytes / 4);
  if (queries < kLeastQueries) return std::optional<format::Calibration>();
  const auto k = static_cast<std::uint32_t>(std::min<std::uint64_t>(std::end(kCurves)[-1].k, (*exact)->info.count - 1));
  NEARLINE_CHECK(options.progress(0));
  NEARLINE_TRY(held, HeldOut::draw(**exact, queries, k, options.threads));
  Calibration calibration(held, options);
  NEARLINE_CHECK(calibration.add(**exact, format::kRankedExactly, 0.3, 0.6));
  const bool coded = (*exact)->info.code_bytes > 0;
  exact = std::unique_ptr<OpenIndex>();  // its memory is needed
  if (coded) {
    open.ranking = Ranking::kCodes;
    auto by_codes = OpenIndex::open(fs, path, open);
    if (!by_codes && by_codes.error().code != Code::kNoMemory) return std::move(by_codes).error();
    if (by_codes) NEARLINE_CHECK(calibration.add(**by_codes, format::kRankedByCodes, 0.6, 1));
  }
  return std::optional(calibration.take());
}

}  // namespace nearline::engine
