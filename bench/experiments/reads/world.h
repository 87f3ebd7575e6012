// SPDX-License-Identifier: Apache-2.0
/// An index as the experiment sees it: all vectors as floats, all neighbour lists, and queries with their answers.
#pragma once

#include <cstdint>
#include <Eigen/Dense>
#include <filesystem>
#include <span>
#include <vector>

namespace nearline::experiments {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXf;

struct World {
  Matrix vectors;                    ///< [records x dim], by ordinal; of length 1 where the metric is ip or cosine
  std::vector<std::uint32_t> first;  ///< list of record o: edges[first[o] .. first[o + 1])
  std::vector<std::uint32_t> edges;
  std::uint32_t slots = 0;         ///< records per page
  std::vector<std::uint32_t> ids;  ///< by ordinal
  Matrix queries;                  ///< [queries x dim]
  std::vector<float> reach;        ///< squared distance of each query's k-th neighbour; what is no farther is a hit

  [[nodiscard]] std::uint32_t count() const { return static_cast<std::uint32_t>(vectors.rows()); }
  [[nodiscard]] std::span<const std::uint32_t> list(std::uint32_t o) const {
    return std::span(edges).subspan(first[o], first[o + 1] - first[o]);
  }
};

/// Exits on a bad file. Truth may cover more rows than the index: the k nearest of those indexed are then found anew.
World load_world(const std::filesystem::path& index, const std::filesystem::path& queries, std::uint32_t query_count,
                 std::uint32_t k);

}  // namespace nearline::experiments
