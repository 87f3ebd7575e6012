// SPDX-License-Identifier: Apache-2.0
#include "engine/codes/code_weights.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "engine/kernels/kernels.h"

namespace nearline::engine {
namespace {

using format::kCentroids;

/// A direction of which so little is left beside those before it is none.
constexpr float kNothing = 1e-6F;

float dot(const float* a, const float* b, std::size_t count) noexcept {
  return kernels::kernel(kernels::Raw::kDot, ElementType::kF32).one(a, reinterpret_cast<const std::byte*>(b), count);
}

}  // namespace

std::uint64_t CodeWeights::memory_bytes(const format::CodeBook& book, std::uint32_t directions) noexcept {
  const std::uint64_t tables = std::uint64_t{book.parts()} * kCentroids * (2 + directions);
  return (tables + (directions + 4) * std::uint64_t{book.dim}) * sizeof(float);
}

CodeWeights::CodeWeights(const format::CodeBook& book, Metric metric, std::span<const float> weights,
                         std::uint32_t directions)
    : weights_(weights), parts_(book.parts()) {
  if (metric == Metric::kIp) return;  // no length counts
  if (directions > 0 && book.axis_count() >= kDirections) find_directions(book, directions);
  tabulate(book);
}

/// The leading axes as far as they count, made orthonormal (Cholesky of their products), and the product of each
/// centroid with them.
void CodeWeights::find_directions(const format::CodeBook& book, std::uint32_t directions) {
  const std::size_t axes = book.axis_count();
  std::vector<float> products(directions * axes);  // of weighted leading axes with all axes
  std::vector<float> weighted(book.dim);
  for (std::size_t r = 0; r < directions; ++r) {
    const float* const axis = book.axes.data() + r * book.dim;
    std::transform(axis, axis + book.dim, weights_.begin(), weighted.begin(), std::multiplies<>());
    for (std::size_t a = 0; a < axes; ++a) {
      products[r * axes + a] = dot(weighted.data(), book.axes.data() + a * book.dim, book.dim);
    }
  }
  for (std::size_t r = 0; r < directions; ++r) {
    float* const row = products.data() + r * axes;
    const float whole = row[r];
    for (std::size_t before = 0; before < r; ++before) {
      const float* const other = products.data() + before * axes;
      const float common = other[r];
      for (std::size_t a = 0; a < axes; ++a) row[a] -= common * other[a];
    }
    const float scale = row[r] > kNothing * whole ? 1 / std::sqrt(row[r]) : 0;
    for (std::size_t a = 0; a < axes; ++a) row[a] *= scale;
  }
  along_.resize(parts_ * kCentroids * kDirections);
  std::size_t axis = 0;
  for (std::size_t p = 0; p < parts_; ++p) {
    for (std::uint32_t w = 0; w < book.widths[p]; ++w, ++axis) {
      const float* const centroids = book.centroids.data() + axis * kCentroids;
      for (std::size_t c = 0; c < kCentroids; ++c) {
        float* const row = along_.data() + (p * kCentroids + c) * kDirections;
        for (std::size_t r = 0; r < directions; ++r) row[r] += products[r * axes + axis] * centroids[c];
      }
    }
  }
}

void CodeWeights::tabulate(const format::CodeBook& book) {
  squares_.resize(parts_ * kCentroids);
  std::vector<float> own(squares_.size()), weighted(book.dim);
  const float* axes = book.axes.data();
  const float* centroids = book.centroids.data();
  double all = 0, counted = 0;
  for (std::size_t p = 0; p < parts_; ++p) {
    const std::uint32_t width = book.widths[p];
    float* const squares = squares_.data() + p * kCentroids;
    float* const lengths = own.data() + p * kCentroids;
    for (std::uint32_t i = 0; i < width; ++i) {
      const float* const axis = axes + std::size_t{i} * book.dim;
      const float* const a = centroids + std::size_t{i} * kCentroids;
      std::transform(axis, axis + book.dim, weights_.begin(), weighted.begin(), std::multiplies<>());
      for (std::uint32_t j = i; j < width; ++j) {
        const float product = dot(weighted.data(), axes + std::size_t{j} * book.dim, book.dim) * (i == j ? 1.0F : 2.0F);
        const float* const b = centroids + std::size_t{j} * kCentroids;
        for (std::size_t c = 0; c < kCentroids; ++c) squares[c] += product * a[c] * b[c];
      }
      for (std::size_t c = 0; c < kCentroids; ++c) lengths[c] += a[c] * a[c];
    }
    for (std::size_t c = 0; c < kCentroids; ++c) {
      all += lengths[c];
      counted += squares[c];
    }
    axes += std::size_t{width} * book.dim;
    centroids += std::size_t{width} * kCentroids;
  }
  share_ = all > 0 ? static_cast<float>(counted / all) : 0;
  for (std::size_t i = 0; i < squares_.size(); ++i) {
    squares_[i] -= share_ * own[i];
    if (has_directions()) {
      const float* const row = along_.data() + i * kDirections;
      squares_[i] -= dot(row, row, kDirections);
    }
  }
}

float CodeWeights::squares_along(const std::byte* bytes) const noexcept {
  std::array<float, kDirections> sums{};
  const float* table = along_.data();
  for (std::size_t p = 0; p < parts_; ++p, table += kCentroids * kDirections) {
    const float* const row = table + std::to_integer<std::size_t>(bytes[p]) * kDirections;
    for (std::size_t r = 0; r < kDirections; ++r) sums[r] += row[r];
  }
  float squares = 0;
  for (const float sum : sums) squares += sum * sum;
  return squares;
}

}  // namespace nearline::engine
