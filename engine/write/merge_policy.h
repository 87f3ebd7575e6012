// SPDX-License-Identifier: Apache-2.0
/// Which segments a commit writes anew together with what was added.
/// Size-tiered, and lazy: while there are few segments a new one is left beside them. When there would be too many it
/// takes in those that are not much larger than itself, and the largest, too, when it would not be small beside it: so
/// there is one large segment, which is rewritten each time that it has grown by an eighth, and some small ones.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "format/manifest.h"

namespace nearline::engine {

struct SegmentLoad {
  std::uint32_t row = 0;
  std::uint64_t count = 0;
  std::uint64_t live = 0;
  bool flat = false;             ///< has no graph
  std::uint64_t open_bytes = 0;  ///< least memory that it takes once it is open; of take_until_open
  bool busy = false;             ///< a merge beside commits works on it: it stays
};

struct MergePlan {
  std::vector<std::uint32_t> rows;  ///< whose live records go into the new segment
  bool flat = false;                ///< the new one needs no graph
  std::uint64_t records = 0;        ///< in it; with none there is no new segment
  bool anew = false;                ///< the new one is linked without a look at the graphs of those that it takes in
};

/// fresh: records that were added. delta_records: most of a flat segment. merge: as WriterOptions.
MergePlan plan_merge(std::span<const SegmentLoad> segments, std::uint64_t fresh, std::uint64_t delta_records,
                     bool merge);

/// A commit beside merges: it writes no more than a few times what it brings. New records join the flat segment that
/// was written last, or begin another one. Where there are many of those, since a merge `goes_on` that has not come to
/// them, they are linked here, with small segments where these are many, too.
MergePlan plan_beside(std::span<const SegmentLoad> segments, std::uint64_t fresh, std::uint64_t delta_records,
                      bool goes_on);

/// The merge that follows from what commits left: full flat segments get a graph, and segments are merged as plan_merge
/// does when these, or else the smallest one with a graph, are what comes. No rows: there is nothing to do.
MergePlan plan_background(std::span<const SegmentLoad> segments);

/// What opening the outcome of a plan may take.
struct OpenBound {
  std::uint64_t bytes = 0;
  std::uint64_t segments = format::kMaxSegments;  ///< most that a manifest has room for
  std::uint64_t delta_records = 0;                ///< most of a flat segment
  std::function<std::uint64_t(std::uint64_t records, bool flat)> new_segment;
};

/// Takes in the smallest segments, one after the other, until what stays and the new one fit a manifest, and the bound.
/// Where they do not fit the bound even beside the largest alone, that is too large by itself or nearly so: then none
/// is taken in for the bound's sake. Returns whether all fits.
bool take_until_open(std::span<const SegmentLoad> segments, const OpenBound& bound, MergePlan& plan);

/// All of them into one.
MergePlan plan_compaction(std::span<const SegmentLoad> segments, std::uint64_t fresh);

}  // namespace nearline::engine
