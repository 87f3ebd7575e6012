// SPDX-License-Identifier: Apache-2.0
/// Records of an index as queries that it does not hold, with the distance of their k-th neighbours among the others.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "engine/segment/segment.h"
#include "nearline/types.h"

namespace nearline::engine {

class HeldOut {
 public:
  /// `count` records evenly over the ordinals, so evenly over space. The k nearest others of each are found by
  /// comparing with all, `threads` at a time. progress: is told the share that is done.
  /// Errors: those of reading pages and of progress.
  static Result<HeldOut> draw(const Segment& index, std::uint32_t count, std::uint32_t k, unsigned threads,
                              const std::function<Result<void>(double)>& progress);

  /// Bytes that it holds for each query, and while it draws.
  static std::uint64_t bytes_per_query(const Schema& schema, std::uint32_t k) noexcept;

  [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(ordinals_.size()); }
  [[nodiscard]] MatrixView queries() const noexcept {
    return {vectors_.data(), ordinals_.size(), schema_.dim, schema_.type};
  }
  /// The query's own ordinal.
  [[nodiscard]] std::span<const std::uint32_t> hidden(std::size_t query) const noexcept {
    return std::span(ordinals_).subspan(query, 1);
  }

  /// How many of the distances, sorted ascending, are among those of the nearest distances.size() others.
  [[nodiscard]] std::uint32_t hits(std::size_t query, std::span<const float> distances) const noexcept;

  /// The largest length of a vector among the queries, under ip; 0 under other metrics.
  [[nodiscard]] float largest_norm() const noexcept;

 private:
  Schema schema_;
  std::uint32_t k_ = 0;
  std::vector<std::uint32_t> ordinals_;
  std::vector<std::byte> vectors_;
  std::vector<float> nearest_;  ///< [queries x k], ascending
};

}  // namespace nearline::engine
