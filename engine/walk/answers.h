// SPDX-License-Identifier: Apache-2.0
/// What becomes of a record that a search found: the k nearest are kept. Only what an Admission lets in comes here, so
/// the k-th distance is always that of an answer.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "nearline/types.h"

namespace nearline::engine {

/// An answer. Ties go to the smaller id.
struct Hit {
  float distance;
  Id id;
  friend bool operator<(const Hit& a, const Hit& b) noexcept {
    return a.distance < b.distance || (a.distance == b.distance && a.id < b.id);
  }
};

class Answers {
 public:
  /// Empties them. From now on the k nearest are kept.
  void reset(std::uint32_t k) noexcept {
    hits_.clear();
    k_ = k;
    best_ = std::numeric_limits<float>::infinity();
  }

  void offer(const Hit& hit) {
    best_ = std::min(best_, hit.distance);
    if (k_ == 0) return;
    if (full()) {
      if (!(hit < hits_.front())) return;
      std::pop_heap(hits_.begin(), hits_.end());
      hits_.pop_back();
    }
    hits_.push_back(hit);
    std::push_heap(hits_.begin(), hits_.end());
  }

  [[nodiscard]] std::uint32_t k() const noexcept { return k_; }
  [[nodiscard]] bool full() const noexcept { return k_ > 0 && hits_.size() == k_; }
  [[nodiscard]] std::size_t size() const noexcept { return hits_.size(); }

  /// Distance of the k-th; infinity while there are fewer.
  [[nodiscard]] float kth() const noexcept {
    return full() ? hits_.front().distance : std::numeric_limits<float>::infinity();
  }
  /// Distance of the nearest that was offered; infinity before the first.
  [[nodiscard]] float best() const noexcept { return best_; }

  /// Nearest first once a walk has ended, before in no order.
  [[nodiscard]] std::span<const Hit> hits() const noexcept { return hits_; }

  /// The end of a walk: nothing is offered afterwards.
  void sort() noexcept { std::sort_heap(hits_.begin(), hits_.end()); }

  [[nodiscard]] std::uint64_t memory_bytes() const noexcept { return hits_.capacity() * sizeof(Hit); }

 private:
  std::vector<Hit> hits_;  ///< a heap with the farthest on top
  std::uint32_t k_ = 0;
  float best_ = std::numeric_limits<float>::infinity();
};

}  // namespace nearline::engine
