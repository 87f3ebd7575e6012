// SPDX-License-Identifier: Apache-2.0
/// What the codes of a book tell where dimensions count by weights W: made once for all queries of a call. Products
/// need nothing of it, since codes are linear in the query: <W q, x> is estimated with the turned W q. Squared lengths
/// x'Wx are a quadratic form of the code's centroids: along the leading axes, as far as they count, it is computed
/// whole, from a few sums for each code; of what is left parts tell what they say of themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "format/code_book.h"
#include "nearline/types.h"

namespace nearline::engine {

/// Borrows the weights and the book. Threads: any number, once made.
class CodeWeights {
 public:
  /// Directions along which lengths are computed whole, where there is room for their tables.
  static constexpr std::uint32_t kDirections = 16;

  /// weights: [book.dim].  directions: 0 or kDirections.
  CodeWeights(const format::CodeBook& book, Metric metric, std::span<const float> weights, std::uint32_t directions);

  /// How many directions serve a metric: under ip no length counts, under cosine lengths are alike.
  [[nodiscard]] static std::uint32_t directions_for(Metric metric) noexcept {
    return metric == Metric::kL2 ? kDirections : 0;
  }
  /// What one takes.
  [[nodiscard]] static std::uint64_t memory_bytes(const format::CodeBook& book, std::uint32_t directions) noexcept;

  [[nodiscard]] std::span<const float> weights() const noexcept { return weights_; }
  /// The share of a squared length that counts, on average.
  [[nodiscard]] float share() const noexcept { return share_; }
  /// [parts x 256]: of each centroid, its weighted squared length, but for what lies in the directions, less the share
  /// of its own. Empty under ip.
  [[nodiscard]] std::span<const float> squares() const noexcept { return squares_; }

  [[nodiscard]] bool has_directions() const noexcept { return !along_.empty(); }
  /// The squared length of a code in the directions. bytes: of its parts. Precondition: has_directions().
  [[nodiscard]] float squares_along(const std::byte* bytes) const noexcept;

 private:
  void find_directions(const format::CodeBook& book, std::uint32_t directions);
  void tabulate(const format::CodeBook& book);

  std::span<const float> weights_;
  std::size_t parts_;
  float share_ = 0;
  std::vector<float> squares_;
  std::vector<float> along_;  ///< [parts x 256 x kDirections] of each centroid
};

}  // namespace nearline::engine
