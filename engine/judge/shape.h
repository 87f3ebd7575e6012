// SPDX-License-Identifier: Apache-2.0
/// How a sample of rows fills its space.
#pragma once

#include <cstdint>
#include <span>

#include "nearline/exact.h"

namespace nearline::engine {

/// Most rows of a sample: all pairs are compared.
inline constexpr std::uint32_t kShapeRows = 2000;

/// Enters all figures but alignment, and the number of rows; nothing where there are fewer than two rows that differ.
/// rows: [n x dim], finite.
void measure_shape(std::span<const float> rows, std::uint32_t dim, ProfileShape& shape);

/// Adds up the squared distances of pairs of rows that are brought to length 1.
class AlignmentSum {
 public:
  /// A pair of which one is zero has no distance, and does not count.
  void add(std::span<const float> a, std::span<const float> b) noexcept;
  void write(ProfileShape& shape) const noexcept;

 private:
  double sum_ = 0;
  std::uint64_t pairs_ = 0;
};

}  // namespace nearline::engine
