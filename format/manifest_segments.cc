// SPDX-License-Identifier: Apache-2.0
#include "format/corrupt.h"
#include "format/manifest_check.h"

namespace nearline::format {
namespace {

Result<void> check_segment(const Segment& segment, std::size_t i, const ManifestPlace& place) {
  if (segment.count > kMaxRecords) {
    return corrupt(place.segment(i, offsetof(SegmentRow, count)),
                   std::to_string(segment.count) + " records: expected at most " + std::to_string(kMaxRecords));
  }
  if (segment.id_bytes != 4 && segment.id_bytes != 8) {
    return corrupt(place.segment(i, offsetof(SegmentRow, id_bytes)),
                   "ids of " + std::to_string(segment.id_bytes) + " bytes: expected 4 or 8");
  }
  if (segment.deleted > segment.count) {
    return corrupt(place.segment(i, offsetof(SegmentRow, deleted)),
                   std::to_string(segment.deleted) + " of " + std::to_string(segment.count) + " records deleted");
  }
  return {};
}

}  // namespace

Result<void> check_segments(const Manifest& manifest, const ManifestPlace& place) {
  std::uint64_t live = 0;  // no overflow: 4096 segments of 2^32 records
  for (std::size_t i = 0; i < manifest.segments.size(); ++i) {
    NEARLINE_CHECK(check_segment(manifest.segments[i], i, place));
    live += manifest.segments[i].count - manifest.segments[i].deleted;
  }
  if (manifest.live_count == live) return {};
  return corrupt(place.at + offsetof(ManifestHeader, live_count),
                 std::to_string(manifest.live_count) + " live records: the segments hold " + std::to_string(live));
}

}  // namespace nearline::format
