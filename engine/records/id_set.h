// SPDX-License-Identifier: Apache-2.0
/// A set of ids in as few bytes as a table of them takes, for passes over whole files.
#pragma once

#include <cstdint>
#include <vector>

#include "nearline/types.h"

namespace nearline::engine {

class IdSet {
 public:
  /// most: ids that will be inserted.
  explicit IdSet(std::uint64_t most) : slots_(slots_for(most), kNoId) {}

  /// False when it was there before. Precondition: not kNoId, which marks what is empty.
  bool insert(Id id) noexcept;
  [[nodiscard]] bool contains(Id id) const noexcept;

  [[nodiscard]] std::uint64_t memory_bytes() const noexcept { return slots_.size() * sizeof(Id); }
  /// Bytes of a set of so many.
  static constexpr std::uint64_t bytes_for(std::uint64_t most) noexcept { return slots_for(most) * sizeof(Id); }

 private:
  /// Three of four are taken at most, so that a search for an empty one is short.
  static constexpr std::uint64_t slots_for(std::uint64_t most) noexcept { return most + most / 3 + 1; }

  std::vector<Id> slots_;
};

}  // namespace nearline::engine
