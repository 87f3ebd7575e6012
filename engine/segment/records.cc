// SPDX-License-Identifier: Apache-2.0
/// The records of a segment by id and by row: the id index leads to rows, and the primary field has them in that order.
#include <algorithm>
#include <cstring>
#include <numeric>
#include <string>

#include "engine/segment/read_pages.h"
#include "engine/segment/segment.h"

namespace nearline::engine {

Error Segment::out_of_index(std::uint32_t row) const {
  return {
      .code = Code::kCorrupt,
      .what = "id index names record " + std::to_string(row) + ": expected one below " + std::to_string(graph().count),
      .file = file_.file().path().string(),
      .at = file_.section(format::SectionKind::kIdIndex)->offset};
}

Result<void> Segment::read_records(Lane& lane, std::span<const std::uint32_t> rows) const {
  Scratch& scratch = *lane.scratches[0];
  scratch.batch.wanted.clear();
  scratch.records.clear();
  for (const std::uint32_t row : rows) {
    if (row >= graph().count) {
      return out_of_index(row);
    }
    scratch.batch.wanted.push_back(graph().places.of(row).page);
  }
  NEARLINE_CHECK(read_now(*lane.reader, scratch.batch));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    scratch.records.push_back(scratch.batch.pages[i] + graph().places.of(rows[i]).byte);
  }
  return {};
}

Result<void> Segment::lower_bound(Lane& lane, Id id, Found& found) const {
  const format::Section& index = *file_.section(format::SectionKind::kIdIndex);
  std::uint64_t low = found.position;
  found = {.position = graph().count};
  for (std::uint64_t high = graph().count; low < high;) {
    const std::uint64_t middle = low + (high - low) / 2;
    NEARLINE_TRY(rows, file_.index().read_u32(index, *id_index_check_, middle, 1));
    NEARLINE_CHECK(read_records(lane, rows));
    const Found there{middle, rows[0], format::stored_id(graph().shape, lane.scratches[0]->records[0])};
    if (there.id < id) {
      low = middle + 1;
    } else {
      found = there;
      high = middle;
    }
  }
  return {};
}

Result<void> Segment::copy_records(Lane& lane, std::span<const std::uint32_t> rows, std::vector<Id>& ids,
                                   std::vector<std::byte>& vectors) const {
  const std::size_t bytes = vector_bytes(schema().type, schema().dim);
  ids.resize(rows.size());
  vectors.resize(rows.size() * bytes);
  for (std::size_t at = 0; at < rows.size(); at += kMaxBatch) {
    const auto part = rows.subspan(at, std::min<std::size_t>(kMaxBatch, rows.size() - at));
    NEARLINE_CHECK(read_records(lane, part));
    for (std::size_t i = 0; i < part.size(); ++i) {
      const std::byte* record = lane.scratches[0]->records[i];
      ids[at + i] = format::stored_id(graph().shape, record);
      std::memcpy(vectors.data() + (at + i) * bytes, record, bytes);
    }
  }
  return {};
}

Result<void> Segment::read_rows(std::span<const std::uint32_t> rows, std::vector<Id>& ids,
                                std::vector<std::byte>& vectors) const {
  NEARLINE_TRY(lane, field_->lanes().take());
  const ReleaseLane release(*lane);
  return copy_records(*lane, rows, ids, vectors);
}

Result<void> Segment::for_each_record(const std::function<void(std::uint32_t, const std::byte*)>& visit) const {
  NEARLINE_TRY(lane, field_->lanes().take());
  const ReleaseLane release(*lane);
  std::vector<std::uint32_t> rows;
  for (std::uint64_t first = 0; first < graph().count; first += kMaxBatch) {
    rows.resize(std::min<std::uint64_t>(kMaxBatch, graph().count - first));
    std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(first));
    NEARLINE_CHECK(read_records(*lane, rows));
    for (std::size_t i = 0; i < rows.size(); ++i) visit(rows[i], lane->scratches[0]->records[i]);
  }
  return {};
}

Result<void> Segment::read_by_id(std::uint64_t first, std::uint64_t count, std::vector<Id>& ids,
                                 std::vector<std::byte>& vectors) const {
  NEARLINE_TRY(lane, field_->lanes().take());
  const ReleaseLane release(*lane);
  NEARLINE_TRY(rows,
               file_.index().read_u32(*file_.section(format::SectionKind::kIdIndex), *id_index_check_, first, count));
  for (const std::uint32_t row : rows) {
    if (row >= graph().count) return out_of_index(row);
  }
  std::erase_if(rows, [&](std::uint32_t row) { return dead_.has(Row(row)); });
  return copy_records(*lane, rows, ids, vectors);
}

Result<std::vector<std::uint32_t>> Segment::find(std::span<const Id> ids) const {
  std::vector<std::uint32_t> rows(ids.size(), kNoOrdinal);
  std::vector<std::size_t> order(ids.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return ids[a] < ids[b]; });
  NEARLINE_TRY(lane, field_->lanes().take());
  const ReleaseLane release(*lane);
  Found found{.id = 0};
  for (const std::size_t i : order) {  // ascending, so that what lies below the last one is not searched again
    if (found.position == graph().count) break;
    if (found.id < ids[i] || i == order.front()) NEARLINE_CHECK(lower_bound(*lane, ids[i], found));
    if (found.position < graph().count && found.id == ids[i] && !dead_.has(Row(found.row))) {
      rows[i] = found.row;
    }
  }
  return rows;
}

}  // namespace nearline::engine
