// SPDX-License-Identifier: Apache-2.0
#include "engine/query/joint_records.h"

#include <algorithm>

#include "engine/space/field_schema.h"

namespace nearline::engine {
namespace {

/// The places of one field, for records that are numbered by `ids`.
Result<std::vector<std::uint32_t>> places_of(const Snapshot& field, std::span<const Id> ids) {
  std::vector<std::uint32_t> places(ids.size(), JointRecords::kNone);
  std::uint64_t base = 0;
  for (const auto& segment : field.segments()) {
    if (base + segment->count() >= JointRecords::kNone) {
      return Error{.code = Code::kUnsupported,
                   .what = "a field of " + std::to_string(base + segment->count()) +
                           " vectors, deleted ones included: expected fewer than 2^32 - 1 to be joined with others"};
    }
    auto at = ids.begin();  // keys come by ascending id
    NEARLINE_CHECK(segment->for_each_key([&](Id id, std::uint32_t row) {
      at = std::lower_bound(at, ids.end(), id);
      if (at == ids.end() || *at != id || segment->dead().has(Row(row))) return;
      places[static_cast<std::size_t>(at - ids.begin())] = static_cast<std::uint32_t>(base + row);
    }));
    base += segment->count();
  }
  return places;
}

}  // namespace

Result<std::shared_ptr<const JointRecords>> JointRecords::of(const Snapshot& index) {
  auto joint = std::make_shared<JointRecords>();
  joint->ids_.reserve(index.count());
  for (const auto& segment : index.segments()) {
    NEARLINE_TRY(some, segment->ids_of(segment->alive()));
    joint->ids_.insert(joint->ids_.end(), some.begin(), some.end());
  }
  std::ranges::sort(joint->ids_);
  for (std::uint32_t f = 0; f < field_count(index.schema()); ++f) {
    NEARLINE_TRY(places, places_of(index.view(f), joint->ids_));
    joint->places_.push_back(std::move(places));
  }
  return std::shared_ptr<const JointRecords>(std::move(joint));
}

std::uint64_t JointRecords::memory_bytes() const noexcept {
  std::uint64_t bytes = ids_.capacity() * sizeof(Id);
  for (const auto& places : places_) bytes += places.capacity() * sizeof(std::uint32_t);
  return bytes;
}

}  // namespace nearline::engine
