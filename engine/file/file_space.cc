// SPDX-License-Identifier: Apache-2.0
#include "engine/file/file_space.h"

#include <algorithm>
#include <utility>

namespace nearline::engine {
namespace {

using format::Extent;

/// Sorts by offset and unites neighbours: those of one generation, or, where the generation no longer matters, any.
void unite(std::vector<Extent>& extents, bool of_any) {
  std::sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) { return a.offset < b.offset; });
  std::vector<Extent> united;
  for (const Extent& extent : extents) {
    if (!united.empty() && united.back().offset + united.back().length == extent.offset &&
        (of_any || united.back().freed_in == extent.freed_in)) {
      united.back().length += extent.length;
      united.back().freed_in = std::max(united.back().freed_in, extent.freed_in);
    } else {
      united.push_back(extent);
    }
  }
  extents = std::move(united);
}

}  // namespace

std::vector<Extent> cut_out(const Extent& hole, std::vector<Extent>& extents) {
  std::vector<Extent> kept, cut;
  const std::uint64_t hole_end = hole.offset + hole.length;
  for (const Extent& extent : extents) {
    const std::uint64_t end = extent.offset + extent.length;
    const auto add = [&](std::uint64_t from, std::uint64_t until, std::vector<Extent>& to) {
      if (until > from) to.push_back({.offset = from, .length = until - from, .freed_in = extent.freed_in});
    };
    add(extent.offset, std::min(end, hole.offset), kept);
    add(std::max(extent.offset, hole.offset), std::min(end, hole_end), cut);
    add(std::max(extent.offset, hole_end), end, kept);
  }
  extents = std::move(kept);
  return cut;
}

void split(const std::vector<Extent>& extents, const std::vector<Extent>& unused, FreeSpace& into) {
  for (const Extent& extent : extents) {
    std::uint64_t at = extent.offset;
    const std::uint64_t end = extent.offset + extent.length;
    const auto cut = [&](std::uint64_t until, std::vector<Extent>& to) {
      if (until > at) to.push_back({.offset = at, .length = until - at, .freed_in = extent.freed_in});
      at = std::max(at, until);
    };
    for (const Extent& hole : unused) {
      cut(std::min(hole.offset, end), into.waiting);
      cut(std::min(hole.offset + hole.length, end), into.usable);
    }
    cut(end, into.waiting);
  }
}

FileSpace::FileSpace(std::uint64_t end, FreeSpace free)
    : end_(end), usable_(std::move(free.usable)), waiting_(std::move(free.waiting)) {
  unite(usable_, true);
}

std::uint64_t FileSpace::take(std::uint64_t bytes) {
  const std::uint64_t blocks = format::whole_blocks(bytes);
  if (blocks == 0) return end_;
  auto best = usable_.end();
  for (auto extent = usable_.begin(); extent != usable_.end(); ++extent) {
    if (extent->length >= blocks && (best == usable_.end() || extent->length < best->length)) best = extent;
  }
  if (best == usable_.end()) return append(blocks);
  const std::uint64_t offset = best->offset;
  best->offset += blocks;
  best->length -= blocks;
  if (best->length == 0) usable_.erase(best);
  return offset;
}

std::uint64_t FileSpace::append(std::uint64_t bytes) noexcept {
  const std::uint64_t offset = end_;
  end_ += format::whole_blocks(bytes);
  return offset;
}

std::optional<std::uint64_t> FileSpace::take_before(std::uint64_t bytes, std::uint64_t limit) {
  const std::uint64_t blocks = format::whole_blocks(bytes);
  for (auto extent = usable_.begin(); extent != usable_.end(); ++extent) {  // in the order of offsets
    if (extent->offset + blocks > limit) return std::nullopt;
    if (extent->length < blocks) continue;
    const std::uint64_t offset = extent->offset;
    extent->offset += blocks;
    extent->length -= blocks;
    if (extent->length == 0) usable_.erase(extent);
    return offset;
  }
  return std::nullopt;
}

std::uint64_t FileSpace::usable_bytes() const noexcept {
  std::uint64_t bytes = 0;
  for (const Extent& extent : usable_) bytes += extent.length;
  return bytes;
}

std::uint64_t FileSpace::used_end() const {
  std::uint64_t end = end_;
  const std::vector<Extent> all = extents();
  for (auto extent = all.rbegin(); extent != all.rend() && extent->offset + extent->length == end; ++extent) {
    end = extent->offset;
  }
  return end;
}

void FileSpace::cut(std::uint64_t least) {
  end_ = std::max(used_end(), least);
  for (std::vector<Extent>* extents : {&usable_, &waiting_}) {
    std::erase_if(*extents, [&](const Extent& extent) { return extent.offset >= end_; });
    for (Extent& extent : *extents) extent.length = std::min(extent.length, end_ - extent.offset);
  }
}

void FileSpace::give_back(std::uint64_t offset, std::uint64_t bytes, std::uint64_t generation) {
  if (bytes > 0) waiting_.push_back({.offset = offset, .length = format::whole_blocks(bytes), .freed_in = generation});
}

void FileSpace::hold(const Extent& extent) {
  const std::vector<Extent> held = cut_out(extent, usable_);
  waiting_.insert(waiting_.end(), held.begin(), held.end());
}

void FileSpace::use(const Extent& extent) {
  cut_out(extent, usable_);
  cut_out(extent, waiting_);
}

std::vector<Extent> FileSpace::extents() const {
  std::vector<Extent> all = usable_;
  all.insert(all.end(), waiting_.begin(), waiting_.end());
  unite(all, false);
  return all;
}

}  // namespace nearline::engine
