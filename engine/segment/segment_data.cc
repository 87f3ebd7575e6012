// SPDX-License-Identifier: Apache-2.0
/// What the records of a segment say: which match a filter, and the values of some.
#include <algorithm>
#include <numeric>

#include "engine/segment/matches.h"
#include "engine/segment/read_pages.h"
#include "engine/segment/segment.h"

namespace nearline::engine {

Result<std::shared_ptr<const RecordSet>> Segment::matches(const BoundFilter& filter, WindowReads& cost) const {
  const IdRowsFn id_rows = [this](const KeyRange& ids, std::span<std::uint64_t> bits) { return add_ids(ids, bits); };
  return find_matches(*values_, file_, filter, id_rows, cost);
}

/// Sets the bits of the rows whose ids lie in the range.
Result<void> Segment::add_ids(const KeyRange& ids, std::span<std::uint64_t> bits) const {
  constexpr std::uint64_t kTogether = 4096;
  NEARLINE_TRY(lane, field_->lanes().take());
  const ReleaseLane release(*lane);
  NEARLINE_TRY(first, keys_->position_of(*lane, ids.first));
  std::uint64_t end = count();
  if (ids.last < kNoId) {
    NEARLINE_TRY(behind, keys_->position_of(*lane, ids.last + 1));
    end = behind;
  }
  std::vector<std::uint32_t> rows;
  for (std::uint64_t at = first; at < end; at += rows.size()) {
    rows.resize(std::min(kTogether, end - at));
    NEARLINE_CHECK(keys_->rows_at(*lane, at, rows));
    for (const std::uint32_t row : rows) bits[row / 64] |= std::uint64_t{1} << (row % 64);
  }
  return {};
}

/// By the keys where these are less to read than the records' pages.
Result<std::vector<Id>> Segment::ids_of(const RecordSet& set) const {
  constexpr std::uint64_t kTogether = 4096;
  std::vector<Id> found, ids;
  found.reserve(set.count());
  std::vector<std::uint32_t> rows;
  if (set.count() < keys_->blocks()) {
    std::vector<std::byte> vectors;
    for (std::uint64_t row = set.next(0); row != RecordSet::kNone;) {
      rows.clear();
      for (; row != RecordSet::kNone && rows.size() < kTogether; row = set.next(row + 1)) {
        rows.push_back(static_cast<std::uint32_t>(row));
      }
      NEARLINE_CHECK(read_rows(rows, ids, vectors));
      found.insert(found.end(), ids.begin(), ids.end());
    }
    std::ranges::sort(found);
    return found;
  }
  NEARLINE_CHECK(for_each_key([&](Id id, std::uint32_t row) {
    if (set.has(Row(row))) found.push_back(id);
  }));
  return found;
}

Result<void> Segment::for_each_key(const std::function<void(Id, std::uint32_t)>& visit) const {
  constexpr std::uint64_t kTogether = 4096;
  NEARLINE_TRY(lane, field_->lanes().take());
  const ReleaseLane release(*lane);
  std::vector<Id> ids;
  std::vector<std::uint32_t> rows;
  for (std::uint64_t at = 0; at < count(); at += rows.size()) {
    rows.resize(std::min(kTogether, count() - at));
    ids.resize(rows.size());
    NEARLINE_CHECK(keys_->keys_at(*lane, at, rows, ids));
    for (std::size_t i = 0; i < rows.size(); ++i) visit(ids[i], rows[i]);
  }
  return {};
}

Result<DataReader> Segment::data_reader(std::span<const std::uint32_t> attributes, bool payloads) const {
  const auto& all = file_.index().manifest().attributes;
  std::vector<std::string> names;
  std::vector<std::shared_ptr<const Column>> columns;
  for (const std::uint32_t attribute : attributes) {
    NEARLINE_TRY(column, values_->column(file_, attribute));
    names.push_back(all[attribute].name);
    columns.push_back(std::move(column));
  }
  std::shared_ptr<const Payloads> bytes;
  if (payloads) {
    NEARLINE_TRY(opened, values_->payloads(file_));
    bytes = std::move(opened);
  }
  return DataReader(std::move(names), columns, std::move(bytes));
}

Result<DataReader> Segment::data_reader() const {
  std::vector<std::uint32_t> all(file_.index().manifest().attributes.size());
  std::iota(all.begin(), all.end(), 0U);
  return data_reader(all, true);
}

}  // namespace nearline::engine
