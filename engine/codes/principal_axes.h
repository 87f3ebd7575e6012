// SPDX-License-Identifier: Apache-2.0
/// The directions in which vectors vary most.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace nearline::engine {

struct PrincipalAxes {
  std::vector<float> mean;      ///< [dim]
  std::vector<float> axes;      ///< [dim x dim] orthonormal rows, most variance first
  std::vector<float> variance;  ///< [dim] along each, not negative
};

/// rows: [count x dim] f32. Deterministic on one machine. Time grows with dim^3: half a second for 512.
/// Precondition: count and dim above 0.
PrincipalAxes principal_axes(std::span<const float> rows, std::uint32_t dim);

}  // namespace nearline::engine
