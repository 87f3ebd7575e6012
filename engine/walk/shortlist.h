// SPDX-License-Identifier: Apache-2.0
/// The most promising nodes of a walk that knows some of them by estimate only. A candidate is a *guess* until its page
/// was asked for, *asked* until the page is there, *here* with its exact distance and its neighbour list, and *done*
/// once its neighbours were met.
/// Invariants, beside those of RankedNodes: a list slot belongs to each candidate that is here, and to no other; every
/// candidate before `first_open_` is done.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "engine/walk/ranked_nodes.h"

namespace nearline::engine {

class Shortlist {
 public:
  enum class State : std::uint8_t { kGuess, kAsked, kHere, kDone };
  static constexpr std::size_t kNone = ~std::size_t{0};

  /// Empties the list. Allocates only when it grows. l: L.  room: for all candidates; l where it is less.  list_bytes:
  /// of a neighbour list.
  void reset(std::size_t l, std::size_t room, std::size_t list_bytes) {
    const std::size_t slots = std::max(l, room) + 1;  // one more while the last is not dropped yet
    free_.clear();
    free_.reserve(slots);
    if (lists_.size() < slots * list_bytes) lists_.resize(slots * list_bytes);
    list_bytes_ = list_bytes;
    nodes_.reset(l, room);
    for (std::size_t i = slots; i-- > 0;) free_.push_back(static_cast<std::uint32_t>(i));
    first_open_ = 0;
  }

  [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }
  [[nodiscard]] Candidate operator[](std::size_t i) const noexcept { return nodes_[i]; }
  [[nodiscard]] std::size_t admitted() const noexcept { return nodes_.admitted(); }
  [[nodiscard]] bool short_of_room() const noexcept { return nodes_.short_of_room(); }

  /// Whether a candidate would be kept.
  [[nodiscard]] bool keeps(float distance, std::uint32_t ordinal) const noexcept {
    return nodes_.keeps(pack_key(distance, ordinal));
  }

  /// A candidate known by estimate. admitted: whether it may be an answer.  Precondition: keeps; the ordinal is not
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
    nodes_.remove_if([&](std::uint32_t ordinal, const Mark& mark) {
      return mark.state <= State::kAsked && ordinal - first < count;
    });
    first_open_ = 0;
  }

  /// Marks the guesses among records [first, first + count) as asked for.
  void ask(std::uint32_t first, std::uint32_t count) noexcept {
    for (std::size_t i = 0; i < size(); ++i) {
      if (nodes_.mark(i).state == State::kGuess && nodes_[i].ordinal - first < count)
        nodes_.mark(i).state = State::kAsked;
    }
  }

  /// The best candidate in that state; kNone when there is none.
  [[nodiscard]] std::size_t next(State state) noexcept {
    while (first_open_ < size() && nodes_.mark(first_open_).state == State::kDone) ++first_open_;
    for (std::size_t i = first_open_; i < size(); ++i) {
      if (nodes_.mark(i).state == state) return i;
    }
    return kNone;
  }

  /// Marks a candidate that is here as done; its list stays as it is until the next arrive.
  const std::byte* finish(std::size_t i) noexcept {
    Mark& mark = nodes_.mark(i);
    mark.state = State::kDone;
    free_.push_back(mark.slot);
    return lists_.data() + mark.slot * list_bytes_;
  }

  [[nodiscard]] std::uint64_t memory_bytes() const noexcept {
    return nodes_.memory_bytes() + lists_.capacity() + free_.capacity() * sizeof free_[0];
  }

 private:
  struct Mark {
    State state = State::kGuess;
    bool may_be_answer = true;
    std::uint32_t slot = 0;

    [[nodiscard]] bool admitted() const noexcept { return may_be_answer; }
  };

  void place(std::uint64_t key, Mark mark) noexcept {
    const std::size_t at = nodes_.insert(key, mark, [this](const Mark& dropped) {
      if (dropped.state == State::kHere) free_.push_back(dropped.slot);
    });
    first_open_ = std::min(first_open_, at);
  }

  RankedNodes<Mark> nodes_;
  std::vector<std::byte> lists_;
  std::vector<std::uint32_t> free_;  ///< slots of lists_
  std::size_t list_bytes_ = 0;
  std::size_t first_open_ = 0;
};

}  // namespace nearline::engine
