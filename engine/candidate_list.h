// SPDX-License-Identifier: Apache-2.0
/// The L nearest records that a walk has seen, sorted, with a mark on those whose neighbours were looked at.
/// Invariants: sorted by (distance, ordinal) without repeats (the visited set sees to that); size <= capacity; every
/// candidate before `first_open_` is expanded.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace nearline::engine {

struct Candidate {
  float distance;
  std::uint32_t ordinal;

  friend bool operator<(const Candidate& a, const Candidate& b) noexcept {
    return a.distance < b.distance || (a.distance == b.distance && a.ordinal < b.ordinal);
  }
};

/// Distance and ordinal in one integer that sorts like the pair. IEEE floats sort like their bits once negative ones
/// are flipped whole and positive ones gain the sign bit. Adding zero makes -0 and 0 one.
inline std::uint64_t pack_key(float distance, std::uint32_t ordinal) noexcept {
  constexpr std::uint32_t kSign = 0x8000'0000;
  const auto bits = std::bit_cast<std::uint32_t>(distance + 0.0F);
  const std::uint32_t sortable = (bits & kSign) != 0 ? ~bits : bits | kSign;
  return std::uint64_t{sortable} << 32 | ordinal;
}
inline Candidate unpack_key(std::uint64_t key) noexcept {
  constexpr std::uint32_t kSign = 0x8000'0000;
  const auto sortable = static_cast<std::uint32_t>(key >> 32);
  const std::uint32_t bits = (sortable & kSign) != 0 ? sortable & ~kSign : ~sortable;
  return {std::bit_cast<float>(bits), static_cast<std::uint32_t>(key)};
}

/// Keeps distance and ordinal in one integer that sorts like the pair: a search step is then one comparison, and a
/// binary search has no branch to mispredict.
class CandidateList {
 public:
  /// Empties the list. Allocates only when `capacity` is above every earlier one.
  void reset(std::size_t capacity) {
    if (keys_.size() < capacity + 1) {
      expanded_.resize(capacity + 1);
      keys_.resize(capacity + 1);  // last: its size says that there is room in both
    }
    capacity_ = capacity;
    size_ = 0;
    first_open_ = 0;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] Candidate operator[](std::size_t i) const noexcept { return unpack_key(keys_[i]); }
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept {
    return keys_.capacity() * sizeof keys_[0] + expanded_.capacity();
  }

  /// True when it is the next to be expanded, as things stand.
  /// Precondition: the ordinal was not inserted since reset; capacity above 0.
  bool insert(float distance, std::uint32_t ordinal) noexcept {
    const std::uint64_t key = pack_key(distance, ordinal);
    if (size_ == capacity_ && key >= keys_[size_ - 1]) return false;
    const std::size_t place = lower_bound(key);
    std::copy_backward(keys_.begin() + signed_(place), keys_.begin() + signed_(size_),
                       keys_.begin() + signed_(size_ + 1));
    std::copy_backward(expanded_.begin() + signed_(place), expanded_.begin() + signed_(size_),
                       expanded_.begin() + signed_(size_ + 1));
    keys_[place] = key;
    expanded_[place] = 0;
    if (size_ < capacity_) ++size_;
    const bool next = place <= first_open_;
    first_open_ = std::min(first_open_, place);
    return next;
  }

  /// Marks the nearest candidate not yet expanded. False when there is none up to that distance.
  bool expand_next(float limit, Candidate& next) noexcept {
    while (first_open_ < size_ && expanded_[first_open_] != 0) ++first_open_;
    if (first_open_ == size_) return false;
    next = unpack_key(keys_[first_open_]);
    if (next.distance > limit) return false;
    expanded_[first_open_++] = 1;
    return true;
  }

 private:
  static std::ptrdiff_t signed_(std::size_t i) noexcept { return static_cast<std::ptrdiff_t>(i); }

  [[nodiscard]] std::size_t lower_bound(std::uint64_t key) const noexcept {
    const std::uint64_t* base = keys_.data();
    std::size_t left = size_;
    while (left > 1) {
      const std::size_t half = left / 2;
      base += base[half - 1] < key ? half : 0;
      left -= half;
    }
    return static_cast<std::size_t>(base - keys_.data()) + (left == 1 && *base < key ? 1 : 0);
  }

  std::vector<std::uint64_t> keys_;
  std::vector<std::uint8_t> expanded_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
  std::size_t first_open_ = 0;
};

}  // namespace nearline::engine
