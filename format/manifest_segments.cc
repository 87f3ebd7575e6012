// SPDX-License-Identifier: Apache-2.0
#include "format/corrupt.h"
#include "format/manifest_check.h"

namespace nearline::format {
namespace {

/// Room for as many different ids as there are records, and each in as many bytes as an id has.
Result<void> check_ids(const Segment& segment, std::size_t i, const ManifestPlace& place) {
  const Id most = segment.id_bytes == 4 ? Id{0xFFFF'FFFF} : kNoId - 1;
  const bool none = segment.count == 0;
  if (none ? segment.first_id == 0 && segment.last_id == 0
           : segment.first_id <= segment.last_id && segment.last_id <= most &&
                 segment.last_id - segment.first_id >= segment.count - 1) {
    return {};
  }
  return corrupt(place.segment(i, offsetof(SegmentRow, first_id)),
                 "ids from " + std::to_string(segment.first_id) + " to " + std::to_string(segment.last_id) + " of " +
                     std::to_string(segment.id_bytes) + " bytes: expected different ones for " +
                     std::to_string(segment.count) + " records, and 0 for none");
}

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
  return check_ids(segment, i, place);
}

}  // namespace

Result<void> check_segments(const Manifest& manifest, const ManifestPlace& place) {
  std::uint64_t live = 0;  // of the first field's; no overflow: 4096 segments of 2^32 records
  for (std::size_t i = 0; i < manifest.segments.size(); ++i) {
    NEARLINE_CHECK(check_segment(manifest.segments[i], i, place));
    const bool primary = i < manifest.graphs.size() && manifest.graphs[i].field == 0;
    if (primary) live += manifest.segments[i].count - manifest.segments[i].deleted;
  }
  if (manifest.live_count == live) return {};
  return corrupt(place.at + offsetof(ManifestHeader, live_count),
                 std::to_string(manifest.live_count) + " live records: the segments of the first field hold " +
                     std::to_string(live));
}

}  // namespace nearline::format
