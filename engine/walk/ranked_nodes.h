// SPDX-License-Identifier: Apache-2.0
/// Nodes of a walk, nearest first, a mark beside each: what the two lists of candidates share. L of them may be
/// answers; those that may not (deleted, say) stand between them and take no place from them, up to a room for all.
/// Invariants: sorted by (distance, ordinal) without repeats (the visited set sees to that); admitted <= L; size <=
/// room; where L are admitted, the last is one of them.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
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
/// binary search has no branch to mispredict. Mark: small and trivial, with a member function admitted().
template <class Mark>
class RankedNodes {
 public:
  /// Empties it. l: L.  room: for all; l where it is less. Allocates only when the room is above every earlier one.
  void reset(std::size_t l, std::size_t room) {
    room = std::max(l, room);
    if (keys_.size() < room + 1) {
      marks_.resize(room + 1);
      keys_.resize(room + 1);  // last: its size says that there is room in both
    }
    l_ = l;
    room_ = room;
    size_ = passed_ = 0;
    short_of_room_ = false;
    bound_ = kNoBound;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t admitted() const noexcept { return size_ - passed_; }
  [[nodiscard]] Candidate operator[](std::size_t i) const noexcept { return unpack_key(keys_[i]); }
  [[nodiscard]] Mark& mark(std::size_t i) noexcept { return marks_[i]; }
  [[nodiscard]] const Mark& mark(std::size_t i) const noexcept { return marks_[i]; }

  /// Whether the room was full of fewer than L that are admitted: more room might have kept more.
  [[nodiscard]] bool short_of_room() const noexcept { return short_of_room_; }

  /// Whether a node with that key would be kept.
  [[nodiscard]] bool keeps(std::uint64_t key) const noexcept { return key < bound_; }
  /// Distance beyond which no node is kept; infinity while there is room.
  [[nodiscard]] float farthest() const noexcept {
    return bound_ == kNoBound ? std::numeric_limits<float>::infinity() : unpack_key(bound_).distance;
  }

  /// Puts a node in its place, which is returned, and drops what is too much at the end; dropped(mark) is called for
  /// each of these. Precondition: keeps(key); the key is not in.
  template <class Dropped>
  std::size_t insert(std::uint64_t key, Mark mark, Dropped dropped) noexcept {
    const std::size_t place = lower_bound(key);
    const bool all_admitted = passed_ == 0 && mark.admitted();
    if (all_admitted && size_ == l_) dropped(marks_[--size_]);
    std::copy_backward(keys_.begin() + signed_(place), keys_.begin() + signed_(size_),
                       keys_.begin() + signed_(size_ + 1));
    std::copy_backward(marks_.begin() + signed_(place), marks_.begin() + signed_(size_),
                       marks_.begin() + signed_(size_ + 1));
    keys_[place] = key;
    marks_[place] = mark;
    ++size_;
    if (!all_admitted) {
      passed_ += mark.admitted() ? 0 : 1;
      trim(dropped);
    } else if (size_ == l_) {
      bound_ = keys_[size_ - 1];
    }
    return place;
  }

  /// Takes out all for which leaves(ordinal, mark) holds.
  template <class Leaves>
  void remove_if(Leaves leaves) noexcept {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < size_; ++i) {
      if (leaves(static_cast<std::uint32_t>(keys_[i]), marks_[i])) {
        passed_ -= marks_[i].admitted() ? 0 : 1;
        continue;
      }
      keys_[kept] = keys_[i];
      marks_[kept++] = marks_[i];
    }
    size_ = kept;
    set_bound();
  }

  [[nodiscard]] std::uint64_t memory_bytes() const noexcept {
    return keys_.capacity() * sizeof keys_[0] + marks_.capacity() * sizeof marks_[0];
  }

 private:
  static constexpr std::uint64_t kNoBound = ~std::uint64_t{0};

  /// Drops what is too much, and sets the bound of a full list.
  template <class Dropped>
  void trim(Dropped dropped) noexcept {
    while (admitted() > l_ || (admitted() == l_ && !marks_[size_ - 1].admitted())) drop_last(dropped);
    if (size_ > room_) drop_last(dropped);
    short_of_room_ |= size_ == room_ && admitted() < l_;
    set_bound();
  }

  template <class Dropped>
  void drop_last(Dropped dropped) noexcept {
    passed_ -= marks_[--size_].admitted() ? 0 : 1;
    dropped(marks_[size_]);
  }

  void set_bound() noexcept { bound_ = admitted() < l_ && size_ < room_ ? kNoBound : keys_[size_ - 1]; }

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
  std::vector<Mark> marks_;
  std::uint64_t bound_ = kNoBound;  ///< the last key of a full list: what is not below it is not kept
  std::size_t l_ = 0;
  std::size_t room_ = 0;
  std::size_t size_ = 0;
  std::size_t passed_ = 0;  ///< how many are not admitted
  bool short_of_room_ = false;
};

}  // namespace nearline::engine
