// SPDX-License-Identifier: Apache-2.0
/// Records by their ids: where they stand, whether they are there, and their vectors.
#include <algorithm>
#include <numeric>
#include <string>

#include "engine/query/snapshot.h"

namespace nearline::engine {
namespace {

/// Ids of one call that no segment has had yet, ascending.
struct Sought {
  std::vector<Id> ids;
  std::vector<std::size_t> from;  ///< where in the call each stands
};

Sought in_order(std::span<const Id> ids) {
  Sought sought{std::vector<Id>(ids.begin(), ids.end()), std::vector<std::size_t>(ids.size())};
  std::iota(sought.from.begin(), sought.from.end(), std::size_t{0});
  if (std::ranges::is_sorted(ids)) return sought;
  std::ranges::sort(sought.from, {}, [&](std::size_t i) { return ids[i]; });
  for (std::size_t i = 0; i < ids.size(); ++i) sought.ids[i] = ids[sought.from[i]];
  return sought;
}

}  // namespace

Result<std::vector<RecordPlace>> Snapshot::locate(std::span<const Id> ids, ReadCount& count) const {
  std::vector<RecordPlace> places(ids.size());
  Sought sought = in_order(ids);
  std::vector<std::uint32_t> rows;
  for (std::uint32_t s = 0; s < segments_.size() && !sought.ids.empty(); ++s) {
    if (std::ranges::none_of(sought.ids, [&](Id id) { return segments_[s]->may_have(id); })) continue;
    rows.resize(sought.ids.size());
    NEARLINE_CHECK(segments_[s]->find(sought.ids, rows, count));
    std::size_t left = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i] != kNoOrdinal) {
        places[sought.from[i]] = {s, rows[i]};
        continue;
      }
      sought.ids[left] = sought.ids[i];
      sought.from[left++] = sought.from[i];
    }
    sought.ids.resize(left);
    sought.from.resize(left);
  }
  return places;
}

Result<std::vector<bool>> Snapshot::contains(std::span<const Id> ids) const {
  ReadCount count;
  NEARLINE_TRY(places, locate(ids, count));
  std::vector<bool> there(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) there[i] = places[i].found();
  return there;
}

/// Records of a segment are copied in the order of their rows, so that those of one page come together.
Result<GetReport> Snapshot::get(std::span<const Id> ids, std::span<std::byte> out) const {
  const std::size_t bytes = vector_bytes(info_.schema.type, info_.schema.dim);
  if (out.size() != ids.size() * bytes) {
    return Error{
        .code = Code::kInvalidArgument,
        .what = "room for " + std::to_string(out.size()) + " bytes: expected " + std::to_string(ids.size() * bytes)};
  }
  ReadCount count;
  NEARLINE_TRY(places, locate(ids, count));
  GetReport report;
  std::vector<std::vector<Segment::Wanted>> wanted(segments_.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (places[i].found()) {
      wanted[places[i].segment].push_back({places[i].row, ids[i], i});
    } else {
      report.absent.push_back(i);
      std::ranges::fill(out.subspan(i * bytes, bytes), std::byte{0});
    }
  }
  for (std::size_t s = 0; s < segments_.size(); ++s) {
    if (wanted[s].empty()) continue;
    std::ranges::sort(wanted[s], {}, &Segment::Wanted::row);
    NEARLINE_CHECK(segments_[s]->copy_vectors(wanted[s], out.data(), count));
  }
  report.page_reads = count.blocks;
  report.rounds = count.rounds;
  return report;
}

}  // namespace nearline::engine
