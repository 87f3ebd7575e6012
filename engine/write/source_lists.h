// SPDX-License-Identifier: Apache-2.0
/// The neighbour lists of segments that are merged: their edges live on in the new one.
/// Source: the merge of FreshDiskANN (arXiv 2105.09613), with one graph that stays and others that are inserted into
/// it.
#pragma once

#include <span>
#include <vector>

#include "engine/build/known_lists.h"
#include "engine/open_segment.h"

namespace nearline::engine {

/// Borrows what it is given.
class SourceLists final : public KnownLists {
 public:
  /// A segment on lean pages with a graph, and those of its records that are not merged.
  void add(OpenSegment& segment, const Tombstones& dead) { sources_.push_back({&segment, &dead}); }

  /// Worth it when half of all records are in one of the segments: into a smaller graph too much would be inserted.
  [[nodiscard]] bool worth(std::uint64_t records) const noexcept;

  Result<std::vector<bool>> fill(RecordImage& image) override;

 private:
  struct Source {
    OpenSegment* segment;
    const Tombstones* dead;
    [[nodiscard]] std::uint64_t live() const noexcept { return segment->count() - dead->count(); }
  };
  /// Where the records of a source stand in the image; kNoOrdinal where they do not.
  static Result<std::vector<std::uint32_t>> places(const Source& source,
                                                   const std::vector<std::pair<Id, std::uint32_t>>& by_id);
  static Result<void> copy(const Source& source, const std::vector<std::uint32_t>& places, bool largest,
                           RecordImage& image, std::vector<bool>& loose);

  std::vector<Source> sources_;
};

}  // namespace nearline::engine
