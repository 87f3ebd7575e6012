// SPDX-License-Identifier: Apache-2.0
#include "engine/write/pending.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <unordered_set>

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

Pending::Pending(OpenIndex& index, io::FileSystem& fs, std::filesystem::path directory)
    : index_(index), fs_(fs), directory_(std::move(directory)) {
  for (const auto& segment : index.segments()) dead_.push_back(segment->dead());
}

Result<std::vector<Pending::Place>> Pending::find(std::span<const Id> ids) {
  std::vector<Place> places(ids.size());
  for (std::size_t s = 0; s < dead_.size(); ++s) {
    NEARLINE_TRY(ordinals, index_.segments()[s]->find(ids));
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (ordinals[i] != kNoOrdinal && !dead_[s].has(ordinals[i])) places[i] = {s, ordinals[i]};
    }
  }
  return places;
}

Result<std::vector<Id>> Pending::following(std::size_t count) {
  Id largest = 0;
  bool any = false;
  for (const auto& segment : index_.segments()) {
    NEARLINE_TRY(last, segment->largest_id());
    largest = std::max(largest, last);
    any = true;
  }
  for (const auto& [id, row] : row_of_) {
    largest = std::max(largest, id);
    any = true;
  }
  if (any && largest >= kNoId - count - 1) {
    return Error{.code = Code::kInvalidArgument,
                 .what = "no ids are left behind " + std::to_string(largest) + ": expected ids for these records"};
  }
  std::vector<Id> ids(count);
  std::iota(ids.begin(), ids.end(), any ? largest + 1 : 0);
  return ids;
}

Result<void> Pending::add(const MatrixView& vectors, std::span<const Id> given, bool replace) {
  std::vector<Id> made;
  if (given.empty() && vectors.rows > 0) {
    NEARLINE_TRY(ids, following(vectors.rows));
    made = std::move(ids);
    given = made;
  }
  if (!replace) {
    std::unordered_set<Id> seen;
    for (const Id id : given) {
      if (!seen.insert(id).second) return twice(id);
      if (row_of_.contains(id)) return taken(id);
    }
  }
  std::vector<Place> places(given.size());
  if (made.empty()) {
    NEARLINE_TRY(found, find(given));
    places = std::move(found);
  }
  for (std::size_t i = 0; i < places.size() && !replace; ++i) {
    if (places[i].ordinal != kNoOrdinal) return taken(given[i]);
  }
  if (!intake_) {
    NEARLINE_TRY(spill, fs_.create_unnamed(directory_));
    intake_.emplace(index_.info.schema, std::move(spill));
  }
  const std::uint64_t first = intake_->count();
  NEARLINE_CHECK(intake_->add(vectors, given));
  for (std::size_t i = 0; i < given.size(); ++i) {
    row_of_[given[i]] = first + i;
    if (places[i].ordinal == kNoOrdinal) continue;
    dead_[places[i].segment].add(places[i].ordinal, index_.segments()[places[i].segment]->count());
  }
  changed_ = changed_ || !given.empty();
  return {};
}

Result<EraseReport> Pending::erase(std::span<const Id> ids) {
  NEARLINE_TRY(places, find(ids));
  EraseReport report;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    bool erased = row_of_.erase(ids[i]) > 0;
    if (places[i].ordinal != kNoOrdinal) {
      erased |= dead_[places[i].segment].add(places[i].ordinal, index_.segments()[places[i].segment]->count());
    }
    ++(erased ? report.erased : report.unknown);
  }
  changed_ = changed_ || report.erased > 0;
  return report;
}

}  // namespace nearline::engine
