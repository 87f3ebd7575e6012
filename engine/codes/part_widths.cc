// SPDX-License-Identifier: Apache-2.0
#include "engine/codes/part_widths.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace nearline::engine {
namespace {

constexpr double kPartBits = 8;
/// Axes of less variance than this share of the first are rounding noise.
constexpr double kNoise = 1e-7;

/// Bits of an axis when what is below `level` is given up.
double bits_above(double variance, double level) noexcept {
  return variance > level ? 0.5 * std::log2(variance / level) : 0;
}

/// The level at which all axes together have `total` bits. An axis takes no more than one part has.
double water_level(std::span<const float> variance, double total) noexcept {
  double low = static_cast<double>(variance[0]) * kNoise, high = static_cast<double>(variance[0]);
  for (int round = 0; round < 60; ++round) {
    const double level = std::sqrt(low * high);
    double sum = 0;
    for (const float v : variance) sum += std::min(kPartBits, bits_above(static_cast<double>(v), level));
    (sum > total ? low : high) = level;
  }
  return high;
}

}  // namespace

std::vector<std::uint32_t> part_widths(std::span<const float> variance, std::uint32_t parts) {
  std::vector<std::uint32_t> widths;
  if (variance.empty() || !(variance[0] > 0)) return widths;
  const double level = water_level(variance, kPartBits * parts);
  std::vector<double> bits;
  for (const float v : variance) {
    const double given = std::min(kPartBits, bits_above(static_cast<double>(v), level));
    if (given > 0) bits.push_back(given);
  }
  double left = std::accumulate(bits.begin(), bits.end(), 0.0);
  for (std::size_t axis = 0; axis < bits.size();) {
    const double target = left / static_cast<double>(parts - widths.size());
    double sum = bits[axis++];
    std::uint32_t width = 1;
    // An axis joins when the part comes nearer to its share by it; the last part takes all that are left.
    for (const bool last = widths.size() + 1 == parts;
         axis < bits.size() && (last || sum + bits[axis] / 2 <= target);) {
      sum += bits[axis++];
      ++width;
    }
    widths.push_back(width);
    left -= sum;
  }
  return widths;
}

}  // namespace nearline::engine
