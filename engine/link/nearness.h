// SPDX-License-Identifier: Apache-2.0
/// By what a record's neighbours are near it. For most metrics that is the metric itself. Under inner product it is
/// three things, and a list holds edges of each kind: records near by l2 hold neighbourhoods together, so that a walk
/// comes near from anywhere; those of the largest products are what queries want; and among these the longest, few and
/// far apart, are the fast roads. Where all vectors are of one length the three are the same, and l2 serves alone.
/// Sources: ip-NSW (NeurIPS 2018), ip-NSW+ (arXiv 1909.13459), MAG (arXiv 2504.14861); the third kind is our own.
/// Measured in docs/experiments/inner_product.md.
#pragma once

#include <span>
#include <vector>

#include "engine/space/space.h"

namespace nearline::engine {

class Nearness {
 public:
  /// By one space alone.
  Nearness(const Space& space) : kinds_{space} {}  // NOLINT(google-explicit-constructor): most metrics need no more

  /// For records of a space. least and largest squared norm: of all records; looked at under ip alone.
  static Nearness of(const Space& space, float least_squared_norm, float largest_squared_norm) {
    /// Squared lengths whose quotient is above this count as one: f16 rounds those of unit vectors by less.
    constexpr float kOneLength = 0.98F;
    if (space.metric() != Metric::kIp) return space;
    Nearness nearness(Space(Metric::kL2, space.type(), space.dim()));
    if (least_squared_norm < kOneLength * largest_squared_norm) {
      nearness.kinds_.push_back(space);
      nearness.kinds_.push_back(space.toward_long());
    }
    return nearness;
  }

  static constexpr std::uint32_t kMostKinds = 3;

  /// Each gives a list its share of edges. Walks that look for a record go by the first.
  [[nodiscard]] std::span<const Space> kinds() const noexcept { return kinds_; }
  [[nodiscard]] const Space& first() const noexcept { return kinds_.front(); }
  /// What a tree of that number parts the records by. Where lengths differ every second goes by angles: by l2 a short
  /// leader is nearest to everyone, and would part nothing.
  [[nodiscard]] Space for_tree(std::uint32_t number) const noexcept {
    return kinds_.size() > 1 && number % 2 == 1 ? kinds_[1].by_angle() : first();
  }

 private:
  std::vector<Space> kinds_;
};

}  // namespace nearline::engine
