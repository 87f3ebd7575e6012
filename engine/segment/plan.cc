// SPDX-License-Identifier: Apache-2.0
#include "engine/segment/plan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "engine/segment/effort.h"

namespace nearline::engine {
namespace {

/// Below this many records comparing with all of them costs less than walking.
constexpr std::uint64_t kScanCount = 512;

/// Bytes of codes that are compared, beside a larger segment, in less time than the reads of a walk take.
constexpr std::uint64_t kScannedBytes = 1u << 20;

/// A call of this many queries keeps a disk busy with one read of each in flight.
constexpr std::size_t kManyQueries = 16;
constexpr std::uint32_t kFewQueriesWidth = 4;

/// A walk that found too little is repeated with so many times its room, and its L where answers are missing.
constexpr std::uint64_t kFarther = 4;

/// A walk whose matches are rare ends by a stop rule that was measured where all records are: it goes on farther by up
/// to this share of the slack.
constexpr float kRareSlack = 0.5F;

/// A scan of codes looks at so many of the best estimates, and four times as many as are asked for, at least.
constexpr std::uint32_t kLeastScanned = 64;

std::uint32_t width(const Field& field, std::size_t queries, std::uint32_t asked) noexcept {
  if (asked != Count::kAuto) return asked;
  return field.codes() != nullptr && queries >= kManyQueries ? 1 : kFewQueriesWidth;
}

/// How many of all records hold `wanted` live ones, on average.
std::uint64_t share_of_all(std::uint64_t wanted, std::uint64_t count, std::uint64_t live) noexcept {
  return std::min(count, live == 0 ? count : (wanted * count + live - 1) / live);
}

/// The room of a list of L candidates among which there are others that are no answers: their share, and up to what the
/// scratch of usual walks has room for, because those may be just what is nearest.
std::uint64_t room_for(std::uint64_t l, std::uint64_t count, std::uint64_t live) noexcept {
  if (live == count) return l;
  return std::min(count, std::max(share_of_all(l, count, live), std::min<std::uint64_t>(kUsualL, l + count - live)));
}

/// An exact search of matches that are a smaller part of the segment reads their pages and no code.
constexpr std::uint64_t kLargePart = 4;

/// Matches of which all codes are compared in less time than a walk takes, whatever their share: a scan reads as few
/// pages as a search without a filter, and none of a walk's troubles are its.
constexpr double kScannedCodes = 60'000;
/// Beyond, for each read that a walk needs more than without a filter: what comparing codes takes in one read's time.
constexpr double kCodesPerRead = 3000;
/// Reads of a search without a filter, lean and fused, about.
constexpr double kReads = 15;
constexpr double kFusedReads = 16;
/// Distances that a walk computes for each candidate of its list, about.
constexpr double kDistancesPerCandidate = 12;

/// Whether comparing with the matches costs less than a walk through all records. A walk of which a share s may be
/// answers reads about 0.62 s^-0.45 as many pages as one of which all may (docs/decisions.md).
bool matches_are_few(const Plan& plan, const PlanFacts& facts, double count) noexcept {
  const auto m = static_cast<double>(facts.live);
  const double farther = std::max(1.0, 0.62 * std::pow(m / count, -0.45));
  switch (plan.way) {
    case Way::kCodeWalk: return m <= kScannedCodes + kCodesPerRead * kReads * (farther - 1);
    case Way::kFusedWalk: return m <= kFusedReads * 1.6 * farther;
    case Way::kWalk: return m * m <= std::max(plan.walk.l, plan.walk.k) * kDistancesPerCandidate * count;
    case Way::kScan:
    case Way::kCertifiedScan:
    case Way::kCodeScan: break;
  }
  return true;
}

/// How many standard errors a scan looks beyond the k-th answer: one for a recall of 0.95, two for 0.999 (measured:
/// docs/decisions.md).
float errors_for(float recall) noexcept {
  return std::clamp(0.22F - 0.6F * std::log10(1 - recall), 0.5F, 2.0F);
}

/// What was measured of walks and scans in which some dimensions count (docs/decisions.md).
struct Weighed {
  double least_share;  ///< of the dimensions, with which a walk finds what it should
  float slack;         ///< that a walk has more for each dimension that does not count beside one that does
  float doubt;         ///< Plan::doubt
};
constexpr Weighed kOfLengths{.least_share = 0.3, .slack = 0.3F, .doubt = 1.7F};
constexpr Weighed kOfDirections{.least_share = 0.125, .slack = 0.12F, .doubt = 0.6F};
constexpr Weighed kOfProducts{.least_share = 0.125, .slack = 0.1F, .doubt = 0.3F};

constexpr const Weighed& weighed(Metric metric) noexcept {
  if (metric == Metric::kIp) return kOfProducts;
  return metric == Metric::kCosine ? kOfDirections : kOfLengths;
}

/// Whether all codes are compared, or all records, in place of a walk that knows only neighbours by all dimensions.
bool scans_by_weights(const Plan& plan, const PlanFacts& facts, const Weighed& known) noexcept {
  const double share = facts.weighting->share();
  if (share < known.least_share) return true;
  return plan.way == Way::kCodeWalk &&
         static_cast<double>(facts.live) <= kScannedCodes + kCodesPerRead * kReads * (1 / share - 1);
}

/// Neighbours by some dimensions stand farther apart in a graph of all.
float slack_by_weights(const Weighting& weighting, const Weighed& known) noexcept {
  return known.slack * static_cast<float>(1 / weighting.share() - 1);
}

std::string text(float number) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::general, 3);
  return {digits.data(), end.ptr};
}

}  // namespace

