// SPDX-License-Identifier: Apache-2.0
#include "engine/link/back_edges.h"

#include <algorithm>

#include "engine/parallel.h"

namespace nearline::engine {

BackEdges::BackEdges(std::uint32_t first, std::uint32_t end, std::uint32_t threads)
    : first_(first), end_(end), groups_(threads) {
  for (auto& groups : groups_) groups.resize(kGroups);
}

void BackEdges::apply(std::vector<std::unique_ptr<ListWorker>>& workers) {
  parallel_for(kGroups, 1, static_cast<unsigned>(workers.size()),
               [&](std::size_t begin, std::size_t end, unsigned thread) {
                 for (std::size_t group = begin; group < end; ++group) {
                   std::vector<Edge>& edges = groups_[0][group];
                   for (std::size_t t = 1; t < groups_.size(); ++t) {
                     edges.insert(edges.end(), groups_[t][group].begin(), groups_[t][group].end());
                     groups_[t][group].clear();
                   }
                   std::sort(edges.begin(), edges.end());
                   merge(edges, *workers[thread]);
                   edges.clear();
                 }
               });
}

void BackEdges::merge(std::vector<Edge>& edges, ListWorker& worker) const {
  std::vector<std::uint32_t> fresh;
  for (std::size_t begin = 0; begin < edges.size();) {
    const std::uint32_t target = edges[begin].target;
    const auto own = worker.list(target);
    fresh.clear();
    std::size_t end = begin;
    for (; end < edges.size() && edges[end].target == target; ++end) {
      if (std::find(own.begin(), own.end(), edges[end].source) == own.end()) fresh.push_back(edges[end].source);
    }
    if (!fresh.empty()) worker.add(target, fresh);
    begin = end;
  }
}

}  // namespace nearline::engine
