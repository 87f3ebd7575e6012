// SPDX-License-Identifier: Apache-2.0
#include "engine/write/pending.h"

#include <algorithm>
#include <numeric>
#include <string>

namespace nearline::engine {
namespace {

Error twice(Id id) {
  return {.code = Code::kInvalidArgument,
          .what = "id " + std::to_string(id) + " was given twice: expected one record for each id"};
}

Error taken(Id id) {
  return {.code = Code::kExists, .what = "a record has id " + std::to_string(id) + " already: expected a new one"};
}

}  // namespace

Pending::Pending(const Snapshot& index, io::FileSystem& fs, std::filesystem::path directory)
    : index_(&index), fs_(&fs), directory_(std::move(directory)), next_id_(index.file().manifest().next_id) {
  for (const auto& segment : index.segments()) dead_.push_back(segment->dead());
}

Result<std::vector<RecordPlace>> Pending::find(std::span<const Id> ids) {
  ReadCount count;
  NEARLINE_TRY(places, index_->locate(ids, count));
  for (RecordPlace& place : places) {
    if (place.found() && dead_[place.segment].has(Row(place.row))) place = {};
  }
  return places;
}

void Pending::make_room(std::span<const RecordPlace> places) {
  for (const RecordPlace& place : places) {
    if (place.found()) dead_[place.segment].make_room(index_->segments()[place.segment]->count());
  }
}

Result<Id> Pending::first_of(std::size_t count) {
  std::vector<Id> ids;
  for (Id first = next_id_;;) {
    if (first > kNoId - count) {
      return Error{.code = Code::kInvalidArgument,
                   .what = "no " + std::to_string(count) + " ids are left from " + std::to_string(next_id_) +
                           " on: expected ids for these records"};
    }
    // Below the far ids next_id_ is above all; of those it says nothing.
    if (first + count <= format::kFirstFarId) return first;
    ids.resize(count);
    std::iota(ids.begin(), ids.end(), first);
    NEARLINE_TRY(places, find(ids));
    std::size_t behind = count;  // the last that is taken
    while (behind > 0 && !places[behind - 1].found() && !row_of_.contains(ids[behind - 1])) --behind;
    if (behind == 0) return first;
    first += behind;
  }
}

Result<InsertReport> Pending::add(const MatrixView& vectors, std::span<const Id> given, const RecordData& data,
                                  bool replace) {
  InsertReport report{.inserted = vectors.rows};
  std::vector<Id> made;
  if (given.empty() && vectors.rows > 0) {
    NEARLINE_TRY(first, first_of(vectors.rows));
    made.resize(vectors.rows);
    std::iota(made.begin(), made.end(), first);
    report.first_id = first;
    given = made;
  }
  std::unordered_map<Id, std::uint64_t> rows;  // of the call; of an id given twice the last
  const std::uint64_t first = intake_ ? intake_->count() : 0;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const bool is_new = rows.insert_or_assign(given[i], first + i).second;
    if (!replace && !is_new) return twice(given[i]);
    if (!replace && row_of_.contains(given[i])) return taken(given[i]);
  }
  std::vector<RecordPlace> places(given.size());
  if (made.empty()) {
    NEARLINE_TRY(found, find(given));
    places = std::move(found);
  }
  for (std::size_t i = 0; i < places.size() && !replace; ++i) {
    if (places[i].found()) return taken(given[i]);
  }
  if (!intake_) {
    NEARLINE_TRY(spill, fs_->create_unnamed(directory_));
    intake_.emplace(index_->schema(), std::move(spill), *fs_, directory_, index_->transform());
  }
  make_room(places);
  row_of_.reserve(row_of_.size() + rows.size());
  NEARLINE_CHECK(intake_->add(vectors, given, data));
  // From here on nothing allocates: all of the call is kept.
  for (const Id id : given) next_id_ = made.empty() ? format::next_id_after(next_id_, id) : id + 1;
  for (const auto& [id, row] : rows) {
    if (const auto before = row_of_.find(id); before != row_of_.end()) before->second = row;
  }
  row_of_.merge(rows);
  for (const RecordPlace& place : places) {
    if (place.found()) dead_[place.segment].add(Row(place.row));
  }
  changed_ = changed_ || !given.empty();
  return report;
}

Result<void> Pending::give_values(StagedValues& to) {
  if (!intake_) return {};
  return intake_->values().for_each([&](std::uint64_t row, Id id, const RecordData& data) -> Result<void> {
    const auto found = row_of_.find(id);
    if (found == row_of_.end() || found->second != row) return {};
    return to.append(std::span(&id, 1), data, to.count());
  });
}

Result<EraseReport> Pending::erase(std::span<const Id> ids) {
  NEARLINE_TRY(places, prepare_erase(ids));
  return erase_at(ids, places);
}

Result<std::vector<RecordPlace>> Pending::prepare_erase(std::span<const Id> ids) {
  NEARLINE_TRY(places, find(ids));
  make_room(places);
  return places;
}

Result<std::vector<bool>> Pending::has(std::span<const Id> ids) {
  NEARLINE_TRY(places, find(ids));
  std::vector<bool> there(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) there[i] = places[i].found() || row_of_.contains(ids[i]);
  return there;
}

EraseReport Pending::erase_at(std::span<const Id> ids, std::span<const RecordPlace> places) noexcept {
  EraseReport report;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    bool erased = row_of_.erase(ids[i]) > 0;
    if (places[i].found()) {
      erased |= dead_[places[i].segment].add(Row(places[i].row));
    }
    ++(erased ? report.erased : report.unknown);
  }
  changed_ = changed_ || report.erased > 0;
  return report;
}

}  // namespace nearline::engine
