// SPDX-License-Identifier: Apache-2.0
/// The ordinals that a walk has met. A hash table, not a bitmap: its size follows the walk, not the index.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace nearline::engine {

class VisitedSet {
 public:
  VisitedSet() { resize(kLeast); }

  void clear() noexcept {
    std::fill(slots_.begin(), slots_.end(), kEmpty);
    size_ = 0;
  }

  /// True when `ordinal` was not there. Allocates when the set outgrows every earlier walk.
  bool insert(std::uint32_t ordinal) {
    std::uint32_t kept;
    return insert_new({&ordinal, 1}, &kept) == 1;
  }

  /// Inserts all; writes those that were not there to `out` [ordinals.size()] in order, and returns how many they are.
  /// Whether an ordinal is new is a coin toss for the branch predictor, so nothing branches on it.
  std::size_t insert_new(std::span<const std::uint32_t> ordinals, std::uint32_t* out) {
    while ((size_ + ordinals.size()) * 4 >= slots_.size()) grow();
    std::size_t kept = 0;
    for (const std::uint32_t ordinal : ordinals) {
      std::uint32_t* const slot = find(ordinal);
      out[kept] = ordinal;
      kept += *slot != ordinal ? 1 : 0;
      *slot = ordinal;
    }
    size_ += kept;
    return kept;
  }

  [[nodiscard]] std::uint64_t memory_bytes() const noexcept { return slots_.size() * sizeof(std::uint32_t); }

 private:
  static constexpr std::uint32_t kEmpty = 0xFFFF'FFFF;  // never an ordinal: a segment holds fewer records
  static constexpr std::size_t kLeast = 4096;

  void resize(std::size_t slots) {
    slots_.assign(slots, kEmpty);
    shift_ = 32 - std::countr_zero(slots);
  }

  /// The slot that holds `ordinal`, or the empty one where it belongs. Fibonacci hashing; a quarter of the slots at
  /// most are taken, so that the first one probed is nearly always it.
  std::uint32_t* find(std::uint32_t ordinal) noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = std::uint32_t{ordinal * 0x9E37'79B1U} >> shift_;
    while (slots_[at] != kEmpty && slots_[at] != ordinal) at = (at + 1) & mask;
    return &slots_[at];
  }

  void grow() {
    std::vector<std::uint32_t> old(slots_.size() * 2, kEmpty);  // when there is no memory, the set is as it was
    old.swap(slots_);
    shift_ = 32 - std::countr_zero(slots_.size());
    for (const std::uint32_t ordinal : old) {
      if (ordinal != kEmpty) *find(ordinal) = ordinal;
    }
  }

  std::vector<std::uint32_t> slots_;
  int shift_ = 0;
  std::size_t size_ = 0;
};

}  // namespace nearline::engine
