// SPDX-License-Identifier: Apache-2.0
#include "engine/segment/key_index.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "engine/segment/read_pages.h"
#include "engine/walk/graph_view.h"
#include "format/corrupt.h"

namespace nearline::engine {

KeyIndex::KeyIndex(const SegmentFile& file, io::PageId first_page)
    : shape_(format::KeyShape::of(file.segment())),
      stored_(file.section(format::SectionKind::kKeys)->count > 0),
      path_(file.file().path()),
      at_(file.section(format::SectionKind::kKeys)->offset),
      first_page_(first_page) {}

std::uint64_t KeyIndex::memory_bytes() const noexcept {
  return loaded_.load(std::memory_order_acquire) ? fences_.capacity() * sizeof(Id) : 0;
}

/// blocks: at most kMaxBatch, by their number in the section. They stand in the batch of the lane's first scratch.
Result<void> KeyIndex::read(Lane& lane, std::span<const std::uint64_t> blocks, ReadCount& count) const {
  io::PageBatch& batch = lane.scratches[0]->batch;
  batch.wanted.clear();
  for (const std::uint64_t block : blocks) batch.wanted.push_back(first_page_ + static_cast<io::PageId>(block));
  return read_counted(*lane.reader, batch, count);
}

Result<void> KeyIndex::load_fences(Lane& lane, ReadCount& count) const {
  if (loaded_.load(std::memory_order_acquire)) return {};
  const std::lock_guard alone(loading_);
  if (loaded_.load(std::memory_order_relaxed)) return {};
  std::vector<Id> fences;
  fences.reserve(shape_.fences());
  std::vector<std::uint64_t> blocks;
  for (std::uint64_t first = 0; first < shape_.fence_blocks(); first += kMaxBatch) {
    blocks.resize(std::min<std::uint64_t>(kMaxBatch, shape_.fence_blocks() - first));
    std::iota(blocks.begin(), blocks.end(), first);
    NEARLINE_CHECK(read(lane, blocks, count));
    for (const std::byte* block : lane.scratches[0]->batch.pages) {
      const std::uint64_t left = shape_.fences() - fences.size();
      for (std::uint64_t i = 0; i < std::min(left, format::KeyShape::kFencesPerBlock); ++i) {
        fences.push_back(format::stored_fence(block, i));
      }
    }
  }
  // Any order finds some block; what an unsorted one leads to is an id that is not found.
  fences_ = std::move(fences);
  loaded_.store(true, std::memory_order_release);
  return {};
}

/// The block that may hold an id: behind as many fences as are not above it. from: a block that is not behind it, near
/// to it where ids are many.
std::uint64_t KeyIndex::block_of(Id id, std::uint64_t from) const noexcept {
  if (shape_.dense()) return (id - shape_.first) / shape_.per_block();
  std::uint64_t low = from, high = from;
  for (std::uint64_t step = 1; high < fences_.size() && fences_[high] <= id; step *= 2) {
    low = high + 1;
    high += step;
  }
  const auto begin = fences_.begin(), end = begin + static_cast<std::ptrdiff_t>(std::min(high, fences_.size()));
  return static_cast<std::uint64_t>(std::upper_bound(begin + static_cast<std::ptrdiff_t>(low), end, id) - begin);
}

/// from: where the search in the block goes on.
std::uint32_t KeyIndex::row_in(const std::byte* block, std::uint64_t number, Id id, std::uint32_t& from) const {
  if (shape_.dense()) {
    return format::stored_row(shape_, block, static_cast<std::uint32_t>((id - shape_.first) % shape_.per_block()));
  }
  const std::uint32_t keys = shape_.keys_in(number);
  from = format::lower_key(shape_, block, from, keys, id);
  if (from == keys || format::stored_key(shape_, block, from) != id) return kNoOrdinal;
  return format::stored_row(shape_, block, from);
}

Result<void> KeyIndex::check(std::span<const std::uint32_t> rows) const {
  const auto bad = std::ranges::find_if(rows, [&](std::uint32_t row) { return row >= shape_.count; });
  if (bad == rows.end()) return {};
  return format::corrupt(
             at_, "keys name record " + std::to_string(*bad) + ": expected one below " + std::to_string(shape_.count))
      .in(path_.string());
}

Result<void> KeyIndex::find(Lane& lane, std::span<const Id> ids, std::span<std::uint32_t> rows,
                            ReadCount& count) const {
  std::ranges::fill(rows, kNoOrdinal);
  const auto begin = static_cast<std::size_t>(std::ranges::lower_bound(ids, shape_.first) - ids.begin());
  const auto end = static_cast<std::size_t>(std::ranges::upper_bound(ids, shape_.last) - ids.begin());
  if (begin >= end) return {};
  if (!stored_) {
    for (std::size_t i = begin; i < end; ++i) rows[i] = static_cast<std::uint32_t>(ids[i] - shape_.first);
    return {};
  }
  NEARLINE_CHECK(load_fences(lane, count));
  std::vector<std::uint64_t> blocks;
  std::vector<std::size_t> ends;  // of the ids that stand in each, if anywhere
  std::uint64_t block = 0;
  for (std::size_t i = begin; i < end;) {
    const std::size_t first = i;
    blocks.clear();
    ends.clear();
    for (; i < end; ++i) {
      block = block_of(ids[i], block);
      if (blocks.empty() || blocks.back() != shape_.fence_blocks() + block) {
        if (blocks.size() == kMaxBatch) break;
        blocks.push_back(shape_.fence_blocks() + block);
        ends.push_back(i);
      }
      ++ends.back();
    }
    NEARLINE_CHECK(read(lane, blocks, count));
    std::size_t at = first;
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      std::uint32_t from = 0;
      const std::byte* const bytes = lane.scratches[0]->batch.pages[b];
      for (; at < ends[b]; ++at) rows[at] = row_in(bytes, blocks[b] - shape_.fence_blocks(), ids[at], from);
    }
  }
  for (const std::uint32_t row : rows.subspan(begin, end - begin)) {
    if (row != kNoOrdinal) NEARLINE_CHECK(check({&row, 1}));
  }
  return {};
}

