// SPDX-License-Identifier: Apache-2.0
#include "engine/codes/code_encoder.h"

#include <algorithm>
#include <cassert>
#include <cstring>

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

void CodeEncoder::turn(const float* vector, float* centered, float* turned) const {
  for (std::size_t i = 0; i < book_.dim; ++i) centered[i] = vector[i] - book_.mean[i];
  kernels::kernel(kernels::Raw::kDot, ElementType::kF32).many(centered, axes_.data(), axes_.size(), book_.dim, turned);
}

std::array<CodeEncoder::Head, CodeEncoder::kTogether> CodeEncoder::heads(const float* vectors, std::size_t count,
                                                                         Scratch& scratch) const {
  assert(count <= kTogether);
  const std::size_t dim = book_.dim, axes = axes_.size(), parts = book_.parts();
  scratch.centered.resize(kTogether * dim);
  scratch.turned.resize(kTogether * axes);  // those behind the last vector's are coded, too, and not looked at
  scratch.centroids.resize(kTogether * parts);
  for (std::size_t i = 0; i < count; ++i) {
    turn(vectors + i * dim, scratch.centered.data() + i * dim, scratch.turned.data() + i * axes);
  }
  const float* part = scratch.turned.data();
  const float* table = book_.centroids.data();
  for (std::size_t p = 0; p < parts; ++p) {
    const std::uint32_t width = book_.widths[p];
    kernels::nearest_centroids(part, axes, table, width, scratch.centroids.data() + p, parts);
    part += width;
    table += std::size_t{width} * format::kCentroids;
  }
  std::array<Head, kTogether> heads;
  for (std::size_t i = 0; i < count; ++i) {
    heads[i] = head(vectors + i * dim, scratch.centered.data() + i * dim, scratch.turned.data() + i * axes,
                    scratch.centroids.data() + i * parts);
  }
  return heads;
}

CodeEncoder::Head CodeEncoder::head(const float* vector, const float* centered, const float* turned,
                                    const std::uint8_t* centroids) const {
  const float* table = book_.centroids.data();
  float agreement = 0;  // inner product of the vector and what its code stands for
  for (std::size_t p = 0; p < book_.parts(); ++p) {
    const std::uint32_t width = book_.widths[p];
    for (std::uint32_t w = 0; w < width; ++w) agreement += *turned++ * table[w * format::kCentroids + centroids[p]];
    table += std::size_t{width} * format::kCentroids;
  }
  const float squares = dot(centered, centered, book_.dim);
  // The factor makes the estimate of <x, x> exact. Where the code says nothing of the vector it is left alone.
  const float factor = agreement > squares * 0.1F ? squares / agreement : 1;
  if (metric_ == Metric::kL2) return {squares, -2 * factor};
  return {-dot(book_.mean.data(), vector, book_.dim), -factor};
}

void CodeEncoder::encode(const float* vectors, std::size_t count, std::byte* out, Scratch& scratch) const {
  for (std::size_t first = 0; first < count; first += kTogether) {
    const std::size_t some = std::min(kTogether, count - first);
    const auto exact = heads(vectors + first * book_.dim, some, scratch);
    for (std::size_t i = 0; i < some; ++i, out += book_.code_bytes()) {
      std::uint16_t numbers[] = {book_.offset.store(exact[i].offset), book_.factor.store(exact[i].factor)};
      if (!book_.offset.reaches(exact[i].offset) || !book_.factor.reaches(exact[i].factor)) {
        numbers[0] = numbers[1] = format::kBeyondScales;
      }
      std::memcpy(out, numbers, sizeof numbers);
      std::memcpy(out + format::kCodeHeadBytes, scratch.centroids.data() + i * book_.parts(), book_.parts());
    }
  }
}

}  // namespace nearline::engine
