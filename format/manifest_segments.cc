// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "format/corrupt.h"
#include "format/fused_page.h"
#include "format/manifest_check.h"

namespace nearline::format {
namespace {

/// What writers choose.
Result<void> check_form(const Segment& segment, const Field& field, std::size_t i, const ManifestPlace& place) {
  if (segment.layout == Layout::kLean) {
    if (segment.targets != 0 || segment.code_bytes != 0)
      return corrupt(place.segment(i, offsetof(SegmentRow, targets)), "lean pages with targets: expected none");
    const PageShape shape = segment.shape(field);
    if (shape.slots > 0) return {};
    return corrupt(place.segment(i, offsetof(SegmentRow, page_bytes)),
                   "pages of " + std::to_string(segment.page_bytes) + " bytes for records of " +
                       std::to_string(shape.slot_bytes) +
                       ": expected 1, 2, 4 or 8 blocks of 4096 that hold one, or for one larger than 8 as many as it "
                       "needs");
  }
  if (field.type == ElementType::kB1) {
    return corrupt(place.segment(i, offsetof(SegmentRow, layout)),
                   "fused pages of binary vectors: expected a type that has codes");
  }
  const PageShape shape = segment.shape(field);
  if (is_possible(shape)) return {};
  return corrupt(place.segment(i, offsetof(SegmentRow, page_bytes)),
                 "pages of " + std::to_string(segment.page_bytes) + " bytes for " + std::to_string(segment.slots) +
                     " records of " + std::to_string(shape.slot_bytes) + " and " + std::to_string(segment.targets) +
                     " targets with codes of " + std::to_string(segment.code_bytes) + ": expected room for them");
}

/// Whether the stored page shape is the one that the parameters and the writer's choice lead to.
Result<void> check_shape(const Segment& segment, const Field& field, std::size_t i, const ManifestPlace& place) {
  NEARLINE_CHECK(check_form(segment, field, i, place));
  const PageShape shape = segment.shape(field);
  if (segment.neighbor_bits != shape.neighbor_bits) {
    return corrupt(
        place.segment(i, offsetof(SegmentRow, neighbor_bits)),
        std::to_string(segment.neighbor_bits) + " bits per neighbour: expected " + std::to_string(shape.neighbor_bits));
  }
  if (segment.page_bytes != shape.page_bytes || segment.slots != shape.slots ||
      segment.slot_bytes != shape.slot_bytes) {
    return corrupt(place.segment(i, offsetof(SegmentRow, page_bytes)),
                   "pages of " + std::to_string(segment.page_bytes) + " bytes with " + std::to_string(segment.slots) +
                       " records of " + std::to_string(segment.slot_bytes) + ": expected " +
                       std::to_string(shape.page_bytes) + ", " + std::to_string(shape.slots) + ", " +
                       std::to_string(shape.slot_bytes));
  }
  return {};
}

Result<void> check_numbers(const Segment& segment, std::size_t i, const ManifestPlace& place) {
  if (segment.layout != Layout::kLean && segment.layout != Layout::kFused) {
    return corrupt(place.segment(i, offsetof(SegmentRow, layout)),
                   "page layout " + std::to_string(static_cast<unsigned>(segment.layout)));
  }
  if (segment.count > kMaxRecords) {
    return corrupt(place.segment(i, offsetof(SegmentRow, count)),
                   std::to_string(segment.count) + " records: expected at most " + std::to_string(kMaxRecords));
  }
  if (segment.degree == 0 || segment.degree > kMaxDegree) {
    return corrupt(place.segment(i, offsetof(SegmentRow, degree)),
                   "degree " + std::to_string(segment.degree) + ": expected 1 to " + std::to_string(kMaxDegree));
  }
  if (segment.id_bytes != 4 && segment.id_bytes != 8) {
    return corrupt(place.segment(i, offsetof(SegmentRow, id_bytes)),
                   "ids of " + std::to_string(segment.id_bytes) + " bytes: expected 4 or 8");
  }
  if (segment.edges > segment.count * segment.degree || segment.local_edges > segment.edges) {
    return corrupt(place.segment(i, offsetof(SegmentRow, edges)),
                   std::to_string(segment.edges) + " edges, " + std::to_string(segment.local_edges) +
                       " of them local: more than the records have room for");
  }
  if (segment.deleted > segment.count) {
    return corrupt(place.segment(i, offsetof(SegmentRow, deleted)),
                   std::to_string(segment.deleted) + " of " + std::to_string(segment.count) + " records deleted");
  }
  return {};
}

Result<void> check_build(const BuildParameters& build, std::size_t i, const ManifestPlace& place) {
  if (build.degree == 0 || build.degree > kMaxDegree || build.l_build == 0 || build.l_build > 0xFFFF) {
    return corrupt(place.build(i, 0), "built with degree " + std::to_string(build.degree) + " and " +
                                          std::to_string(build.l_build) + " candidates");
  }
  if (!std::isfinite(build.alpha) || build.alpha < 1 || build.alpha > 100) {
    return corrupt(place.build(i, offsetof(BuildRow, alpha)),
                   "built with alpha " + std::to_string(build.alpha) + ": expected 1 to 100");
  }
  return {};
}

/// Each field's live records are at most the file's; and the file's are at most those of all fields.
Result<void> check_live_count(const Manifest& manifest, const ManifestPlace& place) {
  std::vector<std::uint64_t> live(manifest.fields.size());
  std::uint64_t most = 0, all = 0;
  for (const Segment& segment : manifest.segments) {
    live[segment.field] += segment.count - segment.deleted;
    all += segment.count - segment.deleted;
    most = std::max(most, live[segment.field]);
  }
  if (manifest.live_count < most || manifest.live_count > all) {
    return corrupt(place.at + offsetof(ManifestHeader, live_count),
                   std::to_string(manifest.live_count) + " live records: the segments hold " + std::to_string(most));
  }
  return {};
}

}  // namespace

PageShape Segment::shape(const Field& on) const noexcept {
  const PageShape lean = PageShape::choose(count, on.dim, on.type, on.metric, degree, id_bytes);
  if (layout == Layout::kLean) return resized(lean, page_bytes);
  return fused_shape(lean, {.page_bytes = page_bytes, .slots = slots, .targets = targets, .code_bytes = code_bytes});
}

std::uint64_t needed_features(const Manifest& manifest) noexcept {
  if (manifest.segments.size() > 1) return kSegmentsFeature;
  for (const Segment& segment : manifest.segments) {
    if (segment.deleted > 0 || (segment.edges == 0 && segment.count > 1)) return kSegmentsFeature;
  }
  return 0;
}

Result<void> check_segments(const Manifest& manifest, const ManifestPlace& place) {
  for (std::size_t i = 0; i < manifest.segments.size(); ++i) {
    const Segment& segment = manifest.segments[i];
    if (segment.field >= manifest.fields.size() || !manifest.fields[segment.field].indexed) {
      return corrupt(place.segment(i, offsetof(SegmentRow, field)),
                     "a segment over field " + std::to_string(segment.field) + ": expected an indexed one of " +
                         std::to_string(manifest.fields.size()));
    }
    NEARLINE_CHECK(check_numbers(segment, i, place));
    NEARLINE_CHECK(check_shape(segment, manifest.fields[segment.field], i, place));
    NEARLINE_CHECK(check_build(manifest.builds[i], i, place));
  }
  return check_live_count(manifest, place);
}

}  // namespace nearline::format
