// SPDX-License-Identifier: Apache-2.0
#include "engine/codes/code_query.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/kernels/code_kernels.h"
#include "engine/kernels/kernels.h"

namespace nearline::engine {
namespace {

constexpr float kLargest = 32767;

/// Under cosine with weights: how much of the difference between a record's length and the query's is taken.
constexpr float kBelieved = 0.5F;

float dot(const float* a, const float* b, std::size_t count) noexcept {
  return kernels::kernel(kernels::Raw::kDot, ElementType::kF32).one(a, reinterpret_cast<const std::byte*>(b), count);
}

}  // namespace

void CodeQuery::turn(const format::CodeBook& book, const float* vector) {
  centered_.resize(book.dim);
  for (std::size_t i = 0; i < book.dim; ++i) centered_[i] = vector[i] - book.mean[i];
  turn_centered(book);
}

void CodeQuery::turn_centered(const format::CodeBook& book) {
  turned_.resize(book.axis_count());
  for (std::size_t axis = 0; axis < turned_.size(); ++axis) {
    turned_[axis] = dot(centered_.data(), book.axes.data() + axis * book.dim, book.dim);
  }
}

void CodeQuery::prepare(const format::CodeBook& book, Metric metric, const float* vector) {
  turn(book, vector);
  const float squares = dot(centered_.data(), centered_.data(), book.dim);
  constant_ = metric == Metric::kL2 ? squares : 1 - dot(centered_.data(), book.mean.data(), book.dim);
  error_ = book.error * std::sqrt(squares);
  offset_ = book.offset;
  weights_ = nullptr;
  multiply(book);
  tabulate();
}

/// products_: of all centroids with the parts of turned_.
void CodeQuery::multiply(const format::CodeBook& book) {
  parts_ = book.parts();
  factor_ = book.factor;
  products_.resize(parts_ * format::kCentroids);
  const float* centroids = book.centroids.data();
  const float* part = turned_.data();
  for (std::size_t p = 0; p < parts_; ++p) {
    const std::size_t width = book.widths[p];
    kernels::centroid_products(part, centroids, width, products_.data() + p * format::kCentroids);
    centroids += width * format::kCentroids;
    part += width;
  }
}

void CodeQuery::tabulate() {
  const float largest = kernels::largest_magnitude(products_.data(), products_.size());
  unit_ = largest / kLargest;
  table_.resize(products_.size());
  kernels::to_i16(products_.data(), products_.size(), largest > 0 ? kLargest / largest : 0, table_.data());
}

/// Let z = q - m and y = x - m, A the axes, c the centroids of a code, f its factor. A distance is made of products
/// with y, which the code tells, and of k y'Wy, where k is 1 under l2 and 0 under ip:
///
///   l2      z'Wz - 2 <Wz, y> + y'Wy
///   ip      1 - <Wq, m> - <Wq, y>
///   cosine  as l2 of vectors of unit length, divided by twice the query's part that counts: 1 - <Wq, x> / (|q| |x|)
///           where |x| is about |q|; k says how much is believed of a difference
///
/// y'Wy is the share of |y|^2 that counts on average, which the offset tells, and what centroids tell more of it: see
/// CodeWeights. What the mean has of a product the offset tells exactly under ip and cosine.
void CodeQuery::prepare(const format::CodeBook& book, Metric metric, const float* vector, const CodeWeights& weights) {
  const std::size_t dim = book.dim;
  const float* const w = weights.weights().data();
  const float* const mean = book.mean.data();
  const float k = metric == Metric::kIp ? 0 : metric == Metric::kCosine ? kBelieved : 1;
  centered_.resize(dim);
  float all = 0, counted = 0, product = 0, own = 0, of_mean = 0, along = 0;  // z'Wz, q'Wq, q'Wm, |m|^2, m'Wm
  for (std::size_t i = 0; i < dim; ++i) {
    const float z = vector[i] - mean[i];
    all += w[i] * z * z;
    counted += w[i] * vector[i] * vector[i];
    product += w[i] * vector[i] * mean[i];
    own += mean[i] * mean[i];
    of_mean += w[i] * mean[i] * mean[i];
    centered_[i] = w[i] * (vector[i] - k * mean[i]);  // what y is multiplied by, and of that the mean's part
    along += centered_[i] * mean[i];
  }
  counted = std::max(counted, std::numeric_limits<float>::min());
  const float beta = metric == Metric::kL2 || !(own > 0) ? 0 : along / own;
  for (std::size_t i = 0; i < dim; ++i) centered_[i] -= beta * mean[i];
  error_ = book.error * std::sqrt(dot(centered_.data(), centered_.data(), dim));
  turn_centered(book);
  multiply(book);
  for (std::size_t i = 0; i < weights.squares().size(); ++i) products_[i] -= k / 2 * weights.squares()[i];
  tabulate();
  weights_ = weights.has_directions() ? &weights : nullptr;
  of_squares_ = k / 2;
  const float share = weights.share();
  float of_offset = share;
  if (metric == Metric::kL2) {
    constant_ = all;
  } else if (metric == Metric::kIp) {
    constant_ = 1 - product + beta * own;
    of_offset = beta;
  } else {
    const float squares = k * (share * (1 + own) + of_mean);
    constant_ = ((2 - k) * counted - 2 * product + squares + 2 * beta * own) / (2 * counted);
    of_offset = (k * share + beta) / counted;
    unit_ /= counted;
    of_squares_ /= counted;
    error_ /= counted;
  }
  offset_ = {.low = of_offset * book.offset.low, .step = of_offset * book.offset.step};
}

void CodeQuery::estimate(std::span<const std::byte* const> codes, float* out) const noexcept {
  for (std::size_t i = 0; i < codes.size(); ++i) {
    std::uint16_t head[2];
    std::memcpy(head, codes[i], sizeof head);
    const std::byte* const bytes = codes[i] + format::kCodeHeadBytes;
    std::int32_t sums[4] = {};  // several, so that one look-up need not wait for another
    const std::int16_t* row = table_.data();
    std::size_t p = 0;
    for (; p + 4 <= parts_; p += 4, row += 4 * format::kCentroids) {
      for (std::size_t j = 0; j < 4; ++j) {
        sums[j] += row[j * format::kCentroids + std::to_integer<std::size_t>(bytes[p + j])];
      }
    }
    for (; p < parts_; ++p, row += format::kCentroids) sums[0] += row[std::to_integer<std::size_t>(bytes[p])];
    float sum = static_cast<float>(sums[0] + sums[1] + sums[2] + sums[3]) * unit_;
    if (weights_ != nullptr) sum -= of_squares_ * weights_->squares_along(bytes);
    out[i] = constant_ + offset_.value(head[0]) + factor_.value(head[1]) * sum;
    if ((head[0] & head[1]) == format::kBeyondScales) out[i] = -std::numeric_limits<float>::infinity();  // to be read
  }
}

}  // namespace nearline::engine