std::string_view name(Way way) noexcept {
  switch (way) {
    case Way::kScan: return "scan";
    case Way::kCertifiedScan: return "certified scan";
    case Way::kWalk: return "walk";
    case Way::kCodeWalk: return "codes walk";
    case Way::kCodeScan: return "codes scan";
    case Way::kFusedWalk: return "fused walk";
  }
  return "unknown";
}

Way walk_of(const Field& field) noexcept {
  if (field.codes() == nullptr) return Way::kWalk;
  return field.graph().shape.layout == Layout::kFused ? Way::kFusedWalk : Way::kCodeWalk;
}

void make_room(WalkOptions& walk, std::uint64_t count, std::uint64_t live) noexcept {
  // Edges that lead to the deleted are missing between the live: a longer list makes up for them.
  const std::uint64_t l = share_of_all(std::max(walk.l, walk.k), count, live);
  walk.l = static_cast<std::uint32_t>(l);
  walk.room = static_cast<std::uint32_t>(room_for(l, count, live));
}

Result<Plan> plan_search(const Field& field, const SearchOptions& options, const PlanFacts& facts) {
  const std::uint64_t count = field.graph().count;
  Plan plan{.way = walk_of(field),
            .walk = {.l = options.l, .beam_width = width(field, facts.queries, options.beam_width), .k = options.k}};
  plan.weighted = facts.weighting != nullptr;
  const Weighed& known = weighed(field.schema().metric);
  if (plan.weighted) {
    plan.directions = CodeWeights::directions_for(field.schema().metric);
    plan.doubt = known.doubt;
  }
  if (options.exact) {  // codes bound the distances of whole vectors alone
    plan.way = field.certifies() && !plan.weighted ? Way::kCertifiedScan : Way::kScan;
  } else if (field.flat() || (plan.way == Way::kWalk && count <= kScanCount)) {
    plan.way = Way::kScan;
  }
  if (plan.weighted && !is_exact(plan.way) && scans_by_weights(plan, facts, known)) {
    plan.recall = options.recall;
    scan_instead(plan);
    if (is_exact(plan.way)) plan.recall = 1;
    return plan;
  }
  const format::Calibration* const calibration = field.calibration() != nullptr ? field.calibration() : facts.borrowed;
  const std::uint16_t ranking = plan.way == Way::kWalk ? format::kRankedExactly : format::kRankedByCodes;
  const float reserve = plan.way == Way::kFusedWalk ? kFusedReserve : kReserve;
  float expected = options.recall;
  if (options.recall > 0 && !is_exact(plan.way)) {
    if (calibration != nullptr) {
      NEARLINE_TRY(effort, effort_for(*calibration, ranking, options.k, options.recall, reserve));
      plan.walk.l = effort.l;
      plan.walk.k = effort.k;
      plan.walk.stop.slack = effort.slack;
      if (plan.weighted) plan.walk.stop.slack += slack_by_weights(*facts.weighting, known);
      plan.norm = calibration->norm;
    } else if (count < kLeastCalibrated) {
      plan.way = Way::kScan;
    } else {
      return Error{.code = Code::kInvalidArgument,
                   .what = "a recall: expected an index with a calibration, found one without; choose an L"};
    }
  }
  // Of walks by a filter or by weights, which follow other rules, no calibration says what an L finds.
  if (expected == 0 && calibration != nullptr && !facts.filtered && !plan.weighted)
    expected = recall_for(*calibration, ranking, options.k, std::max(options.l, options.k), reserve);
  plan.recall = is_exact(plan.way) ? 1 : expected;
  if (facts.filtered && is_exact(plan.way)) {  // of few matches their pages, of many those that codes cannot exclude
    if (facts.live < count / kLargePart) plan.way = Way::kScan;
    return plan;
  }
  if (facts.filtered && matches_are_few(plan, facts, static_cast<double>(count))) {
    scan_instead(plan);
    if (plan.way == Way::kScan) plan.recall = 1;
    return plan;
  }
  if (facts.filtered) {  // edges lead through what is no match: only room for it is needed
    const std::uint64_t l = std::max(plan.walk.l, plan.walk.k);
    plan.walk.room = static_cast<std::uint32_t>(std::min(count, 2 * share_of_all(l, count, facts.live)));
    const float rare = 1 - static_cast<float>(facts.live) / static_cast<float>(count);
    if (plan.walk.stop.slack != StopRule::kNever) plan.walk.stop.slack *= 1 + kRareSlack * rare;
    return plan;
  }
  make_room(plan.walk, count, facts.live);
  if (facts.bounded && plan.way == Way::kCodeWalk && count * field.code_bytes() <= kScannedBytes) {
    plan.way = Way::kCodeScan;
  }
  return plan;
}

