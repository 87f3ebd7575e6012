// SPDX-License-Identifier: Apache-2.0
#include "engine/build/calibrate.h"

#include <algorithm>
#include <mutex>
#include <span>
#include <vector>

#include "engine/build/held_out.h"
#include "engine/parallel.h"

namespace nearline::engine {
namespace {

constexpr std::uint32_t kLeastQueries = 32;
constexpr std::size_t kChunkQueries = 4;
/// A query climbs over the pages that it has met already, which are no more than this on all threads together.
constexpr std::uint64_t kEnoughCache = 32U << 20;
constexpr float kFound = 0.9995F;  ///< more effort would show nothing

/// A curve for each k. Recall of many answers is known from fewer queries.
struct CurveKind {
  std::uint32_t k;
  std::uint32_t queries;
};
constexpr CurveKind kCurves[] = {{10, 512}, {100, 128}};

/// Shares of the k-th distance, from no margin at all to more than most sets need; the first two only for codes, whose
/// estimates may be too large.
constexpr float kSlacks[] = {-0.1F, -0.05F, 0, 0.03F, 0.06F, 0.1F, 0.15F, 0.2F, 0.25F, 0.3F, 0.4F, 0.6F, 1};
constexpr std::size_t kFirstExactSlack = 2;
/// Lists are this long while the slack decides: longer ones hardly find more.
std::uint32_t list_for(std::uint32_t k) noexcept {
  return 100 + 4 * k;
}
constexpr std::uint32_t kDoublings = 3;

/// What walks of a curve are made with, in the order of effort.
std::vector<WalkOptions> efforts_of(std::uint16_t ranking, std::uint32_t k, std::uint64_t records) {
  std::vector<WalkOptions> efforts;
  WalkOptions walk{.l = list_for(k), .k = k};
  if (ranking == format::kRankedByCodes) walk.beam_width = 1;
  for (const float slack : std::span(kSlacks).subspan(ranking == format::kRankedByCodes ? 0 : kFirstExactSlack)) {
    walk.stop.slack = slack;
    efforts.push_back(walk);
  }
  walk.stop.slack = StopRule::kNever;
  for (std::uint32_t doubled = 0; doubled < kDoublings && walk.l < records; ++doubled) {
    walk.l *= 2;
    efforts.push_back(walk);
  }
  return efforts;
}

class Calibration {
 public:
  Calibration(const HeldOut& held, const CalibrateOptions& options) : held_(held), options_(options) {
    result_.queries = held.size();
    result_.norm = held.largest_norm();
  }

  /// before, after: the share of all work that is done then.
  Result<void> add(OpenSegment& index, std::uint16_t ranking, double before, double after) {
    const double part = (after - before) / static_cast<double>(std::size(kCurves));
    for (std::size_t c = 0; c < std::size(kCurves); ++c) {
      if (kCurves[c].k >= index.count()) break;
      NEARLINE_CHECK(options_.progress(before + part * static_cast<double>(c)));
      NEARLINE_CHECK(add_curve(index, ranking, kCurves[c]));
    }
    return {};
  }

  format::Calibration take() { return std::move(result_); }

 private:
  Result<void> add_curve(OpenSegment& index, std::uint16_t ranking, const CurveKind& kind) {
    const std::vector<WalkOptions> efforts = efforts_of(ranking, kind.k, index.count());
    NEARLINE_TRY(hits, measure(index, efforts, kind));
    const double all = static_cast<double>(std::min(kind.queries, held_.size())) * kind.k;
    float reached = 0;
    for (std::size_t e = 0; e < efforts.size() && reached < kFound; ++e) {
      // A step that found less by chance is no worse than the one before.
      reached = std::max(reached, static_cast<float>(static_cast<double>(hits[e]) / all));
      result_.steps.push_back({.ranking = ranking,
                               .k = static_cast<std::uint16_t>(kind.k),
                               .l = efforts[e].l,
                               .slack = efforts[e].stop.slack,
                               .recall = reached});
    }
    return {};
  }

