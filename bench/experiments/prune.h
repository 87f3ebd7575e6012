// SPDX-License-Identifier: Apache-2.0
/// RobustPrune whose distances come from one gathered block: each kept neighbour's row against all candidates is a
/// slice of a matrix product, computed 12 rows at a time and only for candidates still alive.
#pragma once

#include <bit>

#include "graph.h"
#include "pair_block.h"

namespace nearline::experiments {

struct PruneOptions {
  std::uint32_t degree = 32;
  float alpha_first = 1.2F;  ///< below `alpha`: keep those that pass this first, then fill up with those passing alpha
  float alpha = 1.2F;        ///< on squared distances
};

/// Order of equal distances: the next id, cyclically, after the node's own. Exact copies then form a ring instead of
/// all pointing at the same one. Rounding can put a float distance just below 0.
inline std::uint64_t nearness_key(float distance, NodeId id, NodeId node) {
  return static_cast<std::uint64_t>(std::bit_cast<std::uint32_t>(std::max(distance, 0.0F))) << 32 | (id - node);
}

template <class T>
class Pruner {
 public:
  static constexpr std::size_t kMostCandidates = 256;

  Pruner(const Points<T>& points, const PruneOptions& options)
      : points_(points), options_(options), block_(points.dim) {}

  /// The neighbours kept out of `candidates` (any order, duplicates and `node` itself allowed; only the nearest
  /// kMostCandidates count). The result lives until the next call.
  std::span<const NodeId> prune(NodeId node, std::span<const NodeId> candidates) {
    ids_.assign(candidates.begin(), candidates.end());
    if (ids_.size() > kMostCandidates) keep_nearest(node);
    ids_.push_back(node);
    for (const NodeId id : ids_) prefetch(id);
    block_.gather(points_, ids_);
    order_by_distance(node);
    kept_.clear();
    gone_.assign(block_.stride() / 16, 0);
    gone_first_.assign(block_.stride() / 16, 0);
    row_at_.assign(ids_.size(), kNoRow);
    rows_.clear();
    if (options_.alpha_first < options_.alpha) select(gone_first_);
    select(gone_);
    return kept_;
  }

 private:
  static constexpr std::uint16_t kNoRow = 0xffff;

  struct Ranked {
    std::uint64_t key;
    std::uint32_t at;
    bool operator<(const Ranked& other) const { return key < other.key; }
  };

  void prefetch(NodeId id) const {
    const auto* bytes = reinterpret_cast<const char*>(points_[id]);
    for (std::size_t i = 0; i < std::min<std::size_t>(points_.dim * sizeof(T), 512); i += 64) {
      __builtin_prefetch(bytes + i);
    }
  }

  void keep_nearest(NodeId node) {
    ranked_.clear();
    for (const NodeId id : ids_) {
      ranked_.push_back({nearness_key(squared_l2(points_[node], points_[id], points_.dim), id, node), id});
    }
    std::nth_element(ranked_.begin(), ranked_.begin() + kMostCandidates, ranked_.end());
    ids_.clear();
    for (std::size_t i = 0; i < kMostCandidates; ++i) ids_.push_back(ranked_[i].at);
  }

  void order_by_distance(NodeId node) {
    const auto self = static_cast<std::uint32_t>(ids_.size() - 1);
    to_node_.resize(block_.stride());
    block_.template distances<1>(&self, to_node_.data());
    ranked_.clear();
    for (std::uint32_t i = 0; i < self; ++i) {
      if (ids_[i] != node) ranked_.push_back({nearness_key(to_node_[i], ids_[i], node), i});
    }
    std::sort(ranked_.begin(), ranked_.end());
  }

  static bool is_gone(const std::vector<std::uint16_t>& gone, std::uint32_t at) {
    return (gone[at / 16] >> (at % 16) & 1) != 0;
  }

  /// One pass over the candidates, nearest first. Marks in both masks what each kept one makes superfluous. The test is
  /// not strict: a copy of a kept neighbour is at distance 0 from it and must go even when it is at 0 from the node.
  void select(const std::vector<std::uint16_t>& gone) {
    for (std::size_t i = 0; i < ranked_.size() && kept_.size() < options_.degree; ++i) {
      const std::uint32_t at = ranked_[i].at;
      if (is_gone(gone, at)) continue;
      kept_.push_back(ids_[at]);
      if (row_at_[at] == kNoRow) compute_rows(i, gone);
      const float* row = rows_.data() + row_at_[at] * block_.stride();
      const __m512 here = _mm512_set1_ps(to_node_[at]);
      for (std::size_t j = 0; j < block_.stride(); j += 16) {
        const __m512 between = _mm512_loadu_ps(row + j);
        const __m512 to_node = _mm512_loadu_ps(to_node_.data() + j);
        const auto farther = _mm512_cmp_ps_mask(to_node, here, _CMP_GE_OQ);
        const auto covered = [&](float alpha) {
          const __m512 scaled = _mm512_mul_ps(between, _mm512_set1_ps(alpha));
          return static_cast<std::uint16_t>(_mm512_mask_cmp_ps_mask(farther, scaled, to_node, _CMP_LE_OQ));
        };
        gone_first_[j / 16] |= covered(options_.alpha_first);
        gone_[j / 16] |= covered(options_.alpha);
      }
      gone_[at / 16] |= static_cast<std::uint16_t>(1U << (at % 16));
      gone_first_[at / 16] |= static_cast<std::uint16_t>(1U << (at % 16));
    }
  }

  /// Rows of the candidate ranked `from` and of the next ones that are still alive, 12 in all.
  void compute_rows(std::size_t from, const std::vector<std::uint16_t>& gone) {
    std::uint32_t batch[PairBlock<T>::kRows];
    const std::size_t first_row = rows_.size() / block_.stride();
    std::size_t count = 0;
    for (std::size_t i = from; i < ranked_.size() && count < PairBlock<T>::kRows; ++i) {
      const std::uint32_t at = ranked_[i].at;
      if (row_at_[at] != kNoRow || is_gone(gone, at)) continue;
      row_at_[at] = static_cast<std::uint16_t>(first_row + count);
      batch[count++] = at;
    }
    for (std::size_t i = count; i < PairBlock<T>::kRows; ++i) batch[i] = batch[0];
    rows_.resize((first_row + PairBlock<T>::kRows) * block_.stride());
    block_.template distances<PairBlock<T>::kRows>(batch, rows_.data() + first_row * block_.stride());
  }

  const Points<T>& points_;
  PruneOptions options_;
  PairBlock<T> block_;
  std::vector<NodeId> ids_;
  std::vector<NodeId> kept_;
  std::vector<Ranked> ranked_;
  std::vector<float> to_node_;
  std::vector<float> rows_;
  std::vector<std::uint16_t> row_at_;
  std::vector<std::uint16_t> gone_;
  std::vector<std::uint16_t> gone_first_;
};

}  // namespace nearline::experiments
