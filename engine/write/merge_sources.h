// SPDX-License-Identifier: Apache-2.0
/// What the records of segments that are merged bring along: their neighbour lists, so that their edges live on in the
/// new segment, and their codes.
/// Source: the merge of FreshDiskANN (arXiv 2105.09613), with one graph that stays and others that are inserted into
/// it.
#pragma once

#include <span>
#include <vector>

#include "engine/codes/known_codes.h"
#include "engine/link/known_lists.h"
#include "engine/segment/segment.h"

namespace nearline::engine {

/// Borrows what it is given.
class MergeSources final : public KnownLists {
 public:
  /// A segment on lean pages with a graph, and those of its records that are not merged. The others were taken in in
  /// the order of their rows, as the rows from first_row on of the new one.
  void add(const Segment& segment, const RecordSet& dead, std::uint64_t first_row) {
    sources_.push_back({&segment, &dead, first_row});
  }

  /// Worth it when half of all records are in one of the segments: into a smaller graph too much would be inserted.
  [[nodiscard]] bool worth(std::uint64_t records) const noexcept;

  Result<std::vector<bool>> fill(RecordImage& image, std::span<const std::uint32_t> rows) override;

  /// Gives the codes that were made by that book. Errors: those of reading them, and of the codes' file.
  Result<void> give_codes(const format::CodeBook& book, KnownCodes& codes) const;

 private:
  struct Source {
    const Segment* segment;
    const RecordSet* dead;
    std::uint64_t first_row;
    [[nodiscard]] std::uint64_t live() const noexcept { return segment->count() - dead->count(); }
  };
  /// The largest decides which records are to be connected.
  static Result<void> copy(const Source& source, bool largest, std::span<const std::uint32_t> place_of,
                           RecordImage& image, std::vector<bool>& loose);

  std::vector<Source> sources_;
};

}  // namespace nearline::engine
