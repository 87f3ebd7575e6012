// SPDX-License-Identifier: Apache-2.0
/// The nearest nodes that a walk has seen, sorted, with a mark on those whose neighbours were looked at.
/// Invariant, beside those of RankedNodes: every candidate before `first_open_` is expanded.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "engine/walk/ranked_nodes.h"

namespace nearline::engine {

class CandidateList {
 public:
  /// Empties the list. l: L.  room: for all candidates; l where it is less. Allocates only when the room is above every
  /// earlier one.
  void reset(std::size_t l, std::size_t room = 0) {
    nodes_.reset(l, room);
    first_open_ = 0;
  }

  [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }
  [[nodiscard]] Candidate operator[](std::size_t i) const noexcept { return nodes_[i]; }

  /// How many may be answers.
  [[nodiscard]] std::size_t admitted() const noexcept { return nodes_.admitted(); }
  [[nodiscard]] bool is_admitted(std::size_t i) const noexcept { return nodes_.mark(i).admitted(); }
  /// Distance of the n-th, from 0, of those that may be answers. Precondition: n < admitted().
  [[nodiscard]] float nth_admitted(std::size_t n) const noexcept {
    if (admitted() == size()) return nodes_[n].distance;
    std::size_t i = 0;
    for (std::size_t before = n + 1; before > 0; ++i) before -= is_admitted(i) ? 1 : 0;
    return nodes_[i - 1].distance;
  }
  [[nodiscard]] bool short_of_room() const noexcept { return nodes_.short_of_room(); }

  [[nodiscard]] std::uint64_t memory_bytes() const noexcept { return nodes_.memory_bytes(); }

  /// Distance beyond which no candidate is kept; infinity while there is room.
  [[nodiscard]] float farthest() const noexcept { return nodes_.farthest(); }

  /// admitted: whether it may be an answer. True when it is the next to be expanded, as things stand.
  /// Precondition: the ordinal was not inserted since reset; L above 0.
  bool insert(float distance, std::uint32_t ordinal, bool admitted = true) noexcept {
    const std::uint64_t key = pack_key(distance, ordinal);
    if (!nodes_.keeps(key)) return false;
    const std::size_t place = nodes_.insert(key, Mark(admitted ? 0 : Mark::kPassed), [](Mark) {});
    const bool next = place <= first_open_;
    first_open_ = std::min(first_open_, place);
    return next;
  }

  /// Marks the nearest candidate not yet expanded. False when there is none up to that distance.
  bool expand_next(float limit, Candidate& next) noexcept {
    while (first_open_ < size() && (nodes_.mark(first_open_).bits & Mark::kExpanded) != 0) ++first_open_;
    if (first_open_ >= size()) return false;
    next = nodes_[first_open_];
    if (next.distance > limit) return false;
    nodes_.mark(first_open_++).bits |= Mark::kExpanded;
    return true;
  }

 private:
  struct Mark {
    static constexpr std::uint8_t kExpanded = 1, kPassed = 2;

    Mark() = default;
    explicit Mark(std::uint8_t set) noexcept : bits(set) {}
    [[nodiscard]] bool admitted() const noexcept { return (bits & kPassed) == 0; }

    std::uint8_t bits = 0;
  };

  RankedNodes<Mark> nodes_;
  std::size_t first_open_ = 0;
};

}  // namespace nearline::engine
