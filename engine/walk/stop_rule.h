// SPDX-License-Identifier: Apache-2.0
/// When a walk has seen enough: what is left lies farther than the k-th answer by more than a share of its distance.
/// An easy query then stops early, a hard one goes on, where a list of L candidates gives both the same.
/// Source: adaptive beam search (Al-Jazzazi et al., 2025), extended to distances that are not lengths (SPEC.md
/// section 7, calibration).
#pragma once

#include <cmath>
#include <limits>

namespace nearline::engine {

struct StopRule {
  static constexpr float kNever = std::numeric_limits<float>::infinity();

  float slack = kNever;
  float zero = 0;  ///< the distance that counts as none

  /// The same with another slack.
  [[nodiscard]] StopRule with(float other) const noexcept { return {.slack = other, .zero = zero}; }

  /// The farthest that is worth looking at, once the k-th best answer is at `kth`.
  [[nodiscard]] float limit(float kth) const noexcept {
    return slack == kNever ? kNever : kth + slack * std::fabs(kth - zero);
  }
};

}  // namespace nearline::engine
