// SPDX-License-Identifier: Apache-2.0
/// What a graph is worth: recall against distance computations and hops, which do not depend on the machine.
#pragma once

#include <cstdio>

#include "beam.h"
#include "vamana.h"

namespace nearline::experiments {

struct Point {
  double recall;
  double distances;
  double hops;
};

/// Distances of the true k-th neighbours; an answer no farther is a hit.
template <class T>
std::vector<float> kth_distances(const Points<T>& points, const Points<T>& queries, const Truth& truth,
                                 std::uint32_t k) {
  std::vector<float> out(queries.count);
  for (std::uint32_t q = 0; q < queries.count; ++q) {
    const std::uint32_t id = truth.ids[static_cast<std::size_t>(q) * truth.k + k - 1];
    out[q] = squared_l2(queries[q], points[id], points.dim);
  }
  return out;
}

/// The same by scanning all records, for when they are not those that the truth was made of.
template <class T>
std::vector<float> scanned_kth_distances(const Points<T>& points, const Points<T>& queries, std::uint32_t k) {
  std::vector<float> out(queries.count);
  std::vector<float> row(points.count);
  for (std::uint32_t q = 0; q < queries.count; ++q) {
    for (std::uint32_t i = 0; i < points.count; ++i) row[i] = squared_l2(queries[q], points[i], points.dim);
    std::nth_element(row.begin(), row.begin() + (k - 1), row.end());
    out[q] = row[k - 1];
  }
  return out;
}

/// Records that no path from `start` reaches.
inline std::uint32_t unreachable(const Graph& graph, NodeId start) {
  std::vector<bool> seen(graph.count(), false);
  std::vector<NodeId> todo{start};
  seen[start] = true;
  std::uint32_t reached = 1;
  while (!todo.empty()) {
    const NodeId node = todo.back();
    todo.pop_back();
    for (const NodeId next : graph.neighbors(node)) {
      if (seen[next]) continue;
      seen[next] = true;
      ++reached;
      todo.push_back(next);
    }
  }
  return graph.count() - reached;
}

/// The distance computations (or hops) at a recall, interpolated; 0 when the sweep does not reach it.
inline double at_recall(const std::vector<Point>& curve, double recall, double Point::*what) {
  for (std::size_t i = 0; i < curve.size(); ++i) {
    if (curve[i].recall < recall) continue;
    if (i == 0) return curve[i].*what;
    const double share = (recall - curve[i - 1].recall) / (curve[i].recall - curve[i - 1].recall);
    return curve[i - 1].*what + share * (curve[i].*what - curve[i - 1].*what);
  }
  return 0;
}

inline void print_curve(const char* name, const std::vector<Point>& curve) {
  std::printf("  %-7s", name);
  for (const double recall : {0.9, 0.95, 0.99}) {
    std::printf("  @%.2f %6.0f dist %5.1f hops", recall, at_recall(curve, recall, &Point::distances),
                at_recall(curve, recall, &Point::hops));
  }
  std::printf("  | L=40 %.4f  best %.4f\n", curve[4].recall, curve.back().recall);
}

inline constexpr std::uint32_t kWidths[] = {10, 14, 20, 28, 40, 56, 80, 112, 150, 200, 300};

/// Sweeps the list size, starting at `start`, or at the nearest of `sample` when that is not empty (not counted).
template <class T>
std::vector<Point> sweep(const Points<T>& points, const Graph& graph, const Points<T>& queries,
                         const std::vector<float>& kth, std::uint32_t k, NodeId start, std::span<const NodeId> sample) {
  std::vector<NodeId> entry(queries.count, start);
  for (std::uint32_t q = 0; q < queries.count; ++q) {
    float least = std::numeric_limits<float>::infinity();
    for (const NodeId id : sample) {
      const float distance = squared_l2(queries[q], points[id], points.dim);
      if (distance < least) least = distance, entry[q] = id;
    }
  }
  std::vector<Point> curve;
  for (const std::uint32_t width : kWidths) {
    BeamSearch<T> search(points, graph);
    std::uint64_t hits = 0;
    for (std::uint32_t q = 0; q < queries.count; ++q) {
      search.run(queries[q], {&entry[q], 1}, width);
      for (std::size_t i = 0; i < k && i < search.best().size(); ++i) hits += search.best()[i].distance <= kth[q];
    }
    const double count = queries.count;
    curve.push_back({static_cast<double>(hits) / (count * k), static_cast<double>(search.distances()) / count,
                     static_cast<double>(search.hops()) / count});
  }
  return curve;
}

}  // namespace nearline::experiments
