// SPDX-License-Identifier: Apache-2.0
/// Which live records of each segment match a filter.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/query/snapshot.h"

namespace nearline::engine {

class Matching {
 public:
  /// An empty filter: none. Errors: those of bind; kCorrupt, kIo.
  static Result<Matching> of(const Snapshot& snapshot, std::string_view filter);
  /// All live records: no filter.
  static Matching all(const Snapshot& snapshot);
  /// words: a bit for each row of each segment; of live records only.
  static Matching of_rows(const std::vector<std::vector<std::uint64_t>>& words);

  /// Whether a filter says which records may be answers.
  [[nodiscard]] bool filters() const noexcept { return filters_; }
  /// Of the i-th segment; null without a filter.
  [[nodiscard]] const RecordSet* segment(std::size_t i) const noexcept { return filters_ ? rows_[i].get() : nullptr; }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  /// 4 KiB blocks that were read.
  [[nodiscard]] std::uint64_t reads() const noexcept { return reads_; }

 private:
  /// As of, in a further field, by the ids of the records that match.
  static Result<Matching> by_ids(const Snapshot& field, std::string_view filter);

  bool filters_ = false;
  std::vector<std::shared_ptr<const RecordSet>> rows_;
  std::uint64_t count_ = 0;
  std::uint64_t reads_ = 0;
};

}  // namespace nearline::engine
