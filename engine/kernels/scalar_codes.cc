// SPDX-License-Identifier: Apache-2.0
/// The readable definition of the code kernels.
#include <algorithm>
#include <cmath>

#include "engine/kernels/code_kernels.h"

namespace nearline::kernels {
namespace {

std::uint8_t nearest_to(const float* part, const float* table, std::size_t width) noexcept {
  std::uint8_t best = 0;
  float least = INFINITY;
  for (std::size_t c = 0; c < kCentroidCount; ++c) {
    float distance = 0;
    for (std::size_t w = 0; w < width; ++w) {
      const float difference = part[w] - table[w * kCentroidCount + c];
      distance += difference * difference;
    }
    if (distance < least) {
      least = distance;
      best = static_cast<std::uint8_t>(c);
    }
  }
  return best;
}

void nearest(const float* parts, std::size_t stride, const float* table, std::size_t width, std::uint8_t* out,
             std::size_t out_stride) noexcept {
  for (std::size_t i = 0; i < kPartsTogether; ++i) out[i * out_stride] = nearest_to(parts + i * stride, table, width);
}

void products(const float* part, const float* table, std::size_t width, float* out) noexcept {
  for (std::size_t c = 0; c < kCentroidCount; ++c) {
    out[c] = 0;
    for (std::size_t w = 0; w < width; ++w) out[c] += part[w] * table[w * kCentroidCount + c];
  }
}

void narrow(const float* in, std::size_t count, float factor, std::int16_t* out) noexcept {
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::int16_t>(std::lrint(in[i] * factor));
}

float magnitude(const float* in, std::size_t count) noexcept {
  float most = 0;
  for (std::size_t i = 0; i < count; ++i) most = std::max(most, std::fabs(in[i]));
  return most;
}

}  // namespace

const CodeKernels& scalar_code_kernels() noexcept {
  static constexpr CodeKernels kScalar = {nearest, products, narrow, magnitude};
  return kScalar;
}

}  // namespace nearline::kernels
