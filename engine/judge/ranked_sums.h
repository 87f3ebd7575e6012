// SPDX-License-Identifier: Apache-2.0
/// Sums of the retrieval figures over queries, from the grades of their answers.
#pragma once

#include <cstdint>
#include <span>

#include "nearline/evaluate.h"

namespace nearline::engine {

class RankedSums {
 public:
  /// k: answers that each query may have.
  explicit RankedSums(std::uint32_t k) noexcept : k_(k) {}

  /// grades: of a query's answers, nearest first, 0 for what is not relevant; at most k. best: the grades of what is
  /// relevant to it, descending, at least the k largest. relevant: their number.
  void add(std::span<const std::uint32_t> grades, std::span<const std::uint32_t> best, std::uint64_t relevant);

  [[nodiscard]] RetrievalFigures means() const noexcept;

 private:
  std::uint32_t k_;
  RetrievalFigures sums_;
};

}  // namespace nearline::engine
