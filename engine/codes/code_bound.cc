// SPDX-License-Identifier: Apache-2.0
/// Let y = x - m be a vector from the mean m, z = q - m the query, and w = A^T c what a code stands for. Of y the code
/// tells two numbers: its squared length s, and by the factor f = s / a its product a = <y, w>. So y lies at
/// (a / |w|, sqrt(s - (a / |w|)^2)) along and across w, z at (b / |w|, sqrt(|z|^2 - (b / |w|)^2)), b = <z, w>, and the
/// triangle inequality across w gives
///
///   |q - x|^2 >= (along_y - along_z)^2 + (across_y - across_z)^2
///
/// with equality where both point the same way across w: no better bound follows from these numbers. It is taken at its
/// least over intervals that hold the true numbers:
/// - the scales' steps: a u16 was rounded to nearest, so it stands for half a step to both sides (a little more, for
///   the rounding itself in f32); the first and the last stand for all that Scale16::reaches lets in beyond them;
/// - the encoder's f32 sums: of n terms in 16 lanes, relative to the sum of magnitudes, (n / 16 + 16) u with
///   u = 2^-24, which also covers the rounding of x - m. For the product <A y, c> of k axes the magnitudes are at most
///   |A_j| |y| |c_j| each, together sqrt(k) |y| |c|, and the sum over axes adds k u |y| |c|;
/// - a factor of 1 is also what the encoder writes where a <= s / 10: then only |z| and |y| are known;
/// - axes are orthonormal within a part in 4096 (SPEC.md section 7), so that |c| stands for |w|;
/// - this file's own sums are f64 over exact f32 values, but for one rounding of each tabulated number.
/// The distance that a scan computes is itself rounded: that much the result is lowered, so that it can be compared
/// with computed distances. All magnitudes are bounded by a factor of 2 more than needed, for terms of second order.
#include "engine/codes/code_bound.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace nearline::engine {
namespace {

using format::kCentroids;

constexpr double kUnit = 0x1p-24;
constexpr double kStretch = 1.0 / 4000;  ///< more than what axes lack to be orthonormal, and a rounding
constexpr double kHalfStep = 0.52;       ///< and the rounding of (value - low) / step in f32: 65535 u at most
/// Squares below this may have lost bits to underflow; the sums of that many more terms stay far below it.
constexpr double kTiny = 1e-30;

float to_float(double value) noexcept {
  constexpr double kMost = std::numeric_limits<float>::max();
  return static_cast<float>(std::clamp(value, -kMost, kMost));
}

/// Of a difference of squares that is not negative but for its rounding.
double root(double squares) noexcept {
  return std::sqrt(std::max(0.0, squares));
}

/// The distance between two intervals.
double gap(double low_a, double high_a, double low_b, double high_b) noexcept {
  return std::max({0.0, low_a - high_b, low_b - high_a});
}

/// What the numbers of a scale that store `value` may have stood for.
void widen(const format::Scale16& scale, std::uint16_t stored, double& low, double& high) noexcept {
  const double at = scale.low, step = scale.step;
  const double width = step * format::kBeyondScales, rounding = 4 * kUnit * (std::fabs(at) + width);
  low = at + step * (stored - kHalfStep) - rounding;
  high = at + step * (stored + kHalfStep) + rounding;
  if (stored == 0) low = at - width / 2 - rounding;
  if (stored >= format::kBeyondScales - 1) high = at + width * 1.5 + rounding;
}

}  // namespace

bool CodeBound::serves(const format::CodeBook& book, Metric metric) noexcept {
  const bool metric_fits = metric == Metric::kL2 || metric == Metric::kCosine;
  return metric_fits && book.offset.step > 0 && book.factor.step > 0;
}

std::uint64_t CodeBound::memory_bytes(std::uint32_t dim, std::uint32_t parts) noexcept {
  return std::uint64_t{parts} * kCentroids * sizeof(Sums) + 2 * std::uint64_t{dim} * sizeof(double);
}

void CodeBound::prepare(const format::CodeBook& book, Metric metric, const float* vector) {
  const std::size_t axes = book.axis_count();
  parts_ = book.parts();
  unit_length_ = metric == Metric::kCosine;
  offset_ = book.offset;
  factor_ = book.factor;
  double squares = 0, mean = 0;
  centered_.resize(book.dim);
  for (std::size_t i = 0; i < book.dim; ++i) {
    centered_[i] = static_cast<double>(vector[i]) - static_cast<double>(book.mean[i]);
    squares += centered_[i] * centered_[i];
    mean += static_cast<double>(book.mean[i]) * static_cast<double>(book.mean[i]);
  }
  length_ = std::sqrt(squares);
  mean_ = std::sqrt(mean);
  rounded_ = 2 * (book.dim / 16.0 + 16) * kUnit;
  const auto k = static_cast<double>(axes);
  product_rounded_ = std::sqrt(k) * rounded_ + 2 * (k + 16) * kUnit;
  turned_.resize(axes);
  for (std::size_t axis = 0; axis < axes; ++axis) {
    const float* const row = book.axes.data() + axis * book.dim;
    double sum = 0;
    for (std::size_t i = 0; i < book.dim; ++i) sum += static_cast<double>(row[i]) * centered_[i];
    turned_[axis] = sum;
  }
  sums_.resize(parts_ * kCentroids);
  const float* centroids = book.centroids.data();
  const double* part = turned_.data();
  for (std::size_t p = 0; p < parts_; ++p) {
    const std::size_t width = book.widths[p];
    for (std::size_t c = 0; c < kCentroids; ++c) {
      double product = 0, own = 0;
      for (std::size_t w = 0; w < width; ++w) {
        const auto value = static_cast<double>(centroids[w * kCentroids + c]);
        product += part[w] * value;
        own += value * value;
      }
      sums_[p * kCentroids + c] = {.product = to_float(product), .squares = to_float(own)};
    }
    centroids += width * kCentroids;
    part += width;
  }
}

