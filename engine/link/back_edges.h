// SPDX-License-Identifier: Apache-2.0
/// Edges waiting to be offered to their targets. Grouped by target, so that each list is written once, by one thread,
/// and the order in which they were found does not matter.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/link/list_worker.h"
#include "engine/link/record_image.h"

namespace nearline::engine {

class BackEdges {
 public:
  /// Holds edges to targets in [first, end).
  BackEdges(std::uint32_t first, std::uint32_t end, std::uint32_t threads);

  /// Remembers that `source` should be offered to `target`, which is in range. Called by thread number `thread`.
  void add(std::uint32_t target, std::uint32_t source, unsigned thread) {
    groups_[thread][std::uint64_t{target - first_} * kGroups / (end_ - first_)].push_back({target, source});
  }

  /// Merges them into the lists and forgets them. A list is pruned only when it would overflow.
  void apply(std::vector<std::unique_ptr<ListWorker>>& workers);

 private:
  /// Fixed, so that the work divides alike for any number of threads.
  static constexpr std::uint32_t kGroups = 64;

  struct Edge {
    std::uint32_t target;
    std::uint32_t source;
    friend bool operator<(const Edge& a, const Edge& b) noexcept {
      return a.target < b.target || (a.target == b.target && a.source < b.source);
    }
  };

  void merge(std::vector<Edge>& edges, ListWorker& worker) const;

  std::uint32_t first_;
  std::uint32_t end_;
  std::vector<std::vector<std::vector<Edge>>> groups_;  // [thread][group]
};

}  // namespace nearline::engine
