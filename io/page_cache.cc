// SPDX-License-Identifier: Apache-2.0
#include "io/page_cache.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <string>

namespace nearline::io {

namespace {

/// Frames that there is room for.
std::uint64_t affordable(std::size_t page_bytes, std::uint64_t cache_bytes) noexcept {
  const auto bytes = static_cast<std::uint32_t>(page_bytes);
  const std::uint64_t fixed = least_cache_bytes(bytes, 0);
  return (cache_bytes - fixed) / (least_cache_bytes(bytes, 1) - fixed);
}

}  // namespace

Result<PageCache> PageCache::create(const PageRange& range, std::uint64_t cache_bytes, std::uint32_t max_batch) {
  assert(max_batch > 0 && range.page_bytes > 0);
  const std::uint64_t least = least_cache_bytes(range.page_bytes, max_batch);
  if (cache_bytes < least) {
    return Error{.code = Code::kOverBudget,
                 .what = "page cache too small: expected at least " + std::to_string(least) + " bytes, found " +
                         std::to_string(cache_bytes)};
  }
  const std::uint64_t useful = std::max(range.page_count, max_batch);
  const auto count =
      static_cast<Frame>(std::min({affordable(range.page_bytes, cache_bytes), useful, std::uint64_t{kNone - 1}}));

  PageCache cache;
  cache.page_bytes_ = range.page_bytes;
  cache.memory_.reset(
      static_cast<std::byte*>(::operator new (std::size_t{count} * range.page_bytes, kAlignment, std::nothrow)));
  if (!cache.memory_) {
    return Error{.code = Code::kNoMemory,
                 .what = "cannot allocate a page cache of " + std::to_string(count) + " pages of " +
                         std::to_string(range.page_bytes) + " bytes"};
  }
  cache.frames_.resize(count);
  cache.buckets_.assign(std::bit_ceil(std::size_t{count} * 2), kNone);
  cache.free_.reserve(count);
  for (Frame frame = count; frame-- > 0;) cache.free_.push_back(frame);
  return cache;
}

void PageCache::shrink(std::uint64_t cache_bytes) noexcept {
  const std::uint64_t room = affordable(page_bytes_, cache_bytes);
  if (room >= frames_.size()) return;
  const auto count = static_cast<Frame>(room);
  for (Frame frame = count; frame < frames_.size(); ++frame) {
    assert(frames_[frame].pins == 0);
    if (frames_[frame].attached) detach(frame);
  }
  std::erase_if(free_, [&](Frame frame) { return frame >= count; });
  const auto gone = all_bytes().subspan(count * page_bytes_);
  ::madvise(gone.data(), gone.size(), MADV_DONTNEED);  // the addresses stay, the memory goes
  frames_.resize(count);
  frames_.shrink_to_fit();
  hand_ = 0;
}

std::uint64_t PageCache::memory_bytes() const noexcept {
  return frames_.size() * (page_bytes_ + sizeof(Slot) + sizeof(Frame)) + buckets_.size() * sizeof(Frame);
}

std::size_t PageCache::home(PageId page) const noexcept {
  const std::uint64_t mixed = page * std::uint64_t{0x9E37'79B9'7F4A'7C15};  // Fibonacci hashing
  return static_cast<std::size_t>(mixed >> 32) & (buckets_.size() - 1);
}

PageCache::Frame PageCache::pin_page(PageId page) noexcept {
  const std::size_t mask = buckets_.size() - 1;
  for (std::size_t bucket = home(page); buckets_[bucket] != kNone; bucket = (bucket + 1) & mask) {
    Slot& slot = frames_[buckets_[bucket]];
    if (slot.page != page) continue;
    evictable_ -= slot.pins++ == 0;
    slot.referenced = true;
    return buckets_[bucket];
  }
  return kNone;
}

PageCache::Frame PageCache::take() noexcept {
  if (free_.empty()) {
    if (evictable_ == 0) return kNone;
    detach(next_victim());
  }
  const Frame frame = free_.back();
  free_.pop_back();
  frames_[frame].pins = 1;
  return frame;
}

/// Two rounds at most: the first takes `referenced` away. Precondition: some frame is attached and not pinned.
PageCache::Frame PageCache::next_victim() noexcept {
  while (true) {
    const Frame frame = hand_;
    hand_ = hand_ + 1 < frames_.size() ? hand_ + 1 : 0;
    Slot& slot = frames_[frame];
    if (slot.pins > 0 || !slot.attached) continue;
    if (!slot.referenced) return frame;
    slot.referenced = false;
  }
}

void PageCache::attach(Frame frame, PageId page) noexcept {
  Slot& slot = frames_[frame];
  assert(!slot.attached && slot.pins > 0);
  const std::size_t mask = buckets_.size() - 1;
  std::size_t bucket = home(page);
  while (buckets_[bucket] != kNone) bucket = (bucket + 1) & mask;
  buckets_[bucket] = frame;
  slot.page = page;
  slot.attached = true;
  slot.referenced = false;  // earned by being found again: pages read once leave first
}

void PageCache::detach(Frame frame) noexcept {
  Slot& slot = frames_[frame];
  assert(slot.attached);
  const std::size_t mask = buckets_.size() - 1;
  std::size_t bucket = home(slot.page);
  while (buckets_[bucket] != frame) bucket = (bucket + 1) & mask;
  forget(bucket);
  slot.attached = false;
  if (slot.pins > 0) return;
  --evictable_;
  free_.push_back(frame);
}

/// Empties a bucket and moves later entries of its run back, so that a search may still stop at the first empty one.
void PageCache::forget(std::size_t bucket) noexcept {
  const std::size_t mask = buckets_.size() - 1;
  for (std::size_t next = (bucket + 1) & mask; buckets_[next] != kNone; next = (next + 1) & mask) {
    const std::size_t wanted = home(frames_[buckets_[next]].page);
    if (((next - wanted) & mask) < ((next - bucket) & mask)) continue;  // its home lies behind the hole
    buckets_[bucket] = buckets_[next];
    bucket = next;
  }
  buckets_[bucket] = kNone;
}

void PageCache::unpin(Frame frame) noexcept {
  Slot& slot = frames_[frame];
  assert(slot.pins > 0);
  if (--slot.pins > 0) return;
  if (slot.attached) {
    ++evictable_;
  } else {
    free_.push_back(frame);
  }
}

Error too_many_pinned() {
  return Error{.code = Code::kOverBudget, .what = "page cache too small: every page of it is in use"};
}

}  // namespace nearline::io
