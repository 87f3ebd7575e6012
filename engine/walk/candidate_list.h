// SPDX-License-Identifier: Apache-2.0
/// The nearest nodes that a walk has seen, sorted, with a mark on those whose neighbours were looked at. L of them may
/// be answers; those that may not (deleted, say) stand between them and take no place from them, up to a room for all.
/// Invariants: sorted by (distance, ordinal) without repeats (the visited set sees to that); admitted <= L; size <=
/// room; where L are admitted, the last candidate is one of them; every candidate before `first_open_` is expanded.
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
  /// Empties the list. l: L.  room: for all candidates; l where it is less. Allocates only when the room is above every
  /// earlier one.
  void reset(std::size_t l, std::size_t room = 0) {
    room = std::max(l, room);
    if (keys_.size() < room + 1) {
      marks_.resize(room + 1);
      keys_.resize(room + 1);  // last: its size says that there is room in both
    }
    l_ = l;
    room_ = room;
    size_ = admitted_ = first_open_ = 0;
    overflowed_ = false;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] Candidate operator[](std::size_t i) const noexcept { return unpack_key(keys_[i]); }

  /// How many may be answers.
  [[nodiscard]] std::size_t admitted() const noexcept { return admitted_; }
  [[nodiscard]] bool is_admitted(std::size_t i) const noexcept { return (marks_[i] & kPassed) == 0; }
  /// Distance of the n-th, from 0, of those that may be answers. Precondition: n < admitted().
  [[nodiscard]] float nth_admitted(std::size_t n) const noexcept {
    if (admitted_ == size_) return unpack_key(keys_[n]).distance;
    std::size_t i = 0;
    for (std::size_t before = n + 1; before > 0; ++i) before -= is_admitted(i) ? 1 : 0;
    return unpack_key(keys_[i - 1]).distance;
  }
  /// Whether something was dropped for lack of room that L alone would have kept.
  [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }

  [[nodiscard]] std::uint64_t memory_bytes() const noexcept {
    return keys_.capacity() * sizeof keys_[0] + marks_.capacity();
  }

  /// admitted: whether it may be an answer. True when it is the next to be expanded, as things stand.
  /// Precondition: the ordinal was not inserted since reset; L above 0.
  bool insert(float distance, std::uint32_t ordinal, bool admitted = true) noexcept {
    const std::uint64_t key = pack_key(distance, ordinal);
    if ((admitted_ == l_ || size_ == room_) && key >= keys_[size_ - 1]) {
      overflowed_ |= admitted_ < l_;
      return false;
    }
    const std::size_t place = lower_bound(key);
    std::copy_backward(keys_.begin() + signed_(place), keys_.begin() + signed_(size_),
                       keys_.begin() + signed_(size_ + 1));
    std::copy_backward(marks_.begin() + signed_(place), marks_.begin() + signed_(size_),
                       marks_.begin() + signed_(size_ + 1));
    keys_[place] = key;
    marks_[place] = admitted ? 0 : kPassed;
    ++size_;
    admitted_ += admitted ? 1 : 0;
    const bool next = place <= first_open_;
    first_open_ = std::min(first_open_, place);
    if (admitted_ > l_ || size_ > room_) trim();
    return next;
  }

  /// Marks the nearest candidate not yet expanded. False when there is none up to that distance.
  bool expand_next(float limit, Candidate& next) noexcept {
    while (first_open_ < size_ && (marks_[first_open_] & kExpanded) != 0) ++first_open_;
    if (first_open_ == size_) return false;
    next = unpack_key(keys_[first_open_]);
    if (next.distance > limit) return false;
    marks_[first_open_++] |= kExpanded;
    return true;
  }

 private:
  static constexpr std::uint8_t kExpanded = 1, kPassed = 2;

  /// Drops what is too much at the end.
  void trim() noexcept {
    if (admitted_ > l_) {
      --size_, --admitted_;  // the last one is admitted
      while (!is_admitted(size_ - 1)) --size_;
    } else {
      --size_;
      admitted_ -= is_admitted(size_) ? 1 : 0;
      overflowed_ = true;
    }
    first_open_ = std::min(first_open_, size_);
  }

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
  std::vector<std::uint8_t> marks_;
  std::size_t l_ = 0;
  std::size_t room_ = 0;
  std::size_t size_ = 0;
  std::size_t admitted_ = 0;
  std::size_t first_open_ = 0;
  bool overflowed_ = false;
};

}  // namespace nearline::engine
