// SPDX-License-Identifier: Apache-2.0
/// May a node be an answer? Walks go through nodes that may not, since these lead to others, but rank no answer, fill
/// no list and end no walk by them.
#pragma once

#include <cstdint>

#include "engine/records/record_set.h"
#include "engine/walk/graph_view.h"

namespace nearline::engine {

/// Borrows the set.
class Admission {
 public:
  Admission() = default;

  /// dead: records that were deleted.  hidden: a node that a walk does as if it were not there, or kNoOrdinal.
  explicit Admission(const RecordSet& dead, std::uint32_t hidden = kNoOrdinal) noexcept
      : dead_(dead.count() > 0 ? &dead : nullptr), hidden_(hidden) {}

  /// Whether the node may be an answer.
  [[nodiscard]] bool admits(std::uint32_t node) const noexcept {
    return node != hidden_ && (dead_ == nullptr || !dead_->has(row_of(node)));
  }
  /// Whether a walk may go through the node.
  [[nodiscard]] bool lets_pass(std::uint32_t node) const noexcept { return node != hidden_; }

  /// Whether all nodes that a walk goes through may be answers.
  [[nodiscard]] bool admits_all() const noexcept { return dead_ == nullptr; }
  [[nodiscard]] std::uint32_t hidden() const noexcept { return hidden_; }

 private:
  /// The primary field's order is the row order (SPEC.md section 4).
  static Row row_of(std::uint32_t node) noexcept { return Row(node); }

  const RecordSet* dead_ = nullptr;
  std::uint32_t hidden_ = kNoOrdinal;
};

}  // namespace nearline::engine
