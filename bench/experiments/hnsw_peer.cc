// SPDX-License-Identifier: Apache-2.0
#include "hnsw_peer.h"

#include <hnswlib/hnswlib.h>

#include <type_traits>

namespace nearline::experiments {
namespace {

std::uint64_t distance_count = 0;

/// hnswlib's space for a type, with a counter around its distance function while searching.
template <class T>
class CountingSpace : public hnswlib::SpaceInterface<std::conditional_t<std::is_same_v<T, float>, float, int>> {
 public:
  using Distance = std::conditional_t<std::is_same_v<T, float>, float, int>;
  using Function = hnswlib::DISTFUNC<Distance>;

  CountingSpace(std::size_t dim, bool ours) : dim_(dim), theirs_(dim) {
    function_ = ours ? &our_distance : theirs_.get_dist_func();
  }
  std::size_t get_data_size() override { return dim_ * sizeof(T); }
  Function get_dist_func() override { return function_; }
  void* get_dist_func_param() override { return &dim_; }

  static Distance our_distance(const void* a, const void* b, const void* dim) {
    return static_cast<Distance>(
        squared_l2(static_cast<const T*>(a), static_cast<const T*>(b), *static_cast<const std::size_t*>(dim)));
  }
  static Distance counted(const void* a, const void* b, const void* dim) {
    ++distance_count;
    return our_distance(a, b, dim);
  }

 private:
  std::size_t dim_;
  std::conditional_t<std::is_same_v<T, float>, hnswlib::L2Space, hnswlib::L2SpaceI> theirs_;
  Function function_;
};

}  // namespace

template <class T>
std::vector<Point> hnsw_sweep(const Points<T>& points, const Points<T>& queries, const std::vector<float>& kth,
                              std::uint32_t k, const HnswOptions& options, double& build_seconds) {
  CountingSpace<T> space(points.dim, options.our_distance);
  Phases phases;
  hnswlib::HierarchicalNSW<typename CountingSpace<T>::Distance> index(&space, points.count, options.m,
                                                                      options.ef_construction);
  for (std::uint32_t i = 0; i < points.count; ++i) index.addPoint(points[i], i);
  phases.charge("build");
  build_seconds = phases.total();
  index.fstdistfunc_ = &CountingSpace<T>::counted;
  std::vector<Point> curve;
  for (const std::uint32_t width : kWidths) {
    index.setEf(width);
    distance_count = 0;
    const long hops = index.metric_hops;
    std::uint64_t hits = 0;
    for (std::uint32_t q = 0; q < queries.count; ++q) {
      auto found = index.searchKnn(queries[q], k);
      for (; !found.empty(); found.pop()) hits += static_cast<float>(found.top().first) <= kth[q];
    }
    const double count = queries.count;
    curve.push_back({static_cast<double>(hits) / (count * k), static_cast<double>(distance_count) / count,
                     static_cast<double>(index.metric_hops - hops) / count});
  }
  return curve;
}

template std::vector<Point> hnsw_sweep(const Points<std::uint8_t>&, const Points<std::uint8_t>&,
                                       const std::vector<float>&, std::uint32_t, const HnswOptions&, double&);
template std::vector<Point> hnsw_sweep(const Points<float>&, const Points<float>&, const std::vector<float>&,
                                       std::uint32_t, const HnswOptions&, double&);

}  // namespace nearline::experiments
