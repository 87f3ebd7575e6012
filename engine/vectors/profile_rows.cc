// SPDX-License-Identifier: Apache-2.0
#include "engine/vectors/profile_rows.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/kernels/kernels.h"
#include "engine/parallel.h"
#include "engine/space/direction.h"
#include "engine/space/unfit.h"

namespace nearline::engine {
namespace {

constexpr std::size_t kChunk = 1024;
/// In place of lengths.
constexpr float kInvalid = -1, kOverlong = -2;

}  // namespace

RowStatistics::RowStatistics(Metric metric, ElementType type, std::uint32_t dim, unsigned threads)
    : metric_(metric),
      type_(type),
      dim_(dim),
      threads_(threads),
      zeros_(vector_bytes(type, dim)),
      changed_(std::max(1u, threads), std::vector<std::uint8_t>(vector_bytes(type, dim))) {
  sums_.norm_min = std::numeric_limits<double>::infinity();
}

void RowStatistics::add(const MatrixView& rows) {
  if (rows.rows == 0) return;
  const std::uint64_t before = hashes_.size();
  if (before == 0) {
    first_.resize(zeros_.size());
    std::memcpy(first_.data(), rows.row(0), first_.size());
  }
  hashes_.resize(before + rows.rows);
  norms_.resize(rows.rows);
  parallel_for(rows.rows, kChunk, threads_, [&](std::size_t begin, std::size_t end, unsigned thread) {
    look_at(rows, begin, end, changed_[thread]);
    for (std::size_t i = begin; i < end; ++i) hashes_[before + i] = format::hash128({rows.row(i), zeros_.size()});
  });
  for (std::size_t i = 0; i < rows.rows; ++i) {  // in the order of rows: the sum of floats depends on it
    const double length = norms_[i];
    if (norms_[i] == kInvalid) {
      if (sums_.invalid_vectors++ == 0) sums_.first_invalid_row = before + i;
      continue;
    }
    if (norms_[i] == kOverlong) {
      if (sums_.overlong_vectors++ == 0) sums_.first_overlong_row = before + i;
      continue;
    }
    sums_.norm_min = std::min(sums_.norm_min, length);
    sums_.norm_max = std::max(sums_.norm_max, length);
    sums_.norm_mean += length;
    const bool directed = length > 0 && (metric_ != Metric::kCosine || length >= kLeastLength);
    sums_.zero_vectors += directed ? 0U : 1U;
  }
}

void RowStatistics::look_at(const MatrixView& rows, std::size_t begin, std::size_t end,
                            std::vector<std::uint8_t>& changed) {
  for (std::size_t i = begin; i < end; ++i) {
    norms_[i] = kernels::all_finite(type_, rows.row(i), dim_) ? norm(rows, i) : kInvalid;
    if (norms_[i] > 1 && unfit(metric_, type_, rows.row(i), dim_) != nullptr) norms_[i] = kOverlong;
    const auto* row = reinterpret_cast<const std::uint8_t*>(rows.row(i));
    for (std::size_t b = 0; b < changed.size(); ++b) {
      changed[b] = static_cast<std::uint8_t>(changed[b] | (row[b] ^ first_[b]));
    }
  }
}

float RowStatistics::norm(const MatrixView& rows, std::size_t i) const noexcept {
  if (type_ != ElementType::kB1) {
    const float squared = kernels::squared_norm(type_, rows.row(i), dim_);
    return is_short(squared) ? static_cast<float>(length_of(type_, rows.row(i), dim_)) : std::sqrt(squared);
  }
  return std::sqrt(kernels::kernel(kernels::Raw::kHamming, type_).one(zeros_.data(), rows.row(i), dim_));
}

std::uint64_t RowStatistics::constant_components() const noexcept {
  if (hashes_.empty()) return 0;
  const std::size_t size = type_ == ElementType::kB1 ? 0 : vector_bytes(type_, 1);
  std::uint64_t varying = 0;
  std::uint64_t parts = 0;  // bytes of the component that vary
  for (std::size_t b = 0; b < zeros_.size(); ++b) {
    std::uint8_t changed = 0;
    for (const auto& of_thread : changed_) changed = static_cast<std::uint8_t>(changed | of_thread[b]);
    if (size == 0) {
      varying += static_cast<std::uint64_t>(std::popcount(changed));
      continue;
    }
    parts += changed != 0 ? 1U : 0U;
    if (b % size != size - 1) continue;
    varying += parts != 0 ? 1U : 0U;
    parts = 0;
  }
  return dim_ - std::min<std::uint64_t>(dim_, varying);
}

/// Equal hashes of 128 bits are taken for equal rows: two that differ would have to be looked for among 2^64.
std::uint64_t RowStatistics::duplicates() {
  std::sort(hashes_.begin(), hashes_.end());
  const auto distinct = std::unique(hashes_.begin(), hashes_.end()) - hashes_.begin();
  return hashes_.size() - static_cast<std::uint64_t>(distinct);
}

void RowStatistics::write(Profile& profile) {
  const std::uint64_t valid = hashes_.size() - sums_.invalid_vectors - sums_.overlong_vectors;
  profile.rows = hashes_.size();
  profile.dim = dim_;
  profile.type = type_;
  profile.norm_min = valid == 0 ? 0 : sums_.norm_min;
  profile.norm_mean = valid == 0 ? 0 : sums_.norm_mean / static_cast<double>(valid);
  profile.norm_max = sums_.norm_max;
  profile.zero_vectors = sums_.zero_vectors;
  profile.invalid_vectors = sums_.invalid_vectors;
  profile.first_invalid_row = sums_.first_invalid_row;
  profile.overlong_vectors = sums_.overlong_vectors;
  profile.first_overlong_row = sums_.first_overlong_row;
  profile.constant_components = constant_components();
  profile.duplicates = duplicates();
}

}  // namespace nearline::engine
