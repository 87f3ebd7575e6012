// SPDX-License-Identifier: Apache-2.0
/// The most promising nodes of a walk that knows some of them by estimate only: L that may be answers, and between
/// them, as in CandidateList, those that may not. A candidate is a *guess* until its page was asked for, *asked* until
/// the page is there, *here* with its exact distance and its neighbour list, and *done* once its neighbours were met.
/// Invariants: sorted by (distance, ordinal), without repeats; admitted <= L; size <= room; where L are admitted, the
/// last candidate is one of them; a list slot belongs to each candidate that is here, and to no other.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "engine/walk/candidate_list.h"

namespace nearline::engine {

class Shortlist {
 public:
  enum class State : std::uint8_t { kGuess, kAsked, kHere, kDone };
  static constexpr std::size_t kNone = ~std::size_t{0};

  /// Empties the list. Allocates only when it grows. l: L.  room: for all candidates; l where it is less.  list_bytes:
  /// of a neighbour list.
  void reset(std::size_t l, std::size_t room, std::size_t list_bytes) {
    room = std::max(l, room);
    if (keys_.size() < room + 1 || list_bytes_ != list_bytes) {
      const std::size_t all = std::max(keys_.size(), room + 1);
      lists_.resize(all * list_bytes);
      list_bytes_ = list_bytes;
      marks_.resize(all);
      keys_.resize(all);  // last: its size says that there is room in all
    }
    free_.clear();
    for (std::size_t i = room + 1; i-- > 0;) free_.push_back(static_cast<std::uint32_t>(i));
    l_ = l;
    room_ = room;
    size_ = admitted_ = first_open_ = 0;
    overflowed_ = false;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] Candidate operator[](std::size_t i) const noexcept { return unpack_key(keys_[i]); }

  /// Whether something was dropped for lack of room that L alone would have kept.
  [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }

  /// Whether a candidate would be kept.
  [[nodiscard]] bool has_room(float distance, std::uint32_t ordinal) noexcept {
    if ((admitted_ < l_ && size_ < room_) || pack_key(distance, ordinal) < keys_[size_ - 1]) return true;
    overflowed_ |= admitted_ < l_;
    return false;
  }

  /// A candidate known by estimate. admitted: whether it may be an answer.  Precondition: has_room; the ordinal is not
  /// in the list.
  void guess(float estimate, std::uint32_t ordinal, bool asked, bool admitted = true) noexcept {
    place(pack_key(estimate, ordinal), {asked ? State::kAsked : State::kGuess, admitted, 0});
  }

  /// A candidate whose page is there. list: its packed neighbours, copied. Preconditions as guess.
  void arrive(float distance, std::uint32_t ordinal, const std::byte* list, bool admitted = true) noexcept {
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    std::memcpy(lists_.data() + slot * list_bytes_, list, list_bytes_);
    place(pack_key(distance, ordinal), {State::kHere, admitted, slot});
  }

  /// A candidate whose page is there and whose neighbours are met. Preconditions as guess.
  void settle(float distance, std::uint32_t ordinal, bool admitted = true) noexcept {
    place(pack_key(distance, ordinal), {State::kDone, admitted, 0});
  }

  /// Takes out the guesses among records [first, first + count): their page has come.
  void take_out(std::uint32_t first, std::uint32_t count) noexcept {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < size_; ++i) {
      const bool leaves = marks_[i].state <= State::kAsked && static_cast<std::uint32_t>(keys_[i]) - first < count;
      keys_[kept] = keys_[i];
      marks_[kept] = marks_[i];
      admitted_ -= leaves && marks_[i].admitted ? 1 : 0;
      kept += leaves ? 0 : 1;
    }
    size_ = kept;
    first_open_ = 0;
  }

  /// Marks the guesses among records [first, first + count) as asked for.
  void ask(std::uint32_t first, std::uint32_t count) noexcept {
    for (std::size_t i = 0; i < size_; ++i) {
      if (marks_[i].state == State::kGuess && static_cast<std::uint32_t>(keys_[i]) - first < count)
        marks_[i].state = State::kAsked;
    }
  }

  /// The best candidate in that state; kNone when there is none.
  [[nodiscard]] std::size_t next(State state) noexcept {
    while (first_open_ < size_ && marks_[first_open_].state == State::kDone) ++first_open_;
    for (std::size_t i = first_open_; i < size_; ++i) {
      if (marks_[i].state == state) return i;
    }
    return kNone;
  }

  /// Marks a candidate that is here as done; its list stays as it is until the next arrive.
  const std::byte* finish(std::size_t i) noexcept {
    const std::uint32_t slot = marks_[i].slot;
    marks_[i].state = State::kDone;
    free_.push_back(slot);
    return lists_.data() + slot * list_bytes_;
  }

  [[nodiscard]] std::uint64_t memory_bytes() const noexcept {
    return keys_.capacity() * (sizeof keys_[0] + sizeof marks_[0]) + lists_.capacity() + free_.capacity() * 4;
  }

 private:
  struct Mark {
    State state;
    bool admitted;
    std::uint32_t slot;
  };

  void drop_last() noexcept {
    --size_;
    admitted_ -= marks_[size_].admitted ? 1 : 0;
    if (marks_[size_].state == State::kHere) free_.push_back(marks_[size_].slot);
  }

  void place(std::uint64_t key, Mark mark) noexcept {
    const auto at = std::lower_bound(keys_.begin(), keys_.begin() + signed_(size_), key) - keys_.begin();
    std::copy_backward(keys_.begin() + at, keys_.begin() + signed_(size_), keys_.begin() + signed_(size_ + 1));
    std::copy_backward(marks_.begin() + at, marks_.begin() + signed_(size_), marks_.begin() + signed_(size_ + 1));
    keys_[static_cast<std::size_t>(at)] = key;
    marks_[static_cast<std::size_t>(at)] = mark;
    ++size_;
    admitted_ += mark.admitted ? 1 : 0;
    first_open_ = std::min(first_open_, static_cast<std::size_t>(at));
    if (admitted_ > l_) {
      drop_last();  // it is admitted
      while (!marks_[size_ - 1].admitted) drop_last();
    } else if (size_ > room_) {
      drop_last();
      overflowed_ = true;
    }
    first_open_ = std::min(first_open_, size_);
  }

  static std::ptrdiff_t signed_(std::size_t i) noexcept { return static_cast<std::ptrdiff_t>(i); }

  std::vector<std::uint64_t> keys_;
  std::vector<Mark> marks_;
  std::vector<std::byte> lists_;
  std::vector<std::uint32_t> free_;
  std::size_t list_bytes_ = 0;
  std::size_t l_ = 0;
  std::size_t room_ = 0;
  std::size_t size_ = 0;
  std::size_t admitted_ = 0;
  std::size_t first_open_ = 0;
  bool overflowed_ = false;
};

}  // namespace nearline::engine
