// SPDX-License-Identifier: Apache-2.0
#include "engine/write/open_bounds.h"

#include <algorithm>

#include "engine/make/assembly.h"
#include "engine/make/flat_segment.h"
#include "engine/segment/key_index.h"
#include "engine/segment/needs.h"
#include "engine/segment/search_budget.h"

namespace nearline::engine {
namespace {

constexpr std::uint32_t kOneThread = 1;

/// What a segment with the index's settings takes once it is open. largest: what those that are there take, which tells
/// of fused pages how large their tables are.
std::uint64_t new_segment_bytes(const format::Field& field, std::uint64_t records, bool flat, std::uint64_t largest,
                                IoMode io) {
  const auto shape = format::PageShape::choose(records, field.dim, field.type, field.metric,
                                               flat ? kLeastDegree : field.settings.degree, sizeof(Id));
  const std::uint64_t keys = KeyIndex::most_bytes({.count = records, .last = kNoId - 1, .id_bytes = sizeof(Id)});
  const std::uint64_t lean = least_search_bytes(
      {.shape = shape, .count = records, .entries = flat ? 1 : entry_count(records), .table_bytes = keys}, kOneThread,
      io);
  return flat || field.settings.layout != Layout::kFused ? lean : std::max(lean, largest);
}

bool keep_openable_in(const CommitInput& input, std::uint64_t bytes, IoMode io, MergePlan& plan) {
  std::vector<SegmentLoad> loads = loads_of(input);
  const IndexFile& index = input.index.file();
  const format::Field& field = index.field(input.index.field());
  std::uint64_t others = 0, beside = 0;  // of the other fields: their memory, and their number
  for (const SegmentFile& segment : index.segments()) {
    if (segment.field_number() == input.index.field()) continue;
    beside += least_open_bytes(segment, kOneThread, io, false);
    ++others;
  }
  std::vector<std::uint64_t> open_bytes(input.index.file().manifest().segments.size());  // by row
  std::uint64_t largest = 0;
  for (std::size_t s = 0; s < input.index.segments().size(); ++s) {
    const SegmentFile& file = input.index.segments()[s]->file();
    const std::uint64_t tombstones = input.pending.dead(s).count() == 0 ? 0 : (file.segment().count + 7) / 8;
    open_bytes[file.row()] = least_open_bytes(file, kOneThread, io, false) + tombstones;
    largest = std::max(largest, open_bytes[file.row()]);
  }
  for (SegmentLoad& load : loads) {
    load.open_bytes = load.row < open_bytes.size() ? open_bytes[load.row]
                                                   : new_segment_bytes(field, load.count, load.flat, largest, io);
  }
  return take_until_open(
      loads,
      {.bytes = bytes - std::min(bytes, beside),
       .segments = format::kMaxSegments - std::min<std::uint64_t>(format::kMaxSegments - 1, others),
       .delta_records = input.options.delta_records,
       .new_segment = [&](std::uint64_t records,
                          bool flat) { return new_segment_bytes(field, records, flat, largest, io); }},
      plan);
}

}  // namespace

bool keep_openable(const CommitInput& input, std::uint64_t view_bytes, IoMode view_io, MergePlan& plan) {
  bool fits = keep_openable_in(input, view_bytes, view_io, plan);
  if (view_bytes > kViewBytes) fits = keep_openable_in(input, kViewBytes, view_io, plan) && fits;
  return keep_openable_in(input, OpenOptions{}.memory_bytes, IoMode::kPread, plan) && fits;
}

std::uint64_t view_needs(const IndexFile& index) {
  const IoMode io = choose_mode({}, index.file_bytes());
  std::uint64_t bytes = 0;
  for (const SegmentFile& segment : index.segments()) bytes += least_open_bytes(segment, kOneThread, io, false);
  return bytes;
}

}  // namespace nearline::engine
