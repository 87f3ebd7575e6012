// SPDX-License-Identifier: Apache-2.0
#include "engine/space/space.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>

#include "engine/space/direction.h"

namespace nearline::engine {
namespace {

float load_scale(const std::byte* record, std::uint32_t vector_bytes) noexcept {
  float scale;
  std::memcpy(&scale, record + vector_bytes, sizeof scale);
  return scale;
}

/// Shorter vectors count as so long where angles are compared under ip.
constexpr float kLeastWeighed = 1e-18F;

/// Components of a record that are weighted together, on the stack.
constexpr std::size_t kChunk = 512;

/// 1/|x| from the squared length; 0 of what has none, so that it is at distance 1 from everything.
float direction_scale(double squared_norm) noexcept {
  return has_direction(static_cast<float>(squared_norm)) ? static_cast<float>(1 / std::sqrt(squared_norm)) : 0;
}

}  // namespace

Space::Space(Metric metric, ElementType type, std::uint32_t dim) noexcept
    : metric_(metric),
      type_(type),
      dim_(dim),
      used_(dim),
      vector_bytes_(static_cast<std::uint32_t>(vector_bytes(type, dim))),
      kernel_(kernels::kernel(kernels::raw_of(metric), type)) {
  assert(kernel_.many != nullptr);
}

std::size_t Space::query_bytes() const noexcept {
  return is_float(type_) || has_roots() ? std::size_t{used_} * sizeof(float) : vector_bytes_;
}

Query Space::query(const std::byte* vector, ElementType type, std::byte* out) const noexcept {
  const bool as_floats = is_float(type_) || has_roots();
  if (as_floats) {
    auto* const floats = reinterpret_cast<float*>(out);
    kernels::to_f32(type, vector, used_, floats);
    if (has_roots()) std::transform(floats, floats + used_, weighting_->roots().begin(), floats, std::multiplies<>());
  } else {
    assert(type == type_);
    std::memcpy(out, vector, vector_bytes_);
  }
  Query query{.vector = out};
  if (metric_ == Metric::kCosine) {
    const ElementType form = as_floats ? ElementType::kF32 : type_;
    float squared = kernels::squared_norm(form, out, used_);
    if (is_float(type_) && is_short(squared)) {
      lift({reinterpret_cast<float*>(out), used_});
      squared = kernels::squared_norm(form, out, used_);
    }
    query.scale = 1.0F / std::sqrt(squared);
  }
  return query;
}

float Space::scale_of(const std::byte* vector) const noexcept {
  const float squared = kernels::squared_norm(type_, vector, dim_);
  if (metric_ != Metric::kCosine) return squared;
  return is_short(squared) ? static_cast<float>(1 / length_of(type_, vector, dim_)) : 1.0F / std::sqrt(squared);
}

void Space::distances(const Query& query, std::span<const std::byte* const> records, float* out) const noexcept {
  if (has_roots()) {
    for (std::size_t i = 0; i < records.size(); ++i) out[i] = weighted_distance(query, records[i]);
    return;
  }
  if (has_bits()) {
    for (std::size_t i = 0; i < records.size(); ++i) out[i] = distance_of_bits(query, records[i]);
    return;
  }
  kernel_.many(query.vector, records.data(), records.size(), used_, out);
  if (has_scale()) finish(query, records, out);
}

/// The record is multiplied by the roots of the weights, too, and compared as f32, some components at a time.
float Space::weighted_distance(const Query& query, const std::byte* record) const noexcept {
  const kernels::Kernel kernel = kernels::kernel(kernels::raw_of(metric_), ElementType::kF32);
  const auto* const floats = static_cast<const float*>(query.vector);
  const float* const roots = weighting_->roots().data();
  const std::size_t bytes = vector_bytes(type_, 1);
  std::array<float, kChunk> part;
  const auto* const weighted = reinterpret_cast<const std::byte*>(part.data());
  double sum = 0, squares = 0;
  for (std::size_t first = 0; first < used_; first += kChunk) {
    const std::size_t count = std::min<std::size_t>(kChunk, used_ - first);
    kernels::to_f32(type_, record + first * bytes, count, part.data());
    for (std::size_t i = 0; i < count; ++i) part[i] *= roots[first + i];
    sum += double{kernel.one(floats + first, weighted, count)};
    if (metric_ == Metric::kCosine) squares += double{kernels::squared_norm(ElementType::kF32, weighted, count)};
  }
  const auto raw = static_cast<float>(sum);
  if (metric_ == Metric::kL2) return raw;
  return metric_ == Metric::kIp ? 1.0F - raw : 1.0F - raw * (query.scale * direction_scale(squares));
}

float Space::distance_of_bits(const Query& query, const std::byte* record) const noexcept {
  const auto* const asked = static_cast<const std::byte*>(query.vector);
  const std::span<const std::byte> mask = weighting_->bits();
  std::uint32_t different = 0, either = 0;
  for (std::size_t first = 0; first < mask.size(); first += sizeof(std::uint64_t)) {
    const std::size_t bytes = std::min(sizeof(std::uint64_t), mask.size() - first);
    std::uint64_t q = 0, x = 0, m = 0;
    std::memcpy(&q, asked + first, bytes);
    std::memcpy(&x, record + first, bytes);
    std::memcpy(&m, mask.data() + first, bytes);
    different += static_cast<std::uint32_t>(std::popcount((q ^ x) & m));
    either += static_cast<std::uint32_t>(std::popcount((q | x) & m));
  }
  if (metric_ == Metric::kHamming) return static_cast<float>(different);
  return either == 0 ? 0.0F : 1.0F - static_cast<float>(either - different) / static_cast<float>(either);
}

void Space::finish(const Query& query, std::span<const std::byte* const> records, float* out) const noexcept {
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (metric_ == Metric::kCosine) {
      const float scale = weighting_ == nullptr ? load_scale(records[i], vector_bytes_)
                                                : direction_scale(weighting_->squared_norm(type_, records[i]));
      out[i] = 1.0F - out[i] * (query.scale * scale);
    } else if (weight_ != Weight::kOne) {
      const float length = std::sqrt(load_scale(records[i], vector_bytes_));
      out[i] = 1.0F - out[i] * (weight_ == Weight::kLength ? length : 1.0F / std::fmax(length, kLeastWeighed));
    } else {
      out[i] = 1.0F - out[i];
    }
  }
}

}  // namespace nearline::engine
