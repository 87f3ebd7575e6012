// SPDX-License-Identifier: Apache-2.0
/// One query against codes: the inner products of its parts with all centroids are tabulated once, then an estimate is
/// one look-up for each byte of a code. Tables hold 16-bit integers, so that sums do not depend on their order and
/// the tables of 32 parts stay in the first-level cache.
/// Source: asymmetric distances by tables, Jegou et al., PAMI 2011.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/codes/code_weights.h"
#include "format/code_book.h"
#include "nearline/types.h"

namespace nearline::engine {

class CodeQuery {
 public:
  /// vector: [dim] f32, of unit length under cosine. Keeps a pointer to the book. Allocates only when it grows.
  void prepare(const format::CodeBook& book, Metric metric, const float* vector);
  /// The same where dimensions count by weights, which were made of the book. Keeps a pointer to them.
  void prepare(const format::CodeBook& book, Metric metric, const float* vector, const CodeWeights& weights);

  /// out[i]: estimated distance to the vector behind codes[i].
  void estimate(std::span<const std::byte* const> codes, float* out) const noexcept;

  /// Standard error of the estimates.
  [[nodiscard]] float error() const noexcept { return error_; }

  [[nodiscard]] std::uint64_t memory_bytes() const noexcept {
    return table_.capacity() * sizeof(std::int16_t) +
           (centered_.capacity() + turned_.capacity() + products_.capacity()) * sizeof(float);
  }

 private:
  void turn(const format::CodeBook& book, const float* vector);
  void turn_centered(const format::CodeBook& book);
  void multiply(const format::CodeBook& book);
  void tabulate();

  std::vector<std::int16_t> table_;  ///< [parts x 256]
  std::vector<float> centered_;
  std::vector<float> turned_;
  std::vector<float> products_;
  std::size_t parts_ = 0;
  float constant_ = 0;
  float unit_ = 0;  ///< what 1 in the table stands for
  float error_ = 0;
  const CodeWeights* weights_ = nullptr;  ///< where squares along directions are to be added
  float of_squares_ = 0;                  ///< times so much
  format::Scale16 offset_;
  format::Scale16 factor_;
};

}  // namespace nearline::engine
