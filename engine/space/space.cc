// SPDX-License-Identifier: Apache-2.0
#include "engine/space/space.h"

#include <cmath>
#include <cstring>

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

}  // namespace

Space::Space(Metric metric, ElementType type, std::uint32_t dim) noexcept
    : metric_(metric),
      type_(type),
      dim_(dim),
      vector_bytes_(static_cast<std::uint32_t>(vector_bytes(type, dim))),
      kernel_(kernels::kernel(kernels::raw_of(metric), type)) {
  assert(kernel_.many != nullptr);
}

std::size_t Space::query_bytes() const noexcept {
  return is_float(type_) ? std::size_t{dim_} * sizeof(float) : vector_bytes_;
}

Query Space::query(const std::byte* vector, ElementType type, std::byte* out) const noexcept {
  if (is_float(type_)) {
    kernels::to_f32(type, vector, dim_, reinterpret_cast<float*>(out));
  } else {
    assert(type == type_);
    std::memcpy(out, vector, vector_bytes_);
  }
  Query query{.vector = out};
  if (metric_ == Metric::kCosine) {
    const ElementType form = is_float(type_) ? ElementType::kF32 : type_;
    float squared = kernels::squared_norm(form, out, dim_);
    if (is_float(type_) && is_short(squared)) {
      lift({reinterpret_cast<float*>(out), dim_});
      squared = kernels::squared_norm(form, out, dim_);
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
  kernel_.many(query.vector, records.data(), records.size(), dim_, out);
  if (has_scale()) finish(query, records, out);
}

void Space::finish(const Query& query, std::span<const std::byte* const> records, float* out) const noexcept {
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (metric_ == Metric::kCosine) {
      out[i] = 1.0F - out[i] * (query.scale * load_scale(records[i], vector_bytes_));
    } else if (weight_ != Weight::kOne) {
      const float length = std::sqrt(load_scale(records[i], vector_bytes_));
      out[i] = 1.0F - out[i] * (weight_ == Weight::kLength ? length : 1.0F / std::fmax(length, kLeastWeighed));
    } else {
      out[i] = 1.0F - out[i];
    }
  }
}

}  // namespace nearline::engine
