// SPDX-License-Identifier: Apache-2.0
/// Candidate (b): a forest of random ball partitions. In every leaf all pairs are compared; each record prunes its old
/// neighbours together with its nearest of the leaf. A record is in one leaf of a tree, so the leaves of a tree touch
/// disjoint lists: they can run in any order or at once with the same result, and nothing is live but the lists.
#pragma once

#include <random>

#include "nearest_rows.h"
#include "phases.h"
#include "prune.h"

namespace nearline::experiments {

struct ForestOptions {
  PruneOptions prune;
  std::uint32_t trees = 3;
  std::uint32_t leaf = 2048;   ///< most records in a leaf
  std::uint32_t nearest = 20;  ///< candidates that a record takes from a leaf, and the few within the bound; at most 64
  std::uint64_t seed = 1;
  bool leaves_backwards = false;  ///< last leaf first: the graph must come out the same
};

/// One tree's leaves: a permutation of all records and the ends of the leaves in it.
struct Leaves {
  std::vector<NodeId> order;
  std::vector<std::size_t> ends;
};

template <class T>
class Partition {
 public:
  Partition(const Points<T>& points, std::uint32_t leaf, std::uint64_t seed)
      : points_(points), leaf_(leaf), random_(seed), block_(points.dim) {}

  Leaves run() {
    leaves_.order.resize(points_.count);
    std::iota(leaves_.order.begin(), leaves_.order.end(), 0U);
    std::vector<std::pair<std::size_t, std::size_t>> todo{{0, points_.count}};
    while (!todo.empty()) {
      const auto [first, end] = todo.back();
      todo.pop_back();
      if (end - first <= leaf_) {
        leaves_.ends.push_back(end);
        continue;
      }
      const std::vector<std::size_t> ends = split(first, end);
      for (std::size_t i = ends.size(); i-- > 0;) todo.emplace_back(i == 0 ? first : ends[i - 1], ends[i]);
    }
    return std::move(leaves_);
  }

 private:
  static constexpr std::size_t kMostLeaders = 1024;

  /// Rearranges [first, end) by nearest leader; the ends of the parts. Parts below a quarter leaf give their members to
  /// the next best leader. Copies that no leader can part are cut where they stand.
  std::vector<std::size_t> split(std::size_t first, std::size_t end) {
    const std::span<NodeId> members(leaves_.order.data() + first, end - first);
    std::vector<NodeId> leaders = choose_leaders(members);
    std::vector<std::uint32_t> part = assign(members, leaders);
    const std::vector<std::size_t> sizes = part_sizes(part, leaders.size());
    std::vector<NodeId> kept;
    for (std::size_t i = 0; i < leaders.size(); ++i) {
      if (sizes[i] * 4 >= leaf_) kept.push_back(leaders[i]);
    }
    if (kept.size() < leaders.size() && !kept.empty()) {
      leaders = std::move(kept);
      part = assign(members, leaders);
    }
    return group(members, part, leaders.size(), first);
  }

  std::vector<NodeId> choose_leaders(std::span<const NodeId> members) {
    const std::size_t count = std::clamp<std::size_t>(2 * members.size() / leaf_, 2, kMostLeaders);
    std::vector<NodeId> leaders;
    for (std::size_t i = 0; i < count; ++i) leaders.push_back(members[random_() % members.size()]);
    std::sort(leaders.begin(), leaders.end());
    leaders.erase(std::unique(leaders.begin(), leaders.end()), leaders.end());
    return leaders;
  }

  std::vector<std::uint32_t> assign(std::span<const NodeId> members, std::span<const NodeId> leaders) {
    block_.gather(points_, leaders);
    std::vector<std::uint32_t> part(members.size());
    std::vector<float> rows(PairBlock<T>::kRows * block_.stride());
    for (std::size_t first = 0; first < members.size(); first += PairBlock<T>::kRows) {
      NodeId ids[PairBlock<T>::kRows];
      const std::size_t count = std::min(PairBlock<T>::kRows, members.size() - first);
      for (std::size_t r = 0; r < PairBlock<T>::kRows; ++r) ids[r] = members[first + std::min(r, count - 1)];
      block_.rank_distances(points_, ids, rows.data());
      for (std::size_t r = 0; r < count; ++r) {
        const float* row = rows.data() + r * block_.stride();
        part[first + r] = static_cast<std::uint32_t>(least_at(row, block_.stride(), block_.count()));
      }
    }
    return part;
  }

