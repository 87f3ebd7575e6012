// SPDX-License-Identifier: Apache-2.0
#include "engine/space/weighting.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "engine/kernels/kernels.h"
#include "engine/space/direction.h"
#include "engine/space/space.h"

namespace nearline::engine {
namespace {

constexpr std::size_t kChunk = 512;  ///< components that are converted together, on the stack

Error invalid(std::string what) {
  return {.code = Code::kInvalidArgument, .what = std::move(what)};
}

Result<void> check_mask(const Schema& schema, std::span<const float> mask) {
  if (mask.size() != schema.dim) {
    return invalid("mask of " + std::to_string(mask.size()) + " weights: expected " + std::to_string(schema.dim) +
                   ", one for each dimension");
  }
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (std::isfinite(mask[i]) && mask[i] >= 0) continue;
    return invalid("mask: weight " + std::to_string(i) + " is " + std::to_string(mask[i]) +
                   ": expected a finite number from 0 on");
  }
  if (std::ranges::all_of(mask, [](float weight) { return weight == 0; })) {
    return invalid("mask: all weights are 0: expected one above 0 at least");
  }
  if (schema.type == ElementType::kB1 &&
      std::ranges::any_of(mask, [](float weight) { return weight != 0 && weight != 1; })) {
    return invalid("mask: expected weights of 0 or 1 for b1, whose bits count or do not");
  }
  return {};
}

}  // namespace

Result<Weighting> Weighting::of(const Schema& schema, std::uint32_t prefix, std::span<const float> mask) {
  if (prefix > schema.dim) {
    return invalid("prefix of " + std::to_string(prefix) + ": expected 1 to " + std::to_string(schema.dim) +
                   ", the dimension");
  }
  if (prefix > 0 && !mask.empty()) return invalid("prefix and mask: expected one of them, found both");
  Weighting weighting;
  if (!mask.empty()) {
    NEARLINE_CHECK(check_mask(schema, mask));
    weighting.weigh(schema, {mask.begin(), mask.end()});
  } else if (prefix > 0) {
    std::vector<float> weights(schema.dim);
    std::fill_n(weights.begin(), prefix, 1.0F);
    weighting.weigh(schema, std::move(weights));
  }
  return weighting;
}

void Weighting::weigh(const Schema& schema, std::vector<float> weights) {
  const auto is_one = [](float weight) { return weight == 1; };
  if (std::ranges::all_of(weights, is_one)) return;
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    sum += weights[i];
    squares += double{weights[i]} * weights[i];
    if (weights[i] > 0) dims_ = static_cast<std::uint32_t>(i + 1);
  }
  share_ = sum * sum / (squares * static_cast<double>(weights.size()));
  const bool first = std::all_of(weights.begin(), weights.begin() + dims_, is_one);
  if (schema.type == ElementType::kB1) {
    bits_.resize(vector_bytes(schema.type, schema.dim));
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (weights[i] == 1) bits_[i / 8] |= std::byte{1} << (i % 8);
    }
  } else if (!first) {
    roots_.resize(dims_);
    std::ranges::transform(std::span(weights).first(dims_), roots_.begin(),
                           [](float weight) { return std::sqrt(weight); });
  }
  weights_ = std::move(weights);
}

double Weighting::squared_norm(ElementType type, const std::byte* vector) const noexcept {
  if (is_plain()) return kernels::squared_norm(type, vector, dims_);
  const std::size_t bytes = vector_bytes(type, 1);
  std::array<float, kChunk> part;
  double sum = 0;
  for (std::size_t first = 0; first < dims_; first += kChunk) {
    const std::size_t count = std::min(kChunk, dims_ - first);
    kernels::to_f32(type, vector + first * bytes, count, part.data());
    for (std::size_t i = 0; i < count; ++i) part[i] *= roots_[first + i];
    sum += kernels::squared_norm(ElementType::kF32, reinterpret_cast<const std::byte*>(part.data()), count);
  }
  return sum;
}

const char* Weighting::unfit_query(Metric metric, ElementType type, const std::byte* query) const noexcept {
  if (all() || type == ElementType::kB1) return nullptr;
  const double squares = squared_norm(type, query);
  if (!(squares <= std::numeric_limits<float>::max())) {
    return "is too long by the mask: expected weights with which f32 can hold its squared length";
  }
  if (metric == Metric::kCosine && !has_direction(static_cast<float>(squares))) {
    return "has no direction in the dimensions that count: expected a length of at least 1.1e-19 there under cosine";
  }
  if (metric == Metric::kIp && squares == 0) {
    return "is zero in the dimensions that count: expected a query that tells records apart under ip";
  }
  return nullptr;
}

std::string Weighting::text() const {
  const auto of = " of " + std::to_string(weights_.size()) + " dimensions";
  if (std::all_of(weights_.begin(), weights_.begin() + dims_, [](float weight) { return weight == 1; })) {
    return "by the first " + std::to_string(dims_) + of;
  }
  const auto count = std::ranges::count_if(weights_, [](float weight) { return weight > 0; });
  return "by the weights of " + std::to_string(count) + of;
}

}  // namespace nearline::engine
