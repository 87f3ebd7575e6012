// SPDX-License-Identifier: Apache-2.0
#include "engine/space/direction.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/kernels/kernels.h"

namespace nearline::engine {

/// Products of two f32 are exact in f64, so the sum is the same with fused multiply-add and without.
double length_of(ElementType type, const std::byte* vector, std::uint32_t dim) noexcept {
  const std::size_t step = vector_bytes(type, 1);
  std::array<float, 64> part{};
  double squares = 0;
  for (std::size_t first = 0; first < dim; first += part.size()) {
    const std::size_t count = std::min<std::size_t>(part.size(), dim - first);
    kernels::to_f32(type, vector + first * step, count, part.data());
    for (std::size_t i = 0; i < count; ++i) squares += static_cast<double>(part[i]) * static_cast<double>(part[i]);
  }
  return std::sqrt(squares);
}

void lift(std::span<float> vector) noexcept {
  const double length = length_of(ElementType::kF32, reinterpret_cast<const std::byte*>(vector.data()),
                                  static_cast<std::uint32_t>(vector.size()));
  const int up = -std::ilogb(length);
  for (float& component : vector) component = std::scalbn(component, up);
}

}  // namespace nearline::engine