  static std::vector<std::size_t> part_sizes(std::span<const std::uint32_t> part, std::size_t parts) {
    std::vector<std::size_t> sizes(parts, 0);
    for (const std::uint32_t p : part) ++sizes[p];
    return sizes;
  }

  std::vector<std::size_t> group(std::span<NodeId> members, std::span<const std::uint32_t> part, std::size_t parts,
                                 std::size_t first) {
    std::vector<std::size_t> ends = part_sizes(part, parts);
    std::vector<std::size_t> next(parts, 0);
    for (std::size_t i = 1; i < parts; ++i) next[i] = next[i - 1] + ends[i - 1];
    std::vector<NodeId> moved(members.size());
    for (std::size_t i = 0; i < members.size(); ++i) moved[next[part[i]]++] = members[i];
    std::copy(moved.begin(), moved.end(), members.begin());
    ends.clear();
    for (const std::size_t end : next) {
      if (end > (ends.empty() ? 0 : ends.back() - first)) ends.push_back(first + end);
    }
    if (ends.size() > 1) return ends;
    ends.clear();
    for (std::size_t end = leaf_; end < members.size(); end += leaf_) ends.push_back(first + end);
    ends.push_back(first + members.size());
    return ends;
  }

  const Points<T>& points_;
  std::uint32_t leaf_;
  std::mt19937_64 random_;
  PairBlock<T> block_;
  Leaves leaves_;
};

/// All pairs of one leaf, then one prune a member.
template <class T>
class LeafWorker {
 public:
  LeafWorker(const Points<T>& points, Graph& graph, const ForestOptions& options, Phases& phases)
      : points_(points),
        graph_(graph),
        options_(options),
        phases_(phases),
        block_(points.dim),
        pruner_(points, options.prune),
        nearest_(options.nearest) {}

  void run(std::span<const NodeId> leaf) {
    block_.gather(points_, leaf);
    rows_.resize(PairBlock<T>::kRows * block_.stride());
    found_.clear();
    ends_.clear();
    for (std::size_t first = 0; first < leaf.size(); first += PairBlock<T>::kRows) {
      std::uint32_t at[PairBlock<T>::kRows];
      const std::size_t count = std::min(PairBlock<T>::kRows, leaf.size() - first);
      for (std::size_t r = 0; r < PairBlock<T>::kRows; ++r)
        at[r] = static_cast<std::uint32_t>(first + std::min(r, count - 1));
      block_.template distances<PairBlock<T>::kRows>(at, rows_.data());
      for (std::size_t r = 0; r < count; ++r) {
        nearest_.find({rows_.data() + r * block_.stride(), block_.stride()}, leaf, at[r], found_);
        ends_.push_back(found_.size());
      }
    }
    phases_.charge("leaf pairs");
    for (std::size_t i = 0; i < leaf.size(); ++i) {
      const auto own = graph_.neighbors(leaf[i]);
      candidates_.assign(own.begin(), own.end());
      candidates_.insert(candidates_.end(), found_.begin() + static_cast<std::ptrdiff_t>(i == 0 ? 0 : ends_[i - 1]),
                         found_.begin() + static_cast<std::ptrdiff_t>(ends_[i]));
      graph_.assign(leaf[i], pruner_.prune(leaf[i], candidates_));
    }
    phases_.charge("prune");
  }

 private:
  const Points<T>& points_;
  Graph& graph_;
  const ForestOptions& options_;
  Phases& phases_;
  PairBlock<T> block_;
  Pruner<T> pruner_;
  NearestRows nearest_;
  std::vector<float> rows_;
  std::vector<NodeId> found_;
  std::vector<NodeId> candidates_;
  std::vector<std::size_t> ends_;
};

/// Returns the last tree's order: neighbours in it are near each other, so a pass that follows it finds them in cache.
template <class T>
std::vector<NodeId> forest_build(const Points<T>& points, Graph& graph, const ForestOptions& options, Phases& phases) {
  LeafWorker<T> worker(points, graph, options, phases);
  Leaves leaves;
  for (std::uint32_t tree = 0; tree < options.trees; ++tree) {
    leaves = Partition<T>(points, options.leaf, options.seed * 1000 + tree).run();
    phases.charge("partition");
    for (std::size_t i = 0; i < leaves.ends.size(); ++i) {
      const std::size_t leaf = options.leaves_backwards ? leaves.ends.size() - 1 - i : i;
      const std::size_t first = leaf == 0 ? 0 : leaves.ends[leaf - 1];
      worker.run(std::span<const NodeId>(leaves.order).subspan(first, leaves.ends[leaf] - first));
    }
  }
  return std::move(leaves.order);
}

}  // namespace nearline::experiments
