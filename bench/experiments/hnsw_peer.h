// SPDX-License-Identifier: Apache-2.0
/// The yardstick: hnswlib on the same vectors, with its own L2 for the type, its distance computations counted.
#pragma once

#include "evaluate.h"

namespace nearline::experiments {

struct HnswOptions {
  std::uint32_t m = 16;
  std::uint32_t ef_construction = 128;
  bool our_distance = false;  ///< replace its distance function by ours, to compare graphs rather than kernels
};

/// Builds and sweeps. build_seconds: CPU time of the build.
template <class T>
std::vector<Point> hnsw_sweep(const Points<T>& points, const Points<T>& queries, const std::vector<float>& kth,
                              std::uint32_t k, const HnswOptions& options, double& build_seconds);

}  // namespace nearline::experiments
