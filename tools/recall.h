// SPDX-License-Identifier: Apache-2.0
/// How many of the true neighbours were found.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "nearline/index.h"
#include "nearline/vector_file.h"

namespace nearline::tools {

/// Reads the truth of so many queries. Errors: those of read_neighbors; kBadInput for another number of queries, or
/// fewer than `k` neighbours of each.
Result<NeighborTable> read_truth(const std::filesystem::path& path, std::uint64_t queries, std::uint32_t k);

/// Compares found records with a truth table. A found record counts when its id is among the truth's first k, or when
/// it is as near as the truth's k-th: which of several records at one distance is called the k-th is chance. Where the
/// truth's row is short, what it holds is all that there is to find.
/// Scores of the table are distances when they ascend, inner products (1 - distance) when they descend. They may come
/// from other arithmetic, so float distances count as equal within 1e-5. Where they contradict the distances that the
/// index found for the same ids, or the file has none, only ids count.
class Recall {
 public:
  /// truth: borrowed. Precondition: k <= truth.k.
  Recall(const NeighborTable& truth, const Schema& schema, std::uint32_t k);

  /// The share of true neighbours found, over all queries; 0 where there are none. Precondition: result.k == k, its
  /// rows are the truth's first.
  [[nodiscard]] double of(const SearchResult& result) const;

 private:
  enum class Scores { kNone, kDistances, kSimilarities, kEither };

  [[nodiscard]] std::uint32_t neighbors_of(std::size_t row) const;
  [[nodiscard]] bool contradicted(const SearchResult& result, Scores scores) const;
  [[nodiscard]] Scores usable(const SearchResult& result) const;
  [[nodiscard]] std::size_t hits(const SearchResult& result, std::size_t row, Scores scores) const;
  [[nodiscard]] static double distance_of(float score, Scores scores) noexcept {
    return scores == Scores::kSimilarities ? 1.0 - double{score} : double{score};
  }
  [[nodiscard]] double slack(double distance) const noexcept;

  const NeighborTable& truth_;
  Schema schema_;
  std::uint32_t k_;
  Scores scores_ = Scores::kNone;
};

}  // namespace nearline::tools
