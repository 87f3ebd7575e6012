// SPDX-License-Identifier: Apache-2.0
/// Vectors for tests: seeded clusters of small whole numbers, which every element type holds exactly, so that what an
/// index answers can be compared with arithmetic in f64.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "nearline/index.h"
#include "nearline/types.h"

namespace nearline::testing {

/// Rows as they are handed to a Builder or a search, and the numbers they stand for.
struct Vectors {
  ElementType type = ElementType::kF32;  ///< of `bytes`: f32 for indexes of any float type
  std::uint32_t dim = 0;
  std::vector<float> values;     ///< [rows x dim]; 0 or 1 for b1
  std::vector<std::byte> bytes;  ///< [rows x vector_bytes]

  [[nodiscard]] std::size_t rows() const noexcept { return values.size() / dim; }
  [[nodiscard]] std::span<const float> row(std::size_t i) const noexcept {
    return std::span(values).subspan(i * dim, dim);
  }
  [[nodiscard]] MatrixView view() const noexcept { return view(0, rows()); }
  [[nodiscard]] MatrixView view(std::size_t first, std::size_t count) const noexcept {
    return {bytes.data() + first * vector_bytes(type, dim), count, dim, type};
  }

  void push_back(std::span<const float> added);
};

/// No rows, for an index of `stored` vectors.
Vectors no_vectors(ElementType stored, std::uint32_t dim);

/// Gaussian clusters, one after the other; no row is zero. Other seeds give other rows of the same clusters.
Vectors clusters(ElementType stored, std::size_t rows, std::uint32_t dim, std::uint64_t seed = 1);

/// Other rows of the clusters that so many rows have, `count` of them, spread over all clusters.
Vectors queries_for(ElementType stored, std::size_t rows, std::uint32_t dim, std::size_t count);

/// The numbers below `count` in random order.
std::vector<std::uint32_t> shuffled_rows(std::size_t count, std::uint64_t seed = 1);

/// The rows in another order.
Vectors in_order(const Vectors& rows, std::span<const std::uint32_t> order);

/// The metric's definition.
double distance(Metric metric, std::span<const float> a, std::span<const float> b);

struct Neighbor {
  double distance;
  std::uint64_t row;
};

/// The k rows of base nearest to a query, nearest first, ties to the smaller row.
std::vector<Neighbor> nearest(const Vectors& base, std::span<const float> query, Metric metric, std::size_t k);

/// The share of answers that are as near as the k-th nearest row. Ids are row numbers.
double recall(const Vectors& base, const Vectors& queries, Metric metric, const SearchResult& found);

/// Every metric with every element type that it compares.
struct Kind {
  Metric metric;
  ElementType type;
};
std::vector<Kind> all_kinds();

}  // namespace nearline::testing
