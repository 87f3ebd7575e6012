// SPDX-License-Identifier: Apache-2.0
#include "engine/write/merge_sources.h"

#include <algorithm>

#include "engine/codes/code_table.h"

namespace nearline::engine {
namespace {

/// A record whose list lost more than 1/kThinOneIn of its neighbours is connected anew.
constexpr std::uint32_t kThinOneIn = 4;

}  // namespace

bool MergeSources::worth(std::uint64_t records) const noexcept {
  return std::any_of(sources_.begin(), sources_.end(),
                     [&](const Source& source) { return source.live() * 2 >= records; });
}

Result<std::vector<bool>> MergeSources::fill(RecordImage& image, std::span<const std::uint32_t> rows) {
  std::vector<std::uint32_t> place_of(rows.size());
  for (std::uint32_t place = 0; place < rows.size(); ++place) place_of[rows[place]] = place;
  const auto largest = std::max_element(sources_.begin(), sources_.end(),
                                        [](const Source& a, const Source& b) { return a.live() < b.live(); });
  std::vector<bool> loose(rows.size(), true);
  for (const Source& source : sources_) {
    NEARLINE_CHECK(copy(source, &source == &*largest, place_of, image, loose));
  }
  return loose;
}

Result<void> MergeSources::copy(const Source& source, bool largest, std::span<const std::uint32_t> place_of,
                                RecordImage& image, std::vector<bool>& loose) {
  std::vector<std::uint32_t> places(source.segment->count(), kNoOrdinal);  // by ordinal
  std::uint64_t row = source.first_row;
  for (std::uint32_t ordinal = 0; ordinal < places.size(); ++ordinal) {
    if (!source.dead->has(Row(ordinal))) places[ordinal] = place_of[row++];
  }
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

Result<void> MergeSources::give_codes(const format::CodeBook& book, KnownCodes& codes) const {
  for (const Source& source : sources_) {
    if (!CodeTable::has_codes(source.segment->file())) continue;
    // Codes that cannot be read are made anew.
    auto opened = CodeTable::open(source.segment->file());
    if (!opened) continue;
    const std::unique_ptr<CodeTable> table = *std::move(opened);
    if (table->book() != book || !table->load_all()) continue;
    codes.begin_run(source.first_row);
    for (std::uint32_t ordinal = 0; ordinal < source.segment->count(); ++ordinal) {
      if (source.dead->has(Row(ordinal))) continue;
      NEARLINE_CHECK(codes.append({table->of(ordinal), book.code_bytes()}));
    }
  }
  return codes.finish();
}

}  // namespace nearline::engine
