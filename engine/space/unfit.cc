// SPDX-License-Identifier: Apache-2.0
#include "engine/space/unfit.h"

#include <limits>

#include "engine/kernels/kernels.h"
#include "engine/space/direction.h"

namespace nearline::engine {
namespace {

constexpr float kLargest = std::numeric_limits<float>::max();

/// The largest squared length. Of two vectors it is the squared distance that must fit under l2, which is up to four
/// times as much, and their product under ip.
constexpr float most_squared(Metric metric) noexcept {
  return metric == Metric::kL2 ? kLargest / 4 : kLargest;
}

}  // namespace

const char* unfit(Metric metric, ElementType type, const std::byte* vector, std::uint32_t dim) noexcept {
  if (!kernels::all_finite(type, vector, dim)) return "holds NaN or infinity: expected finite values";
  const bool can_overflow = type == ElementType::kF32 || type == ElementType::kBF16;
  if (type == ElementType::kB1 || (metric != Metric::kCosine && !can_overflow)) return nullptr;
  const float squared = kernels::squared_norm(type, vector, dim);
  if (!(squared <= most_squared(metric))) {
    return metric == Metric::kL2 ? "is too long: expected a squared length up to 8.5e37, so that f32 can hold distances"
                                 : "is too long: expected a squared length that f32 can hold";
  }
  if (metric == Metric::kCosine && is_short(squared) && length_of(type, vector, dim) < kLeastLength) {
    return "has no direction: expected a length of at least 1e-28 under cosine, of which f32 can hold the inverse";
  }
  return nullptr;
}

const char* unfit_query(Metric metric, ElementType type, const std::byte* query, std::uint32_t dim) noexcept {
  if (const char* fault = unfit(metric, type, query, dim)) return fault;
  if (metric != Metric::kIp || kernels::squared_norm(type, query, dim) > 0) return nullptr;
  return "is zero: expected a query that tells records apart under ip, where all have the product 0 with this one";
}

}  // namespace nearline::engine
