// SPDX-License-Identifier: Apache-2.0
/// Candidate (a): Vamana in batches on a frozen graph with prefix doubling (ParlayANN).
#pragma once

#include <numeric>
#include <random>

#include "back_edges.h"
#include "beam.h"
#include "phases.h"

namespace nearline::experiments {

struct VamanaOptions {
  PruneOptions prune;
  std::uint32_t width = 100;       ///< beam list size, L
  double batch_cap = 0.02;         ///< share of all records
  std::uint32_t entry_sample = 0;  ///< 0: start at the medoid; else at the nearest of that many inserted records
  bool entry_self = false;         ///< refining: start at the record itself
};

inline std::vector<NodeId> permutation(std::uint32_t count, std::uint64_t seed) {
  std::vector<NodeId> order(count);
  std::iota(order.begin(), order.end(), 0U);
  std::mt19937_64 random(seed);
  for (std::uint32_t i = count; i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  return order;
}

/// The record nearest to the mean.
template <class T>
NodeId medoid(const Points<T>& points) {
  std::vector<double> sum(points.dim, 0);
  for (std::uint32_t i = 0; i < points.count; ++i) {
    for (std::uint32_t d = 0; d < points.dim; ++d) sum[d] += points[i][d];
  }
  std::vector<T> mean(points.dim);
  for (std::uint32_t d = 0; d < points.dim; ++d) mean[d] = static_cast<T>(sum[d] / points.count);
  NodeId best = 0;
  float least = std::numeric_limits<float>::infinity();
  for (std::uint32_t i = 0; i < points.count; ++i) {
    const float distance = squared_l2(mean.data(), points[i], points.dim);
    if (distance < least) least = distance, best = i;
  }
  return best;
}

/// One batch: all searches see the same graph, then all lists are written, then all back edges are merged.
template <class T>
class BatchInserter {
 public:
  BatchInserter(const Points<T>& points, Graph& graph, const VamanaOptions& options, Phases& phases)
      : points_(points),
        graph_(graph),
        options_(options),
        phases_(phases),
        search_(points, graph),
        pruner_(points, options.prune) {}

  void insert(std::span<const NodeId> batch, NodeId start, std::span<const NodeId> inserted) {
    found_.clear();
    ends_.clear();
    const auto sample = inserted.first(std::min<std::size_t>(inserted.size(), options_.entry_sample));
    for (const NodeId node : batch) {
      const NodeId entry[] = {options_.entry_self ? node : sample.empty() ? start : nearest(node, sample)};
      search_.run(points_[node], entry, options_.width);
      found_.insert(found_.end(), search_.expanded().begin(), search_.expanded().end());
      ends_.push_back(found_.size());
    }
    phases_.charge("search");
    prune(batch);
    phases_.charge("prune");
    std::sort(proposals_.begin(), proposals_.end());
    merge_proposals(graph_, pruner_, std::span<const std::uint64_t>(proposals_));
    phases_.charge("back edges");
  }

 private:
  NodeId nearest(NodeId node, std::span<const NodeId> sample) const {
    NodeId best = sample[0];
    float least = std::numeric_limits<float>::infinity();
    for (const NodeId id : sample) {
      const float distance = squared_l2(points_[node], points_[id], points_.dim);
      if (distance < least) least = distance, best = id;
    }
    return best;
  }

  void prune(std::span<const NodeId> batch) {
    std::vector<NodeId> candidates;
    proposals_.clear();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const std::size_t first = i == 0 ? 0 : ends_[i - 1];
      candidates.assign(found_.begin() + static_cast<std::ptrdiff_t>(first),
                        found_.begin() + static_cast<std::ptrdiff_t>(ends_[i]));
      const auto own = graph_.neighbors(batch[i]);
      candidates.insert(candidates.end(), own.begin(), own.end());
      const auto kept = pruner_.prune(batch[i], candidates);
      for (const NodeId target : kept) {
        if (std::find(own.begin(), own.end(), target) == own.end()) proposals_.push_back(proposal(target, batch[i]));
      }
      graph_.assign(batch[i], kept);
    }
  }

  const Points<T>& points_;
  Graph& graph_;
  const VamanaOptions& options_;
  Phases& phases_;
  BeamSearch<T> search_;
  Pruner<T> pruner_;
  std::vector<NodeId> found_;
  std::vector<std::size_t> ends_;
  std::vector<std::uint64_t> proposals_;
};

/// Inserts every record once, in the given order: the first pass of Vamana when the graph is empty (`doubling`), a
/// refining one when not.
template <class T>
void vamana_pass(const Points<T>& points, Graph& graph, NodeId start, const VamanaOptions& options,
                 std::span<const NodeId> order, bool doubling, Phases& phases) {
  BatchInserter<T> inserter(points, graph, options, phases);
  const auto cap = std::max<std::size_t>(1, static_cast<std::size_t>(points.count * options.batch_cap));
  for (std::size_t at = 0; at < order.size();) {
    const std::size_t size = std::min({doubling ? std::max<std::size_t>(at, 1) : cap, cap, order.size() - at});
    inserter.insert(order.subspan(at, size), start, doubling ? order.first(at) : order);
    at += size;
  }
}

}  // namespace nearline::experiments
