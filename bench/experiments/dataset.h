// SPDX-License-Identifier: Apache-2.0
/// Vectors, queries and exact answers, read from the big-ann file forms, and the ways in which an experiment disturbs
/// their order.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nearline::experiments {

/// Row-major vectors. T is std::uint8_t or float; dim is a multiple of 64 (the kernels have no tail loops).
template <class T>
struct Points {
  std::uint32_t count = 0;
  std::uint32_t dim = 0;
  std::vector<T> values;

  const T* operator[](std::size_t i) const { return values.data() + i * dim; }
};

/// Distance of the k-th nearest record of each query; an answer at or below it is a hit, so exact ties count.
struct Truth {
  std::uint32_t query_count = 0;
  std::uint32_t k = 0;
  std::vector<std::uint32_t> ids;  ///< [query_count x k]
};

/// Reads .u8bin as u8; .hbin and .fbin as f32. `limit` keeps only the first rows (0: all). Exits on a bad file.
template <class T>
Points<T> load_points(const std::string& path, std::uint32_t limit);
Truth load_truth(const std::string& path);

enum class Order { kGiven, kSorted, kReversed, kClustered };

/// Rearranges the rows: sorted by their values, reversed, or by their nearest of 64 rows (a cluster after the other).
template <class T>
void reorder(Points<T>& points, Order order);

/// Appends `copies` exact copies of row `row`.
template <class T>
void append_copies(Points<T>& points, std::uint32_t row, std::uint32_t copies);

}  // namespace nearline::experiments
