// SPDX-License-Identifier: Apache-2.0
/// Rows of odd shapes, as people's data has them: copies, parallels, lattices, one that is far from all others. Every
/// build must be right on them, whatever its answers are worth.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/support/vectors.h"

namespace nearline::testing {

/// A shape: fills `row` as the i-th of so many rows. The same arguments give the same values.
struct Shape {
  std::string_view name;
  void (*fill)(std::size_t i, std::size_t rows, std::uint64_t seed, std::span<float> row);
};

std::span<const Shape> odd_shapes();

/// Rows of a shape, fitted into what the type can hold. Under a metric that needs a direction no row is zero.
Vectors odd_rows(const Shape& shape, const Kind& kind, std::size_t rows, std::uint32_t dim, std::uint64_t seed = 1);

}  // namespace nearline::testing
