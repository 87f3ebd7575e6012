// SPDX-License-Identifier: Apache-2.0
/// May a node be an answer? Walks go through nodes that may not, since these lead to others, but rank no answer, fill
/// no list and end no walk by them.
#pragma once

#include <cstdint>

#include "engine/records/record_set.h"
#include "engine/walk/graph_view.h"

namespace nearline::engine {

/// Borrows the sets.
class Admission {
 public:
  Admission() = default;

  /// dead: records that were deleted.  hidden: a node that a walk does as if it were not there, or kNoOrdinal.
  /// matches: null, or the records that may be answers, of which none is deleted.
  explicit Admission(const RecordSet& dead, std::uint32_t hidden = kNoOrdinal,
                     const RecordSet* matches = nullptr) noexcept
      : dead_(dead.count() > 0 ? &dead : nullptr), matches_(matches), hidden_(hidden) {}

  /// Whether the node may be an answer.
  [[nodiscard]] bool admits(std::uint32_t node) const noexcept {
    if (matches_ != nullptr) return node != hidden_ && matches_->has(row_of(node));
    return node != hidden_ && (dead_ == nullptr || !dead_->has(row_of(node)));
  }
  /// Whether a walk may go through the node.
  [[nodiscard]] bool lets_pass(std::uint32_t node) const noexcept { return node != hidden_; }

  /// Whether all nodes that a walk goes through may be answers.
  [[nodiscard]] bool admits_all() const noexcept { return dead_ == nullptr && matches_ == nullptr; }
  /// Null where no filter says which records may be answers.
  [[nodiscard]] const RecordSet* matches() const noexcept { return matches_; }
  [[nodiscard]] std::uint32_t hidden() const noexcept { return hidden_; }

 private:
  /// Nodes are rows (SPEC.md section 2).
  static Row row_of(std::uint32_t node) noexcept { return Row(node); }

  const RecordSet* dead_ = nullptr;
  const RecordSet* matches_ = nullptr;
  std::uint32_t hidden_ = kNoOrdinal;
};

}  // namespace nearline::engine
