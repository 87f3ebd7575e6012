// SPDX-License-Identifier: Apache-2.0
#include "engine/make/held_out.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/kernels/kernels.h"
#include "engine/vectors/exact_scan.h"

namespace nearline::engine {
namespace {

constexpr std::uint64_t kBlockBytes = 1u << 20;

/// Sums in another order may differ so much, relative to the distance; where distances are what is left of 1, also
/// relative to that.
constexpr float kRounding = 1e-5F, kRoundingOfOne = 2e-6F;

/// Shows all records of the index to the scan.
Result<void> show_all(const Segment& index, ExactScan& scan, const std::function<Result<void>(double)>& progress) {
  const Schema& schema = index.schema();
  const auto rows =
      static_cast<std::uint32_t>(std::max<std::uint64_t>(1, kBlockBytes / vector_bytes(schema.type, schema.dim)));
  const auto count = static_cast<std::uint32_t>(index.count());
  std::vector<std::uint32_t> ordinals;
  std::vector<Id> ids;
  std::vector<std::byte> vectors;
  for (std::uint32_t first = 0; first < count; first += static_cast<std::uint32_t>(ordinals.size())) {
    NEARLINE_CHECK(progress(static_cast<double>(first) / count));
    ordinals.resize(std::min(rows, count - first));
    std::iota(ordinals.begin(), ordinals.end(), first);
    NEARLINE_CHECK(index.read_rows(ordinals, ids, vectors));
    scan.show({vectors.data(), ordinals.size(), schema.dim, schema.type}, first);
  }
  return {};
}

}  // namespace

std::uint64_t HeldOut::bytes_per_query(const Schema& schema, std::uint32_t k) noexcept {
  return 12 + vector_bytes(schema.type, schema.dim) + k * sizeof(float) +
         ExactScan::bytes_per_query(schema.type, schema.dim, k + 1);
}

Result<HeldOut> HeldOut::draw(const Segment& index, std::uint32_t count, std::uint32_t k, unsigned threads,
                              const std::function<Result<void>(double)>& progress) {
  HeldOut held;
  held.schema_ = index.schema();
  held.k_ = k;
  for (std::uint64_t i = 0; i < count; ++i) {
    held.ordinals_.push_back(static_cast<std::uint32_t>((2 * i + 1) * index.count() / (2 * count)));
  }
  std::vector<Id> ids;
  NEARLINE_CHECK(index.read_rows(held.ordinals_, ids, held.vectors_));
  ExactScan scan(held.queries(), held.schema_.type, {.metric = held.schema_.metric, .k = k + 1, .threads = threads});
  NEARLINE_CHECK(show_all(index, scan, progress));
  held.nearest_.reserve(std::size_t{count} * k);
  for (std::uint32_t q = 0; q < count; ++q) {
    std::uint32_t taken = 0;
    for (const NearRow& near : scan.hits(q)) {
      if (near.row == held.ordinals_[q] || taken == k) continue;
      held.nearest_.push_back(near.distance);
      ++taken;
    }
  }
  return held;
}

std::uint32_t HeldOut::hits(std::size_t query, std::span<const float> distances) const noexcept {
  if (distances.empty()) return 0;
  const float last = nearest_[query * k_ + distances.size() - 1];
  const bool cancels = schema_.metric == Metric::kIp || schema_.metric == Metric::kCosine;
  const float most = last + std::max(kRounding * std::fabs(last), cancels ? kRoundingOfOne : 0.0F);
  return static_cast<std::uint32_t>(std::upper_bound(distances.begin(), distances.end(), most) - distances.begin());
}

float HeldOut::largest_norm() const noexcept {
  float largest = 0;
  if (schema_.metric != Metric::kIp) return largest;
  for (std::size_t q = 0; q < ordinals_.size(); ++q) {
    largest = std::max(largest, kernels::squared_norm(schema_.type, queries().row(q), schema_.dim));
  }
  return std::sqrt(largest);
}

}  // namespace nearline::engine
