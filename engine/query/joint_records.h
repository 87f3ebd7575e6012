// SPDX-License-Identifier: Apache-2.0
/// Where the vectors of each live record of a commit stand in all of its fields. Fields have segments of their own, and
/// only ids join them; a search over several fields asks for every record, and so keeps the join.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/query/snapshot.h"

namespace nearline::engine {

/// Immutable. Records are numbered by ascending id.
class JointRecords {
 public:
  static constexpr std::uint32_t kNone = 0xFFFF'FFFF;

  /// Reads the keys of all segments once. index: of the first field. Errors: kCorrupt, kIo; kUnsupported for 2^32 - 1
  /// and more vectors in a field, deleted ones included.
  static Result<std::shared_ptr<const JointRecords>> of(const Snapshot& index);

  [[nodiscard]] std::span<const Id> ids() const noexcept { return ids_; }
  /// By record: its vector's place among those of all segments of the field, one segment behind the other; kNone where
  /// it has none.
  [[nodiscard]] std::span<const std::uint32_t> places(std::uint32_t field) const noexcept { return places_[field]; }
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept;

 private:
  std::vector<Id> ids_;
  std::vector<std::vector<std::uint32_t>> places_;
};

}  // namespace nearline::engine
