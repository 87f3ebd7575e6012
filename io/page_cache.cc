// SPDX-License-Identifier: Apache-2.0
#include "io/page_cache.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <string>
#include <thread>

namespace nearline::io {
namespace {

/// Frames that there is room for.
std::uint64_t affordable(std::size_t page_bytes, std::uint64_t cache_bytes) noexcept {
  const auto bytes = static_cast<std::uint32_t>(page_bytes);
  const std::uint64_t fixed = least_cache_bytes(bytes, 0);
  return (cache_bytes - fixed) / (least_cache_bytes(bytes, 1) - fixed);
}

/// Steps along a chain that others may be changing, before its guard is asked for.
constexpr int kUnguardedSteps = 8;
/// Rounds of the hand over pinned frames before there is said to be no other. After the second it lets others run.
constexpr std::uint64_t kRounds = 100;

}  // namespace

PageCache::PageCache(std::size_t page_bytes, Frame count, std::unique_ptr<std::byte[], AlignedDelete> memory)
    : page_bytes_(page_bytes),
      count_(count),
      memory_(std::move(memory)),
      slots_(std::make_unique<Slot[]>(count)),
      buckets_(std::bit_ceil(std::size_t{count})),
      limit_(count) {
  for (auto& head : buckets_) head.store(kNone, std::memory_order_relaxed);
}

Result<std::shared_ptr<PageCache>> PageCache::create(const PageRange& range, std::uint64_t cache_bytes,
                                                     std::uint32_t max_batch) {
  assert(max_batch > 0 && range.page_bytes > 0);
  const std::uint64_t least = least_cache_bytes(range.page_bytes, max_batch);
  if (cache_bytes < least) {
    return Error{.code = Code::kOverBudget,
                 .what = "page cache too small: expected at least " + std::to_string(least) + " bytes, found " +
                         std::to_string(cache_bytes)};
  }
  const std::uint64_t useful = std::max(range.count(), max_batch);
  const auto count =
      static_cast<Frame>(std::min({affordable(range.page_bytes, cache_bytes), useful, std::uint64_t{kNone - 1}}));
  std::unique_ptr<std::byte[], AlignedDelete> memory(
      static_cast<std::byte*>(::operator new (std::size_t{count} * range.page_bytes, kAlignment, std::nothrow)));
  if (!memory) {
    return Error{.code = Code::kNoMemory,
                 .what = "cannot allocate a page cache of " + std::to_string(count) + " pages of " +
                         std::to_string(range.page_bytes) + " bytes"};
  }
  return std::shared_ptr<PageCache>(new PageCache(range.page_bytes, count, std::move(memory)));
}

std::uint64_t PageCache::memory_bytes() const noexcept {
  return std::min<std::uint64_t>(hand_.load(), frame_count()) * page_bytes_ + note_bytes();
}

std::uint64_t PageCache::note_bytes() const noexcept {
  return count_ * sizeof(Slot) + buckets_.size() * sizeof(Frame) + sizeof *this;
}

std::size_t PageCache::bucket(PageId page) const noexcept {
  const std::uint64_t mixed = page * std::uint64_t{0x9E37'79B9'7F4A'7C15};  // Fibonacci hashing
  return static_cast<std::size_t>(mixed >> 32) & (buckets_.size() - 1);
}

bool PageCache::serves(const Slot& slot, PageId page, Reader reader) const noexcept {
  if (slot.page.load(std::memory_order_relaxed) != page || !slot.found.load(std::memory_order_relaxed)) return false;
  const Reader filler = slot.filler.load(std::memory_order_acquire);  // who published the page had filled it
  return filler == kFull || filler == reader;
}

PageCache::Frame PageCache::pin_page(PageId page, Reader reader) noexcept {
  Frame frame = buckets_[bucket(page)].load(std::memory_order_acquire);
  for (int step = 0; step < kUnguardedSteps; ++step) {
    if (frame == kNone) return kNone;  // or so it seems while a chain changes: to read a page twice is no error
    Slot& slot = slots_[frame];
    if (slot.page.load(std::memory_order_relaxed) != page) {
      frame = slot.next.load(std::memory_order_acquire);
      continue;
    }
    // A pin keeps the frame with its page, unless it comes while the frame is being claimed.
    const bool claimed = (slot.pins.fetch_add(1, std::memory_order_acquire) & kClaimed) != 0;
    if (!claimed && serves(slot, page, reader)) {
      if (!slot.referenced.load(std::memory_order_relaxed)) slot.referenced.store(true, std::memory_order_relaxed);
      return frame;
    }
    unpin(frame);
    break;
  }
  return pin_found(page, reader);
}

PageCache::Frame PageCache::pin_found(PageId page, Reader reader) noexcept {
  const std::size_t at = bucket(page);
  const std::lock_guard lock(guard(at));  // nobody claims what is found in this bucket
  const Frame frame = find(at, page);
  if (frame == kNone || !serves(slots_[frame], page, reader)) return kNone;
  slots_[frame].pins.fetch_add(1, std::memory_order_acquire);
  slots_[frame].referenced.store(true, std::memory_order_relaxed);
  return frame;
}

PageCache::Frame PageCache::take(PageId page, Reader reader) noexcept {
  for (std::uint64_t round = 0; round < kRounds; ++round) {
    if (round > 1) std::this_thread::yield();
    const Frame limit = frame_count();
    for (Frame step = 0; step < limit; ++step) {
      const auto frame = static_cast<Frame>(hand_.fetch_add(1, std::memory_order_relaxed) % limit);
      if (!claim(frame)) continue;
      Slot& slot = slots_[frame];
      slot.page.store(page, std::memory_order_relaxed);
      slot.filler.store(reader, std::memory_order_relaxed);
      slot.filling = {};
      return frame;
    }
  }
  return kNone;
}

/// Takes a frame that nobody pins, or has found again since the hand last came by, away from its page: then it has one
/// pin, the caller's.
bool PageCache::claim(Frame frame) noexcept {
  Slot& slot = slots_[frame];
  if (slot.pins.load(std::memory_order_relaxed) > 0) return false;
  if (slot.referenced.load(std::memory_order_relaxed)) {
    slot.referenced.store(false, std::memory_order_relaxed);
    return false;
  }
  std::uint32_t none = 0;
  if (!slot.found.load(std::memory_order_relaxed)) {
    if (!slot.pins.compare_exchange_strong(none, 1)) return false;
    if (!slot.found.load(std::memory_order_relaxed)) return true;
    unpin(frame);  // somebody has filled it in the meantime
    return false;
  }
  const PageId page = slot.page.load(std::memory_order_relaxed);
  const std::size_t at = bucket(page);
  const std::lock_guard lock(guard(at));
  if (!slot.found.load(std::memory_order_relaxed) || slot.page.load(std::memory_order_relaxed) != page) return false;
  if (!slot.pins.compare_exchange_strong(none, kClaimed + 1)) return false;
  unlink(at, frame);
  slot.pins.fetch_sub(kClaimed);
  return true;
}

PageCache::Frame PageCache::find(std::size_t bucket, PageId page) const noexcept {
  Frame frame = buckets_[bucket].load(std::memory_order_relaxed);
  while (frame != kNone && slots_[frame].page.load(std::memory_order_relaxed) != page) {
    frame = slots_[frame].next.load(std::memory_order_relaxed);
  }
  return frame;
}

void PageCache::link(std::size_t bucket, Frame frame) noexcept {
  Slot& slot = slots_[frame];
  slot.next.store(buckets_[bucket].load(std::memory_order_relaxed), std::memory_order_relaxed);
  slot.referenced.store(false, std::memory_order_relaxed);  // earned by being found again: pages read once leave first
  slot.found.store(true, std::memory_order_relaxed);
  buckets_[bucket].store(frame, std::memory_order_release);
}

/// Leaves `next` as it is, for those who stand on the frame.
void PageCache::unlink(std::size_t bucket, Frame frame) noexcept {
  std::atomic<Frame>* at = &buckets_[bucket];
  while (at->load(std::memory_order_relaxed) != frame) at = &slots_[at->load(std::memory_order_relaxed)].next;
  at->store(slots_[frame].next.load(std::memory_order_relaxed), std::memory_order_release);
  slots_[frame].found.store(false, std::memory_order_relaxed);
}

void PageCache::announce(Frame frame) noexcept {
  const std::size_t at = bucket(page(frame));
  const std::lock_guard lock(guard(at));
  if (find(at, page(frame)) == kNone) link(at, frame);
}

void PageCache::publish(Frame frame) noexcept {
  Slot& slot = slots_[frame];
  const std::size_t at = bucket(page(frame));
  const std::lock_guard lock(guard(at));
  const Frame there = find(at, page(frame));
  if (there != kNone && there != frame && slots_[there].filler.load(std::memory_order_relaxed) != kFull) {
    unlink(at, there);  // still under way to another reader, which may be long in coming
  }
  slot.filler.store(kFull, std::memory_order_release);
  if (find(at, page(frame)) == kNone) link(at, frame);
}

void PageCache::withdraw(Frame frame) noexcept {
  const std::size_t at = bucket(page(frame));
  const std::lock_guard lock(guard(at));
  if (slots_[frame].found.load(std::memory_order_relaxed)) unlink(at, frame);
  slots_[frame].filler.store(kEmpty, std::memory_order_relaxed);
}

void PageCache::shrink(std::uint64_t cache_bytes, Frame frames) noexcept {
  const auto bytes = static_cast<std::uint32_t>(page_bytes_);
  const std::uint64_t beside = least_cache_bytes(bytes, count_) - std::uint64_t{count_} * page_bytes_;
  const std::uint64_t room = cache_bytes > beside ? (cache_bytes - beside) / page_bytes_ : 0;
  const Frame before = frame_count();
  const auto now = static_cast<Frame>(std::min<std::uint64_t>(before, std::max<std::uint64_t>(room, frames)));
  limit_.store(now);
  for (Frame frame = now; frame < before; ++frame) retire(frame);
}

/// The addresses of a frame that is no more stay, and its pin; the memory goes. Does nothing while others pin it: the
/// last of them retires it.
void PageCache::retire(Frame frame) noexcept {
  slots_[frame].referenced.store(false, std::memory_order_relaxed);
  if (claim(frame)) ::madvise(bytes(frame).data(), page_bytes_, MADV_DONTNEED);
}

Result<std::unique_ptr<PageReader>> PageSource::reader(std::uint64_t cache_bytes, std::uint32_t max_batch) {
  NEARLINE_TRY(own, cache(cache_bytes, max_batch));
  const PageCache::Frame pins = own ? own->frame_count() : 0;
  return reader(std::move(own), pins);
}

Error too_many_pinned() {
  return Error{.code = Code::kOverBudget, .what = "page cache too small: every page of it is in use"};
}

}  // namespace nearline::io
