// SPDX-License-Identifier: Apache-2.0
/// Offers every edge to its target as well, for a batch of sources. Grouped by target, so that each list is written
/// once and the order of work does not matter.
#pragma once

#include "prune.h"

namespace nearline::experiments {

/// A proposed edge, target in the high half: sorting groups by target, then by source.
inline std::uint64_t proposal(NodeId target, NodeId source) {
  return static_cast<std::uint64_t>(target) << 32 | source;
}

/// Merges sorted proposals into the graph; a list is pruned only when it would overflow.
template <class T>
void merge_proposals(Graph& graph, Pruner<T>& pruner, std::span<const std::uint64_t> proposals) {
  std::vector<NodeId> list;
  for (std::size_t i = 0; i < proposals.size();) {
    const auto target = static_cast<NodeId>(proposals[i] >> 32);
    const auto own = graph.neighbors(target);
    list.assign(own.begin(), own.end());
    for (; i < proposals.size() && proposals[i] >> 32 == target; ++i) {
      const auto source = static_cast<NodeId>(proposals[i]);
      if (std::find(own.begin(), own.end(), source) == own.end()) list.push_back(source);
    }
    graph.assign(target, list.size() <= graph.slots() ? std::span<const NodeId>(list) : pruner.prune(target, list));
  }
}

/// The whole graph, in windows of targets, so that only one window's proposals are in memory. Each window first reads
/// all lists, then writes its own; windows follow one another, so the result depends on their number but not on
/// threads.
template <class T>
void add_back_edges(Graph& graph, Pruner<T>& pruner, std::uint32_t window) {
  std::vector<std::uint64_t> proposals;
  for (std::uint64_t first = 0; first < graph.count(); first += window) {
    const std::uint64_t end = std::min<std::uint64_t>(first + window, graph.count());
    proposals.clear();
    for (NodeId source = 0; source < graph.count(); ++source) {
      for (const NodeId target : graph.neighbors(source)) {
        if (target >= first && target < end) proposals.push_back(proposal(target, source));
      }
    }
    std::sort(proposals.begin(), proposals.end());
    merge_proposals(graph, pruner, std::span<const std::uint64_t>(proposals));
  }
}

}  // namespace nearline::experiments