/// |y|^2. Under l2 it is the offset; under cosine |x|^2 - 2 <m, x> + |m|^2, where x is of unit length within rounding
/// and the offset is -<m, x>.
CodeBound::Interval CodeBound::squares_of(std::uint16_t offset) const noexcept {
  Interval value{};
  widen(offset_, offset, value.low, value.high);
  if (unit_length_) {
    const double slack = rounded_ * (1 + 2 * mean_);
    const double base = 1 + mean_ * mean_;
    return {.low = std::max(0.0, base + 2 * value.low - slack), .high = std::max(0.0, base + 2 * value.high + slack)};
  }
  return {.low = std::max(0.0, value.low * (1 - rounded_) - kTiny * kTiny),
          .high = std::max(0.0, value.high * (1 + rounded_) + kTiny * kTiny)};
}

/// The least |q - x|^2. product: b with |c| for |w|; centroid: |c|^2.
double CodeBound::between(Interval squares, Interval factor, double product, double centroid) const noexcept {
  const double low = std::sqrt(squares.low), high = std::sqrt(squares.high);
  const bool told = factor.low > 0 && !(factor.low <= 1 && factor.high >= 1) && squares.low > kTiny && centroid > kTiny;
  if (!told) {
    const double apart = gap(length_, length_, low, high);
    return apart * apart;
  }
  const double inverse = 1 / std::sqrt(centroid);
  const double slack = (product_rounded_ + kStretch) * high;
  const double along_low = squares.low * (1 - rounded_) / factor.high * inverse - slack;
  const double along_high = std::min(high, squares.high * (1 + rounded_) / factor.low * inverse + slack);
  const double along_least = std::max(0.0, along_low);
  const double across_low = root(squares.low - along_high * along_high);
  const double across_high = root(squares.high - along_least * along_least);
  const double query_slack = (2 * kUnit + kStretch) * length_;
  const double query = std::clamp(product * inverse, -length_, length_);
  const double query_near = std::max(0.0, std::fabs(query) - query_slack);
  const double query_far = std::min(length_, std::fabs(query) + query_slack);
  const double query_low = root(length_ * length_ - query_far * query_far);
  const double query_high = root(length_ * length_ - query_near * query_near);
  const double along = gap(along_low, along_high, query - query_slack, query + query_slack);
  const double across = gap(across_low, across_high, query_low, query_high);
  return along * along + across * across;
}

/// What Space::distances says at the least of a vector at that squared distance from the query as codes take it.
double CodeBound::distance(double squared) const noexcept {
  if (!unit_length_) return squared * (1 - rounded_ - 4 * kUnit) - kTiny;
  // Both were brought to unit length with a rounding each, and 1 - <q, x> |q|^-1 |x|^-1 is computed with a few.
  const double apart = std::max(0.0, std::sqrt(squared) - 2 * rounded_);
  return apart * apart / 2 - 4 * rounded_;
}

CodeBound::Bound CodeBound::of(const std::byte* code) const noexcept {
  std::uint16_t head[2];
  std::memcpy(head, code, sizeof head);
  if ((head[0] & head[1]) == format::kBeyondScales) {
    return {.least = -std::numeric_limits<double>::infinity(), .likely = -std::numeric_limits<float>::infinity()};
  }
  const std::byte* const bytes = code + format::kCodeHeadBytes;
  double product = 0, centroid = 0;
  const Sums* row = sums_.data();
  for (std::size_t p = 0; p < parts_; ++p, row += kCentroids) {
    const Sums& sums = row[std::to_integer<std::size_t>(bytes[p])];
    product += static_cast<double>(sums.product);
    centroid += static_cast<double>(sums.squares);
  }
  const Interval squares = squares_of(head[0]);
  Interval stored{};
  widen(factor_, head[1], stored.low, stored.high);
  // Stored is -2 f under l2 and -f under cosine; a division's rounding lies within `rounded_`.
  const double one = unit_length_ ? -1 : -2;
  const Interval factor{.low = stored.high / one, .high = stored.low / one};
  const double middle = (factor.low + factor.high) / 2;
  return {.least = distance(between(squares, factor, product, centroid)),
          .likely = to_float(squares.high - 2 * middle * product)};
}

}  // namespace nearline::engine