void scan_instead(Plan& plan) noexcept {
  plan.way = plan.way == Way::kCodeWalk ? Way::kCodeScan : Way::kScan;
  plan.walk.stop = {};  // an estimate of every match says when to stop
  if (plan.recall > 0 && plan.recall < 1) plan.walk.errors = errors_for(plan.recall);
  plan.walk.errors *= plan.doubt;
  plan.walk.l = std::max(plan.walk.l, kLeastScanned + 4 * plan.walk.k);
  plan.walk.room = plan.walk.l;
}

bool widen(Plan& plan, const Field& field, bool few) noexcept {
  if (is_exact(plan.way)) return false;
  const std::uint64_t count = field.graph().count;
  const auto farther = [&](std::uint32_t now) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(now * kFarther, count));
  };
  if (plan.walk.room == count) {
    plan.way = Way::kScan;
    return true;
  }
  if (few) plan.walk.l = farther(plan.walk.l);
  plan.walk.room = farther(std::max(plan.walk.room, plan.walk.l));
  return true;
}

std::string to_text(const Plan& plan) {
  std::string words(name(plan.way));
  if (!is_exact(plan.way)) {
    words += ", L " + std::to_string(plan.walk.l) + ", W " + std::to_string(plan.walk.beam_width);
  }
  words += ", k " + std::to_string(plan.walk.k);
  if (plan.walk.stop.slack != StopRule::kNever) words += ", slack " + text(plan.walk.stop.slack);
  return words;
}

}  // namespace nearline::engine
