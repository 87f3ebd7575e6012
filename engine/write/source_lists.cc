// SPDX-License-Identifier: Apache-2.0
#include "engine/write/source_lists.h"

#include <algorithm>
#include <utility>

namespace nearline::engine {
namespace {

/// A list that lost more than one in so many neighbours is looked after.
constexpr std::uint32_t kThinOneIn = 4;

}  // namespace

bool SourceLists::worth(std::uint64_t records) const noexcept {
  return std::any_of(sources_.begin(), sources_.end(),
                     [&](const Source& source) { return source.live() * 2 >= records; });
}

Result<std::vector<bool>> SourceLists::fill(RecordImage& image) {
  const auto count = static_cast<std::uint32_t>(image.count());
  std::vector<std::pair<Id, std::uint32_t>> by_id(count);
  for (std::uint32_t at = 0; at < count; ++at) by_id[at] = {format::stored_id(image.shape(), image.record(at)), at};
  std::sort(by_id.begin(), by_id.end());
  std::vector<std::vector<std::uint32_t>> places_of;
  for (const Source& source : sources_) {
    NEARLINE_TRY(places, places(source, by_id));
    places_of.push_back(std::move(places));
  }
  by_id = {};
  const auto largest = std::max_element(sources_.begin(), sources_.end(),
                                        [](const Source& a, const Source& b) { return a.live() < b.live(); });
  std::vector<bool> loose(count, true);
  for (std::size_t s = 0; s < sources_.size(); ++s) {
    NEARLINE_CHECK(copy(sources_[s], places_of[s], &sources_[s] == &*largest, image, loose));
    places_of[s] = {};
  }
  return loose;
}

Result<std::vector<std::uint32_t>> SourceLists::places(const Source& source,
                                                       const std::vector<std::pair<Id, std::uint32_t>>& by_id) {
  std::vector<std::uint32_t> places(source.segment->count(), kNoOrdinal);
  const format::PageShape& shape = source.segment->shape();
  NEARLINE_CHECK(source.segment->for_each_record([&](std::uint32_t ordinal, const std::byte* record) {
    if (source.dead->has(ordinal)) return;
    const Id id = format::stored_id(shape, record);
    const auto found = std::lower_bound(by_id.begin(), by_id.end(), std::pair(id, 0U));
    if (found != by_id.end() && found->first == id) places[ordinal] = found->second;
  }));
  return places;
}

Result<void> SourceLists::copy(const Source& source, const std::vector<std::uint32_t>& places, bool largest,
                               RecordImage& image, std::vector<bool>& loose) {
  const format::PageShape& shape = source.segment->shape();
  std::vector<std::uint32_t> list(shape.degree);
  return source.segment->for_each_record([&](std::uint32_t ordinal, const std::byte* record) {
    const std::uint32_t place = places[ordinal];
    if (place == kNoOrdinal) return;
    const std::uint32_t degree = format::unpack_neighbors(shape, record, list.data());
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i < degree; ++i) {
      if (list[i] < places.size() && places[list[i]] != kNoOrdinal) list[kept++] = places[list[i]];
    }
    format::store_neighbors(image.shape(), std::span(list).first(kept), image.record(place));
    loose[place] = !largest || (degree - kept) * kThinOneIn > degree;
  });
}

}  // namespace nearline::engine
