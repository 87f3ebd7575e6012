// SPDX-License-Identifier: Apache-2.0
/// The records of a segment by id and by row: keys lead to rows, which pages have in their order.
#include <algorithm>
#include <cstring>
#include <numeric>
#include <string>

#include "engine/segment/read_pages.h"
#include "engine/segment/segment.h"
#include "format/corrupt.h"

namespace nearline::engine {

/// rows: at most kMaxBatch. The records stand in the lane's first scratch.
Result<void> Segment::read_records(Lane& lane, std::span<const std::uint32_t> rows, ReadCount& count) const {
  Scratch& scratch = *lane.scratches[0];
  scratch.batch.wanted.clear();
  scratch.records.clear();
  for (const std::uint32_t row : rows) scratch.batch.wanted.push_back(graph().places.of(row).page);
  NEARLINE_CHECK(read_counted(*lane.reader, scratch.batch, count));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    scratch.records.push_back(scratch.batch.pages[i] + graph().places.of(rows[i]).byte);
  }
  return {};
}

Result<void> Segment::copy_records(Lane& lane, std::span<const std::uint32_t> rows, std::vector<Id>& ids,
                                   std::vector<std::byte>& vectors) const {
  const std::size_t bytes = vector_bytes(schema().type, schema().dim);
  ReadCount count;
  ids.resize(rows.size());
  vectors.resize(rows.size() * bytes);
  for (std::size_t at = 0; at < rows.size(); at += kMaxBatch) {
    const auto part = rows.subspan(at, std::min<std::size_t>(kMaxBatch, rows.size() - at));
    NEARLINE_CHECK(read_records(lane, part, count));
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
  ReadCount count;
  std::vector<std::uint32_t> rows;
  for (std::uint64_t first = 0; first < graph().count; first += kMaxBatch) {
    rows.resize(std::min<std::uint64_t>(kMaxBatch, graph().count - first));
    std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(first));
    NEARLINE_CHECK(read_records(*lane, rows, count));
    for (std::size_t i = 0; i < rows.size(); ++i) visit(rows[i], lane->scratches[0]->records[i]);
  }
  return {};
}

Result<void> Segment::read_by_id(std::uint64_t first, std::uint64_t count, std::vector<Id>& ids,
                                 std::vector<std::byte>& vectors) const {
  NEARLINE_TRY(lane, field_->lanes().take());
  const ReleaseLane release(*lane);
  std::vector<std::uint32_t> rows(count);
  NEARLINE_CHECK(keys_->rows_at(*lane, first, rows));
  std::erase_if(rows, [&](std::uint32_t row) { return dead_.has(Row(row)); });
  return copy_records(*lane, rows, ids, vectors);
}

Result<void> Segment::find(std::span<const Id> ids, std::span<std::uint32_t> rows, ReadCount& count) const {
  NEARLINE_TRY(lane, field_->lanes().take());
  const ReleaseLane release(*lane);
  NEARLINE_CHECK(keys_->find(*lane, ids, rows, count));
  for (std::uint32_t& row : rows) {
    if (row != kNoOrdinal && dead_.has(Row(row))) row = kNoOrdinal;
  }
  return {};
}

Result<void> Segment::copy_vectors(std::span<const Wanted> wanted, std::byte* out, ReadCount& count) const {
  const std::size_t bytes = vector_bytes(schema().type, schema().dim);
  NEARLINE_TRY(lane, field_->lanes().take());
  const ReleaseLane release(*lane);
  std::vector<std::uint32_t> rows;
  for (std::size_t at = 0; at < wanted.size(); at += kMaxBatch) {
    const auto part = wanted.subspan(at, std::min<std::size_t>(kMaxBatch, wanted.size() - at));
    rows.clear();
    for (const Wanted& one : part) rows.push_back(one.row);
    NEARLINE_CHECK(read_records(*lane, rows, count));
    for (std::size_t i = 0; i < part.size(); ++i) {
      const std::byte* record = lane->scratches[0]->records[i];
      if (const Id found = format::stored_id(graph().shape, record); found != part[i].id) {
        return format::corrupt(graph().pages_at, "record " + std::to_string(part[i].row) + " has id " +
                                                     std::to_string(found) + ": the keys say " +
                                                     std::to_string(part[i].id))
            .in(file_.file().path().string());
      }
      std::memcpy(out + part[i].slot * bytes, record, bytes);
    }
  }
  return {};
}

}  // namespace nearline::engine