Result<std::uint64_t> KeyIndex::position_of(Lane& lane, Id id) const {
  if (shape_.count == 0 || id <= shape_.first) return std::uint64_t{0};
  if (id > shape_.last) return shape_.count;
  if (shape_.dense()) return id - shape_.first;
  ReadCount count;
  NEARLINE_CHECK(load_fences(lane, count));
  const std::uint64_t number = block_of(id, 0), block = shape_.fence_blocks() + number;
  NEARLINE_CHECK(read(lane, {&block, 1}, count));
  const std::byte* const bytes = lane.scratches[0]->batch.pages[0];
  return number * shape_.per_block() + format::lower_key(shape_, bytes, 0, shape_.keys_in(number), id);
}

Result<void> KeyIndex::rows_at(Lane& lane, std::uint64_t first, std::span<std::uint32_t> rows) const {
  return keys_at(lane, first, rows, {});
}

/// ids: as many as rows, or none.
Result<void> KeyIndex::keys_at(Lane& lane, std::uint64_t first, std::span<std::uint32_t> rows,
                               std::span<Id> ids) const {
  if (shape_.dense()) std::iota(ids.begin(), ids.end(), shape_.first + first);
  if (!stored_) {
    std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(first));
    return {};
  }
  const bool ids_stored = !ids.empty() && !shape_.dense();
  ReadCount count;
  std::vector<std::uint64_t> blocks;
  for (std::size_t done = 0; done < rows.size();) {
    const std::uint64_t position = first + done, block = position / shape_.per_block();
    const std::uint64_t last = (first + rows.size() - 1) / shape_.per_block();
    blocks.resize(std::min<std::uint64_t>(kMaxBatch, last - block + 1));
    std::iota(blocks.begin(), blocks.end(), shape_.fence_blocks() + block);
    NEARLINE_CHECK(read(lane, blocks, count));
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      const std::byte* const bytes = lane.scratches[0]->batch.pages[b];
      for (auto i = static_cast<std::uint32_t>((first + done) % shape_.per_block());
           i < shape_.per_block() && done < rows.size(); ++i, ++done) {
        rows[done] = format::stored_row(shape_, bytes, i);
        if (ids_stored) ids[done] = format::stored_key(shape_, bytes, i);
      }
    }
  }
  return check(rows);
}

}  // namespace nearline::engine
