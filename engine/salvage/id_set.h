// SPDX-License-Identifier: Apache-2.0
/// A set of ids in as few bytes as a table of them takes, for passes over whole files.
#pragma once

#include <cstdint>
#include <vector>

#include "nearline/types.h"

namespace nearline::engine {

class IdSet {
 public:
  /// False when it was there before. Precondition: not kNoId, which marks what is empty.
  bool insert(Id id);

  /// What the next insert may take, the old table included.
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept { return slots_.size() * sizeof(Id) * 3; }

 private:
  [[nodiscard]] std::size_t place_of(Id id) const noexcept;
  void grow();

  std::vector<Id> slots_;
  std::size_t count_ = 0;
};

}  // namespace nearline::engine
