// SPDX-License-Identifier: Apache-2.0
/// The nearest columns of a row of distances. The columns fall into 64 groups; the k-th least of the groups' minima is
/// no less than the k-th distance of the row, so a single filter against it leaves few more than k, and these need no
/// selection at all.
#pragma once

#include <array>
#include <bit>
#include <limits>

#include "graph.h"
#include "pair_block.h"

namespace nearline::experiments {

inline __m512 infinities() {
  return _mm512_set1_ps(std::numeric_limits<float>::infinity());
}

/// Position of the least of the first `count` values of a row padded to `stride`; the first of equals.
inline std::size_t least_at(const float* row, std::size_t stride, std::size_t count) {
  __m512 least = infinities();
  for (std::size_t j = 0; j < stride; j += 16) least = _mm512_min_ps(least, _mm512_loadu_ps(row + j));
  const __m512 target = _mm512_set1_ps(_mm512_reduce_min_ps(least));
  for (std::size_t j = 0; j < stride; j += 16) {
    const unsigned hit = _mm512_cmp_ps_mask(_mm512_loadu_ps(row + j), target, _CMP_EQ_OQ);
    if (hit != 0) return std::min<std::size_t>(j + std::countr_zero(hit), count - 1);
  }
  return 0;
}

class NearestRows {
 public:
  explicit NearestRows(std::size_t k) : k_(std::min<std::size_t>(k, kGroups)) {}

  /// Appends the ids of at least the k columns nearest to member `self` of the leaf (all, if there are fewer). Of exact
  /// copies of it only the next one in cyclic order of id is taken: copies must not fill the list. The row is padded to
  /// a multiple of 32 and its padding is overwritten.
  void find(std::span<float> row, std::span<const NodeId> leaf, std::uint32_t self, std::vector<NodeId>& out) {
    std::fill(row.begin() + static_cast<std::ptrdiff_t>(leaf.size()), row.end(),
              std::numeric_limits<float>::infinity());
    const __m512 bound = _mm512_set1_ps(kth_bound(row));
    NodeId copy_offset = 0;
    for (std::size_t j = 0; j < row.size(); j += 16) {
      const __m512 d = _mm512_loadu_ps(row.data() + j);
      for (unsigned hits = _mm512_cmp_ps_mask(d, bound, _CMP_LE_OQ); hits != 0; hits &= hits - 1) {
        const std::size_t at = j + std::countr_zero(hits);
        if (at >= leaf.size()) break;
        const NodeId offset = leaf[at] - leaf[self];
        if (row[at] != 0) {
          out.push_back(leaf[at]);
        } else if (offset != 0 && (copy_offset == 0 || offset < copy_offset)) {
          copy_offset = offset;
        }
      }
    }
    if (copy_offset != 0) out.push_back(leaf[self] + copy_offset);
  }

 private:
  static constexpr std::size_t kGroups = 64;

  /// Zeros (the record itself and its copies) are left out of the bound.
  float kth_bound(std::span<const float> row) const {
    __m512 least[4] = {infinities(), infinities(), infinities(), infinities()};
    for (std::size_t j = 0; j < row.size(); j += 16) {
      const __m512 d = _mm512_loadu_ps(row.data() + j);
      const __mmask16 apart = _mm512_cmp_ps_mask(d, _mm512_setzero_ps(), _CMP_NEQ_OQ);
      __m512& group = least[j / 16 % 4];
      group = _mm512_mask_min_ps(group, apart, group, d);
    }
    std::array<float, kGroups> minima;
    for (std::size_t i = 0; i < 4; ++i) _mm512_storeu_ps(minima.data() + 16 * i, least[i]);
    const auto kth = minima.begin() + static_cast<std::ptrdiff_t>(k_ - 1);
    std::nth_element(minima.begin(), kth, minima.end());
    return *kth;
  }

  std::size_t k_;
};

}  // namespace nearline::experiments
