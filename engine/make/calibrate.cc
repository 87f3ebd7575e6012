// SPDX-License-Identifier: Apache-2.0
#include "engine/make/calibrate.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <span>
#include <vector>

#include "engine/make/sample_queries.h"
#include "engine/parallel.h"
#include "io/memory_info.h"

namespace nearline::engine {
namespace {

constexpr std::size_t kChunkQueries = 4;
/// A cache that serves, on all threads together: queries come in the order of their places, and so meet the pages of
/// those before them.
constexpr std::uint64_t kEnoughCache = 32U << 20;
/// Shares of the work that are done once the queries have their neighbours, and the first ranking its curves.
constexpr double kDrawn = 0.3, kHalf = 0.6;
/// The queries of a curve are climbed with in kRounds rounds, between which it can be cancelled.
constexpr std::size_t kRounds = 16;
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

/// What walks of a curve are made with, in the order of effort. One step at a time: that is what walks by codes do, and
/// walks by distance find no less when they take several steps together.
std::vector<WalkOptions> efforts_of(std::uint16_t ranking, std::uint32_t k, std::uint64_t records) {
  std::vector<WalkOptions> efforts;
  WalkOptions walk{.l = list_for(k), .beam_width = 1, .k = k};
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

/// How many of the efforts differ by slack alone.
std::size_t rungs_of(std::span<const WalkOptions> efforts) noexcept {
  return static_cast<std::size_t>(std::count_if(
      efforts.begin(), efforts.end(), [](const WalkOptions& effort) { return effort.stop.slack != StopRule::kNever; }));
}

/// The hits of one query for each slack, from a single walk with the largest: up to where a walk with less slack would
/// have ended it goes the same way.
class Ladder final : public WalkWatch {
 public:
  /// rungs: efforts of rising slack.
  Ladder(const SampleQueries& held, std::size_t query, std::uint16_t ranking, std::span<const WalkOptions> rungs)
      : held_(held), query_(query), ranking_(ranking), rungs_(rungs), hits_(rungs.size()) {}

  bool goes_on(const StopRule& rule, float next, const Scratch& scratch) override {
    const std::uint32_t k = rungs_[0].k;
    const bool by_codes = ranking_ == format::kRankedByCodes;
    if ((by_codes ? scratch.answers.size() : scratch.candidates.admitted()) < k) return true;
    const float kth = by_codes ? scratch.answers.kth() : scratch.candidates.nth_admitted(k - 1);
    if (!(next > rule.with(rungs_[passed_].stop.slack).limit(kth))) return true;
    const std::uint32_t found = by_codes ? hits_by_codes(scratch) : hits_by_distance(scratch);
    do hits_[passed_++] = found;
    while (passed_ < rungs_.size() && next > rule.with(rungs_[passed_].stop.slack).limit(kth));
    return passed_ < rungs_.size() && found < k;
  }

  /// The walk has ended; what it answered holds for all rungs that it did not pass.
  std::span<const std::uint32_t> hits(std::span<const float> answer) {
    std::fill(hits_.begin() + static_cast<std::ptrdiff_t>(passed_), hits_.end(), held_.hits(query_, answer));
    return hits_;
  }

 private:
  std::uint32_t hits_by_codes(const Scratch& scratch) {
    distances_.clear();
    for (const Hit& hit : scratch.answers.hits()) distances_.push_back(hit.distance);
    std::sort(distances_.begin(), distances_.end());
    return held_.hits(query_, distances_);
  }

  std::uint32_t hits_by_distance(const Scratch& scratch) {
    distances_.clear();
    for (std::size_t i = 0; distances_.size() < rungs_[0].k; ++i) {
      if (scratch.candidates.is_admitted(i)) distances_.push_back(scratch.candidates[i].distance);
    }
    return held_.hits(query_, distances_);
  }

  const SampleQueries& held_;
  const std::size_t query_;
  const std::uint16_t ranking_;
  const std::span<const WalkOptions> rungs_;
  std::vector<std::uint32_t> hits_;
  std::vector<float> distances_;
  std::size_t passed_ = 0;
};

/// The distances of one query's answers.
class Distances final : public AnswerSink {
 public:
  [[nodiscard]] float bound(std::size_t /*query*/) const noexcept override {
    return std::numeric_limits<float>::infinity();
  }
  void take(std::size_t /*query*/, std::span<const Hit> hits, const QueryStats& /*stats*/) override {
    for (const Hit& hit : hits) distances_.push_back(hit.distance);
  }
  std::vector<float> take() && { return std::move(distances_); }

 private:
  std::vector<float> distances_;
};

class Calibration {
 public:
  Calibration(const SampleQueries& held, const CalibrateOptions& options) : held_(held), options_(options) {
    result_.source = held.are_records() ? format::CalibratedOn::kRecords : format::CalibratedOn::kQueries;
    result_.queries = held.size();
    result_.norm = held.largest_norm();
  }

  /// before, after: the share of all work that is done then.
  Result<void> add(const Segment& index, std::uint16_t ranking, double before, double after) {
    const double part = (after - before) / static_cast<double>(std::size(kCurves));
    for (std::size_t c = 0; c < std::size(kCurves); ++c) {
      if (kCurves[c].k >= index.live()) break;
      const double begun = before + part * static_cast<double>(c);
      const auto told = [&](double share) { return options_.progress(begun + part * share); };
      NEARLINE_CHECK(add_curve(index, ranking, kCurves[c], told));
    }
    return {};
  }

  format::Calibration take() { return std::move(result_); }

 private:
  using Told = std::function<Result<void>(double)>;

  Result<void> add_curve(const Segment& index, std::uint16_t ranking, const CurveKind& kind, const Told& told) {
    std::vector<WalkOptions> efforts = efforts_of(ranking, kind.k, index.live());
    // The rungs always fit: they are no longer than kUsualL.
    while (index.room_for({.way = walk_of(index.field()), .walk = efforts.back()}) == 0) efforts.pop_back();
    NEARLINE_TRY(hits, measure(index, ranking, efforts, kind, told));
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
  Result<std::vector<std::uint64_t>> measure(const Segment& index, std::uint16_t ranking,
                                             std::span<const WalkOptions> efforts, const CurveKind& kind,
                                             const Told& told) {
    const std::size_t queries = std::min(kind.queries, held_.size());
    std::vector<std::uint64_t> hits(efforts.size());
    Result<void> outcome;
    std::mutex mutex;  // guards both
    for (std::size_t round = 0; round < kRounds && outcome; ++round) {
      NEARLINE_CHECK(told(static_cast<double>(round) / kRounds));
      const std::size_t first = queries * round / kRounds, last = queries * (round + 1) / kRounds;
      parallel_for(last - first, kChunkQueries, options_.threads, [&](std::size_t begin, std::size_t end, unsigned) {
        std::vector<std::uint64_t> some(efforts.size());
        Result<void> climbed;
        for (std::size_t i = first + begin; i < first + end && climbed; ++i) {
          climbed = climb(index, ranking, efforts, i * held_.size() / queries, some);
        }
        const std::scoped_lock lock(mutex);
        for (std::size_t e = 0; e < hits.size(); ++e) hits[e] += some[e];
        if (outcome && !climbed) outcome = std::move(climbed);
      });
    }
    if (!outcome) return std::move(outcome).error();
    return hits;
  }

  /// One query with more and more effort, which finds all that less effort found; so all is found from some step on.
  Result<void> climb(const Segment& index, std::uint16_t ranking, std::span<const WalkOptions> efforts, std::size_t q,
                     std::span<std::uint64_t> hits) {
    const auto rungs = efforts.first(rungs_of(efforts));
    Ladder ladder(held_, q, ranking, rungs);
    WalkOptions walk = rungs.back();
    walk.watch = &ladder;
    NEARLINE_TRY(climbed, answer(index, walk, q));
    const auto passed = ladder.hits(climbed);
    for (std::size_t e = 0; e < rungs.size(); ++e) hits[e] += passed[e];
    std::uint32_t found = passed.back();
    for (std::size_t e = rungs.size(); e < efforts.size(); ++e) {
      if (found < walk.k) {
        NEARLINE_TRY(more, answer(index, efforts[e], q));
        found = held_.hits(q, more);
      }
      hits[e] += found;
    }
    return {};
  }

  /// The distances of a query's answers.
  Result<std::vector<float>> answer(const Segment& index, WalkOptions walk, std::size_t q) {
    make_room(walk, index.count(), index.live());
    const MatrixView all = held_.queries();
    const MatrixView one(all.row(q), 1, all.dim, all.type);
    const Plan plan{.way = walk_of(index.field()), .walk = walk, .norm = result_.norm};
    Distances found;
    NEARLINE_CHECK(index.answer({.queries = one, .plan = plan, .sink = found, .hidden = held_.hidden(q)}));
    return std::move(found).take();
  }

  const SampleQueries& held_;
  const CalibrateOptions& options_;
  format::Calibration result_;
};

std::uint32_t queries_for(const Schema& schema, std::uint64_t memory_bytes) noexcept {
  const std::uint64_t each = SampleQueries::bytes_per_query(schema, std::end(kCurves)[-1].k);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(kCurves[0].queries, memory_bytes / each));
}

/// The longest walk of all.
WalkOptions longest_walk(std::uint64_t records) noexcept {
  const std::uint64_t l = std::uint64_t{list_for(std::end(kCurves)[-1].k)} << kDoublings;
  return {.l = static_cast<std::uint32_t>(std::min(l, records))};
}

/// Opens the segment with as little memory as serves, and with as many threads as that has room for: what one thread
/// can do decides the outcome. Not mapped: what a map touches would count as the build's memory wherever someone looks.
Result<std::unique_ptr<Segment>> open_within(const SegmentFile& file, const CalibrateOptions& options, Ranking ranking,
                                             std::uint64_t enough) {
  OpenOptions open{.io = IoMode::kPread,
                   .memory_bytes = std::min(enough, options.memory_bytes / 4 * 3),
                   .ranking = ranking,
                   .threads = options.threads};
  while (true) {
    auto segment = Segment::open(file, open, open.io);
    if (!segment && segment.error().code != Code::kOverBudget) return segment;
    if (segment &&
        (*segment)->room_for({.way = walk_of((*segment)->field()), .walk = longest_walk((*segment)->count())}) > 0)
      return segment;
    if (open.threads == 1 && open.memory_bytes == options.memory_bytes / 4 * 3) return segment;
    if (open.memory_bytes == options.memory_bytes / 4 * 3) open.threads = std::max(1U, open.threads / 2);
    open.memory_bytes = options.memory_bytes / 4 * 3;
  }
}

/// Real queries where there are some, as many as there is room for.
Result<SampleQueries> draw(const Segment& index, std::uint32_t most, const SampleQueries::Options& options,
                           std::vector<std::byte> given) {
  if (given.empty()) return SampleQueries::of_records(index, most, options);
  const std::size_t bytes = vector_bytes(index.schema().type, index.schema().dim);
  given.resize(std::min(given.size(), most * bytes));
  return SampleQueries::of_queries(index, std::move(given), options);
}

}  // namespace

Result<std::optional<format::Calibration>> calibrate(const SegmentFile& file, const CalibrateOptions& options) {
  const bool fused = file.graph().layout == Layout::kFused;  // its walks rank by codes
  auto first = open_within(file, options, fused ? Ranking::kCodes : Ranking::kExact,
                           std::max(kEnoughCache, options.freed_bytes));
  if (!first && first.error().code == Code::kOverBudget) return std::optional<format::Calibration>();
  if (!first) return std::move(first).error();
  const std::uint64_t count = (*first)->count(), live = (*first)->live();
  const std::uint32_t code_bytes = (*first)->field().code_bytes();
  const std::uint32_t queries = queries_for((*first)->schema(), options.memory_bytes / 4);
  if (queries < kLeastQueries) return std::optional<format::Calibration>();
  NEARLINE_CHECK(options.progress(0));
  NEARLINE_TRY(held, draw(**first, queries,
                          {.k = static_cast<std::uint32_t>(std::min<std::uint64_t>(std::end(kCurves)[-1].k, live - 1)),
                           .threads = options.threads,
                           .progress = [&](double share) { return options.progress(share * kDrawn); }},
                          options.queries));
  Calibration calibration(held, options);
  if (fused) {
    NEARLINE_CHECK(calibration.add(**first, format::kRankedByCodes, kDrawn, 1));
    return std::optional(calibration.take());
  }
  NEARLINE_CHECK(calibration.add(**first, format::kRankedExactly, kDrawn, kHalf));
  first = std::unique_ptr<Segment>();  // its memory is needed
  io::give_back_freed();
  if (code_bytes > 0) {
    auto by_codes = open_within(file, options, Ranking::kCodes, kEnoughCache + count * code_bytes);
    if (!by_codes && by_codes.error().code != Code::kOverBudget) return std::move(by_codes).error();
    if (by_codes) NEARLINE_CHECK(calibration.add(**by_codes, format::kRankedByCodes, kHalf, 1));
  }
  return std::optional(calibration.take());
}

}  // namespace nearline::engine
