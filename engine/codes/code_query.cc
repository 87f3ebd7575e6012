// SPDX-License-Identifier: Apache-2.0
#include "engine/codes/code_query.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "engine/kernels/code_kernels.h"
#include "engine/kernels/kernels.h"

namespace nearline::engine {
namespace {

constexpr float kLargest = 32767;

float dot(const float* a, const float* b, std::size_t count) noexcept {
  return kernels::kernel(kernels::Raw::kDot, ElementType::kF32).one(a, reinterpret_cast<const std::byte*>(b), count);
}

}  // namespace

void CodeQuery::turn(const format::CodeBook& book, const float* vector) {
  centered_.resize(book.dim);
  for (std::size_t i = 0; i < book.dim; ++i) centered_[i] = vector[i] - book.mean[i];
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
  parts_ = book.parts();
  offset_ = book.offset;
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
  const float largest = kernels::largest_magnitude(products_.data(), products_.size());
  unit_ = largest / kLargest;
  table_.resize(products_.size());
  kernels::to_i16(products_.data(), products_.size(), largest > 0 ? kLargest / largest : 0, table_.data());
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
    const auto sum = static_cast<float>(sums[0] + sums[1] + sums[2] + sums[3]);
    out[i] = constant_ + offset_.value(head[0]) + factor_.value(head[1]) * (sum * unit_);
    if ((head[0] & head[1]) == format::kBeyondScales) out[i] = -std::numeric_limits<float>::infinity();  // to be read
  }
}

}  // namespace nearline::engine
