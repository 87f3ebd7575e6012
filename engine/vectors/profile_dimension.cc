// SPDX-License-Identifier: Apache-2.0
#include "engine/vectors/profile_dimension.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_set>

namespace nearline::engine {
namespace {

/// A cosine of f32 sums is this far from 1 at most for rows that are equal.
constexpr float kCosineRounding = 1e-6F;

/// SplitMix64: any sequence of states gives well mixed numbers.
std::uint64_t mixed(std::uint64_t state) noexcept {
  state = (state ^ state >> 30) * 0xBF58'476D'1CE4'E5B9U;
  state = (state ^ state >> 27) * 0x94D0'49BB'1331'11EBU;
  return state ^ state >> 31;
}

}  // namespace

ScanOptions dimension_scan(Metric metric, std::uint32_t k, unsigned threads) noexcept {
  const bool directions = metric == Metric::kIp || metric == Metric::kCosine;
  return {.metric = directions ? Metric::kCosine : metric,
          .k = k,
          .threads = threads,
          .farther_than = directions ? kCosineRounding : 0.0F};
}

double local_dimension(std::span<const NearRow> hits) noexcept {
  while (!hits.empty() && !std::isfinite(hits.back().distance)) hits = hits.first(hits.size() - 1);
  if (hits.size() < 2) return 0;
  // Distances are squares of Euclidean ones (for cosine of chords, up to a factor, which cancels): half the logarithm.
  double sum = 0;
  for (const NearRow& hit : hits) sum += std::log(double{hit.distance} / double{hits.back().distance}) / 2;
  return sum < 0 ? -static_cast<double>(hits.size()) / sum : 0;
}

std::vector<std::uint64_t> sample_rows(std::uint64_t below, std::uint64_t count, std::uint64_t seed) {
  std::vector<std::uint64_t> rows;
  if (count >= below) {
    rows.resize(below);
    std::iota(rows.begin(), rows.end(), std::uint64_t{0});
    return rows;
  }
  // Floyd's method: each step takes one of [0, top], or top itself when that one is taken already.
  std::unordered_set<std::uint64_t> taken;
  for (std::uint64_t top = below - count; top < below; ++top) {
    const std::uint64_t row = mixed(seed * 0x9E37'79B9'7F4A'7C15U + top + 1) % (top + 1);
    taken.insert(taken.contains(row) ? top : row);
  }
  rows.assign(taken.begin(), taken.end());
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace nearline::engine
