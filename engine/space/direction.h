// SPDX-License-Identifier: Apache-2.0
/// Short vectors under cosine: squares of their components underflow in f32, but their direction is there.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "nearline/types.h"

namespace nearline::engine {

/// The least length of a vector that cosine compares. Its inverse, and the product of that with a query's, stay within
/// f32, and so do the products of its components with those of a query that was lifted.
inline constexpr double kLeastLength = 1e-28;

/// The length of a vector, from squares that do not underflow. type: not b1.
double length_of(ElementType type, const std::byte* vector, std::uint32_t dim) noexcept;

/// Whether f32 holds a squared length and the length's inverse, so that the vector has a direction as it is.
[[nodiscard]] inline bool has_direction(float squared_norm) noexcept {
  return squared_norm >= std::numeric_limits<float>::min() && squared_norm <= std::numeric_limits<float>::max();
}

/// Whether a squared length may have lost something of its vector to underflow.
[[nodiscard]] inline bool is_short(float squared_norm) noexcept {
  return squared_norm < 0x1p-40F;
}

/// Multiplies a short vector by the power of two that makes its length 1 to 2, which changes no direction.
/// Precondition: it is not zero.
void lift(std::span<float> vector) noexcept;

}  // namespace nearline::engine
