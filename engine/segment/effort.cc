// SPDX-License-Identifier: Apache-2.0
#include "engine/segment/effort.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>

namespace nearline::engine {
namespace {

using format::CalibrationStep;
using Curve = std::span<const CalibrationStep>;

/// The steps of the ranking's curve with the largest k up to `k`, or above it the next one.
Curve curve_below(Curve steps, std::uint16_t ranking, std::uint32_t k) {
  Curve best;
  while (!steps.empty()) {
    const auto other = std::find_if(steps.begin(), steps.end(), [&](const CalibrationStep& step) {
      return step.ranking != steps[0].ranking || step.k != steps[0].k;
    });
    const auto length = static_cast<std::size_t>(other - steps.begin());
    if (steps[0].ranking == ranking && (best.empty() || steps[0].k <= k)) best = steps.first(length);
    steps = steps.subspan(length);
  }
  return best;
}

/// The first curve behind that one, if it is of the same ranking.
Curve curve_above(Curve steps, Curve below) {
  const auto rest = steps.subspan(static_cast<std::size_t>(below.data() + below.size() - steps.data()));
  if (rest.empty() || rest[0].ranking != below[0].ranking) return {};
  return curve_below(rest, rest[0].ranking, rest[0].k);
}

std::string text(float recall) {
  std::string digits = std::to_string(recall);
  return digits.substr(0, 6);
}

/// Precondition: the last step reached it.
Effort between(Curve curve, float recall) {
  const auto reached =
      std::find_if(curve.begin(), curve.end(), [&](const CalibrationStep& step) { return step.recall >= recall; });
  const CalibrationStep& after = *reached;
  if (reached == curve.begin()) return {.k = after.k, .l = after.l, .slack = after.slack};
  const CalibrationStep& before = *(reached - 1);
  const float share = (recall - before.recall) / (after.recall - before.recall);
  Effort effort{.k = after.k, .l = after.l, .slack = after.slack};
  if (std::isfinite(after.slack)) {
    effort.slack = before.slack + share * (after.slack - before.slack);
  } else if (!std::isfinite(before.slack)) {
    effort.l = before.l + static_cast<std::uint32_t>(std::ceil(share * static_cast<float>(after.l - before.l)));
  }
  return effort;
}

/// What a list of L candidates reached at least; 0 where all were longer.
float reached_with(Curve curve, std::uint64_t l) noexcept {
  float most = 0;
  for (const CalibrationStep& step : curve) {
    if (step.l <= l) most = step.recall;
  }
  return most;
}

}  // namespace

float recall_for(const format::Calibration& calibration, std::uint16_t ranking, std::uint32_t k, std::uint32_t l,
                 float reserve) noexcept {
  const Curve below = curve_below(calibration.steps, ranking, k);
  if (below.empty()) return 0;
  float reached = reached_with(below, l);
  if (below[0].k < k) {
    const Curve above = curve_above(calibration.steps, below);
    reached = above.empty() ? reached_with(below, std::uint64_t{l} * below[0].k / k)
                            : std::min(reached, reached_with(above, l));
  }
  return std::max(0.0F, (reached - reserve) / (1 - reserve));
}

Result<Effort> effort_for(const format::Calibration& calibration, std::uint16_t ranking, std::uint32_t k, float recall,
                          float reserve) {
  const Curve below = curve_below(calibration.steps, ranking, k);
  if (below.empty()) {
    return Error{.code = Code::kInvalidArgument,
                 .what = std::string("a recall when ranking ") +
                         (ranking == format::kRankedByCodes ? "by codes" : "by distance") +
                         ": expected a ranking that the index was calibrated for"};
  }
  const Curve above = below[0].k < k ? curve_above(calibration.steps, below) : Curve{};
  float most = below.back().recall;
  if (!above.empty()) most = std::min(most, above.back().recall);
  if (recall > most) {
    return Error{.code = Code::kInvalidArgument,
                 .what = "recall of " + text(recall) + ": expected at most " + text(most) +
                         ", which was the most that the calibration reached"};
  }
  const float aim = std::min(most, recall + reserve * (1 - recall));
  Effort effort = between(below, aim);
  if (!above.empty()) {
    const Effort other = between(above, aim);
    effort.l = std::max(effort.l, other.l);
    effort.slack = std::max(effort.slack, other.slack);
  } else if (k > effort.k) {
    effort.l =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(std::uint64_t{effort.l} * k / effort.k + 1, 0xFFFF'FFFF));
  }
  effort.k = std::max(effort.k, k);
  return effort;
}

}  // namespace nearline::engine
