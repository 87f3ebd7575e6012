// SPDX-License-Identifier: Apache-2.0
/// Plain greedy beam search in memory: the one measure of every graph here, and the search step of the builders.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "dataset.h"
#include "distance.h"
#include "graph.h"

namespace nearline::experiments {

struct Candidate {
  float distance;
  NodeId id;
  bool expanded;
  bool operator<(const Candidate& other) const {
    return distance != other.distance ? distance < other.distance : id < other.id;
  }
};

template <class T>
class BeamSearch {
 public:
  BeamSearch(const Points<T>& points, const Graph& graph) : points_(points), graph_(graph), seen_(points.count, 0) {}

  /// Searches with list size `width` from `entries`; afterwards `best()` is nearest first, `expanded()` in hop order.
  void run(const T* query, std::span<const NodeId> entries, std::size_t width) {
    best_.clear();
    expanded_.clear();
    width_ = width;
    if (++epoch_ == 0) {
      std::fill(seen_.begin(), seen_.end(), 0);
      epoch_ = 1;
    }
    for (const NodeId id : entries) {
      if (seen_[id] == epoch_) continue;
      seen_[id] = epoch_;
      offer(squared_l2(query, points_[id], points_.dim), id);
      ++distances_;
    }
    std::size_t at = 0;
    while (at < best_.size()) {
      if (best_[at].expanded) {
        ++at;
        continue;
      }
      best_[at].expanded = true;
      expanded_.push_back(best_[at].id);
      at = std::min(at + 1, expand(query, best_[at].id));
    }
    hops_ += expanded_.size();
  }

  [[nodiscard]] const std::vector<Candidate>& best() const { return best_; }
  [[nodiscard]] const std::vector<NodeId>& expanded() const { return expanded_; }
  [[nodiscard]] std::uint64_t distances() const { return distances_; }
  [[nodiscard]] std::uint64_t hops() const { return hops_; }

 private:
  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

  /// Scores the unseen neighbours of a node; the least place at which one entered the list.
  std::size_t expand(const T* query, NodeId node) {
    fresh_.clear();
    for (const NodeId id : graph_.neighbors(node)) {
      if (seen_[id] == epoch_) continue;
      seen_[id] = epoch_;
      fresh_.push_back(id);
      const auto* bytes = reinterpret_cast<const char*>(points_[id]);
      for (std::size_t i = 0; i < points_.dim * sizeof(T); i += 64) __builtin_prefetch(bytes + i);
    }
    distances_ += fresh_.size();
    std::size_t least = kNowhere;
    for (const NodeId id : fresh_) least = std::min(least, offer(squared_l2(query, points_[id], points_.dim), id));
    return least;
  }

  std::size_t offer(float distance, NodeId id) {
    const Candidate candidate{distance, id, false};
    if (best_.size() == width_) {
      if (!(candidate < best_.back())) return kNowhere;
      best_.pop_back();
    }
    const auto place = std::upper_bound(best_.begin(), best_.end(), candidate);
    const auto at = static_cast<std::size_t>(place - best_.begin());
    best_.insert(place, candidate);
    graph_.prefetch(id);
    return at;
  }

  const Points<T>& points_;
  const Graph& graph_;
  std::vector<std::uint16_t> seen_;
  std::uint16_t epoch_ = 0;
  std::size_t width_ = 0;
  std::vector<Candidate> best_;
  std::vector<NodeId> expanded_;
  std::vector<NodeId> fresh_;
  std::uint64_t distances_ = 0;
  std::uint64_t hops_ = 0;
};

}  // namespace nearline::experiments
