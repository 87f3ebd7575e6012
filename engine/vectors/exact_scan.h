// SPDX-License-Identifier: Apache-2.0
/// Brute force in memory: the nearest rows to each of a set of queries, from blocks of rows that are shown one after
/// another. Rows must come in ascending order; then ties go to the smaller row without being looked for.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/space/space.h"
#include "nearline/types.h"

namespace nearline::engine {

struct ScanOptions {
  Metric metric = Metric::kL2;
  std::uint32_t k = 0;
  unsigned threads = 1;  ///< the answer does not depend on it
  /// Rows count only when they are farther than this; profiles leave out a row's own copies so.
  std::optional<float> farther_than{};
  const Weighting* weighting = nullptr;  ///< none, or how dimensions count
};

/// One row found.
struct NearRow {
  float distance = 0;
  std::uint64_t row = 0;
};

class ExactScan {
 public:
  /// Bytes held per query: its kernel form and its hits.
  [[nodiscard]] static std::size_t bytes_per_query(ElementType type, std::uint32_t dim, std::uint32_t k) noexcept;

  /// queries: copied. type: of the rows to come; that of the queries, or both are float types.
  ExactScan(const MatrixView& queries, ElementType type, const ScanOptions& options);

  /// Compares all queries with the rows `first_row`, `first_row` + 1, ...: above all that were shown before.
  void show(const MatrixView& rows, std::uint64_t first_row);

  /// The hits of a query, nearest first, at most k. Sorts them: no rows can be shown afterwards.
  std::span<const NearRow> hits(std::size_t query);

 private:
  struct Worker {
    std::vector<const std::byte*> rows;
    std::vector<float> distances;
  };

  void compare(std::size_t first_query, std::size_t last_query, const MatrixView& rows, std::uint64_t first_row,
               Worker& worker);
  void finish(float query_scale, std::size_t first, std::span<float> distances) const noexcept;
  void keep(std::size_t query, std::span<const float> distances, std::uint64_t first_row);

  ScanOptions options_;
  const bool weighted_;
  Space space_;
  kernels::Kernel kernel_;
  std::vector<std::byte> vectors_;  ///< all queries in kernel form
  std::vector<Query> queries_;
  std::vector<std::vector<NearRow>> hits_;  ///< a heap with the farthest on top, once there are k
  std::vector<float> scales_;               ///< of the rows being shown, under cosine
  std::vector<Worker> workers_;
};

}  // namespace nearline::engine
