// SPDX-License-Identifier: Apache-2.0
#include "engine/codes/code_encoder.h"

#include <cstring>

#include "engine/kernels/code_kernels.h"
#include "engine/kernels/kernels.h"

namespace nearline::engine {
namespace {

float dot(const float* a, const float* b, std::size_t count) noexcept {
  return kernels::kernel(kernels::Raw::kDot, ElementType::kF32).one(a, reinterpret_cast<const std::byte*>(b), count);
}

}  // namespace

CodeEncoder::CodeEncoder(const format::CodeBook& book, Metric metric) : book_(book), metric_(metric) {
  for (std::size_t axis = 0; axis < book.axis_count(); ++axis) {
    axes_.push_back(reinterpret_cast<const std::byte*>(book.axes.data() + axis * book.dim));
  }
}

void CodeEncoder::turn(const float* vector, Scratch& scratch) const {
  scratch.centered.resize(book_.dim);
  for (std::size_t i = 0; i < book_.dim; ++i) scratch.centered[i] = vector[i] - book_.mean[i];
  scratch.turned.resize(axes_.size());
  kernels::kernel(kernels::Raw::kDot, ElementType::kF32)
      .many(scratch.centered.data(), axes_.data(), axes_.size(), book_.dim, scratch.turned.data());
}

CodeEncoder::Head CodeEncoder::head(const float* vector, Scratch& scratch) const {
  turn(vector, scratch);
  scratch.centroids.resize(book_.parts());
  const float* table = book_.centroids.data();
  const float* part = scratch.turned.data();
  float agreement = 0;  // inner product of the vector and what its code stands for
  for (std::uint32_t p = 0; p < book_.parts(); ++p) {
    const std::uint32_t width = book_.widths[p];
    const std::size_t nearest = kernels::nearest_centroid(part, table, width);
    for (std::uint32_t w = 0; w < width; ++w) agreement += part[w] * table[w * format::kCentroids + nearest];
    scratch.centroids[p] = static_cast<std::uint8_t>(nearest);
    part += width;
    table += std::size_t{width} * format::kCentroids;
  }
  const float squares = dot(scratch.centered.data(), scratch.centered.data(), book_.dim);
  // The factor makes the estimate of <x, x> exact. Where the code says nothing of the vector it is left alone.
  const float factor = agreement > squares * 0.1F ? squares / agreement : 1;
  if (metric_ == Metric::kL2) return {squares, -2 * factor};
  return {-dot(book_.mean.data(), vector, book_.dim), -factor};
}

void CodeEncoder::encode(const float* vector, std::byte* out, Scratch& scratch) const {
  const Head exact = head(vector, scratch);
  const std::uint16_t numbers[] = {book_.offset.store(exact.offset), book_.factor.store(exact.factor)};
  std::memcpy(out, numbers, sizeof numbers);
  std::memcpy(out + format::kCodeHeadBytes, scratch.centroids.data(), scratch.centroids.size());
}

}  // namespace nearline::engine