  /// The hits of all queries of a curve, for each effort.
  Result<std::vector<std::uint64_t>> measure(OpenSegment& index, std::span<const WalkOptions> efforts,
                                             const CurveKind& kind) {
    const std::size_t queries = std::min(kind.queries, held_.size());
    std::vector<std::uint64_t> hits(efforts.size());
    Result<void> outcome;
    std::mutex mutex;  // guards both
    parallel_for(queries, kChunkQueries, options_.threads, [&](std::size_t begin, std::size_t end, unsigned) {
      std::vector<std::uint64_t> some(efforts.size());
      Result<void> climbed;
      for (std::size_t i = begin; i < end && climbed; ++i) {
        climbed = climb(index, efforts, i * held_.size() / queries, some);
      }
      const std::scoped_lock lock(mutex);
      for (std::size_t e = 0; e < hits.size(); ++e) hits[e] += some[e];
      if (outcome && !climbed) outcome = std::move(climbed);
    });
    if (!outcome) return std::move(outcome).error();
    return hits;
  }

  /// One query with more and more effort, which finds all that less effort found; so all is found from some step on.
  Result<void> climb(OpenSegment& index, std::span<const WalkOptions> efforts, std::size_t q,
                     std::span<std::uint64_t> hits) {
    const MatrixView all = held_.queries();
    const MatrixView one{.data = all.row(q), .rows = 1, .dim = all.dim, .type = all.type};
    std::uint32_t found = 0;
    for (std::size_t e = 0; e < efforts.size(); ++e) {
      const WalkOptions& walk = efforts[e];
      if (found < walk.k) {
        NEARLINE_TRY(answer,
                     index.answer(one, walk.k, {.walk = walk, .norm = result_.norm, .hidden = held_.hidden(q)}));
        found = held_.hits(q, std::span(answer.distances).first(answer.counts[0]));
      }
      hits[e] += found;
    }
    return {};
  }

  const HeldOut& held_;
  const CalibrateOptions& options_;
  format::Calibration result_;
};

std::uint32_t queries_for(const Schema& schema, std::uint64_t memory_bytes) noexcept {
  const std::uint64_t each = HeldOut::bytes_per_query(schema, std::end(kCurves)[-1].k);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(kCurves[0].queries, memory_bytes / each));
}

/// Opens the segment with as little memory as serves, or else with half of the bound. Not mapped: what a map touches
/// would count as the build's memory wherever someone looks at it.
Result<std::unique_ptr<OpenSegment>> open_within(const SegmentFile& file, const CalibrateOptions& options,
                                                 Ranking ranking, std::uint64_t enough) {
  OpenOptions open{.io = IoMode::kPread,
                   .memory_bytes = std::min(enough, options.memory_bytes / 2),
                   .ranking = ranking,
                   .threads = options.threads};
  auto segment = OpenSegment::open(file, open, open.io);
  if (segment || segment.error().code != Code::kNoMemory) return segment;
  open.memory_bytes = options.memory_bytes / 2;
  return OpenSegment::open(file, open, open.io);
}

}  // namespace

Result<std::optional<format::Calibration>> calibrate(const SegmentFile& file, const CalibrateOptions& options) {
  auto exact = open_within(file, options, Ranking::kExact, kEnoughCache);
  if (!exact && exact.error().code == Code::kNoMemory) return std::optional<format::Calibration>();
  if (!exact) return std::move(exact).error();
  const std::uint64_t count = (*exact)->count();
  const std::uint32_t code_bytes = (*exact)->code_bytes();
  const std::uint32_t queries = queries_for((*exact)->schema(), options.memory_bytes / 4);
  if (queries < kLeastQueries) return std::optional<format::Calibration>();
  const auto k = static_cast<std::uint32_t>(std::min<std::uint64_t>(std::end(kCurves)[-1].k, count - 1));
  NEARLINE_CHECK(options.progress(0));
  NEARLINE_TRY(held, HeldOut::draw(**exact, queries, k, options.threads));
  Calibration calibration(held, options);
  NEARLINE_CHECK(calibration.add(**exact, format::kRankedExactly, 0.3, 0.6));
  exact = std::unique_ptr<OpenSegment>();  // its memory is needed
  if (code_bytes > 0) {
    auto by_codes = open_within(file, options, Ranking::kCodes, kEnoughCache + count * code_bytes);
    if (!by_codes && by_codes.error().code != Code::kNoMemory) return std::move(by_codes).error();
    if (by_codes) NEARLINE_CHECK(calibration.add(**by_codes, format::kRankedByCodes, 0.6, 1));
  }
  return std::optional(calibration.take());
}

}  // namespace nearline::engine
