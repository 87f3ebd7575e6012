// SPDX-License-Identifier: Apache-2.0
/// Page frames in one aligned allocation, shared by all readers of a source: found by page number, recycled by CLOCK.
/// Everything is allocated at construction. Thread-safe, and nobody waits for a disk: whoever misses a page takes a
/// frame, fills it without a lock, and publishes it.
///
///   free -> take -> (announce) -> publish -> (pin_page, unpin)* -> take again, by CLOCK
///
/// A frame is recycled only when nobody pins it. Between announce and publish only the reader that fills it finds it,
/// so that the searches of one reader share a read; two readers that miss a page at the same time both read it, and the
/// one published first is kept. To find a page takes no lock: pin first, then look whether the frame still stands for
/// it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <span>
#include <vector>

#include "io/page_source.h"

namespace nearline::io {

class PageCache {
 public:
  using Frame = std::uint32_t;
  static constexpr Frame kNone = ~Frame{0};
  /// The number of a reader.
  using Reader = std::uint32_t;

  /// What a reader notes of a frame while it fills it; nobody else looks.
  struct Filling {
    PageBatch::Link waiter;     ///< head of the list that goes on through PageBatch::links
    std::uint32_t done = 0;     ///< bytes that are there
    std::uint32_t holders = 0;  ///< times that batches pin it
    bool running = false;       ///< the disk was asked
  };

  /// As many frames as cache_bytes allows, but no more than pages exist (or max_batch asks for).
  /// Errors: kOverBudget below least_cache_bytes(range.page_bytes, max_batch), kNoMemory when the system has none.
  static Result<std::shared_ptr<PageCache>> create(const PageRange& range, std::uint64_t cache_bytes,
                                                   std::uint32_t max_batch);

  /// Gives back the frames that cache_bytes has no room for, with their pages, but keeps `frames`; those that are
  /// pinned go with their last pin.
  void shrink(std::uint64_t cache_bytes, Frame frames) noexcept;

  /// Frames in use. Those from here on are no more, or will be once nobody pins them.
  [[nodiscard]] Frame frame_count() const noexcept { return limit_.load(); }
  [[nodiscard]] std::span<std::byte> all_bytes() const noexcept { return {memory_.get(), count_ * page_bytes_}; }
  [[nodiscard]] std::span<std::byte> bytes(Frame frame) const noexcept {
    return all_bytes().subspan(std::size_t{frame} * page_bytes_, page_bytes_);
  }
  /// Frames that were never used count for nothing: their memory was never touched.
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept;

  [[nodiscard]] Reader join() noexcept { return 1 + readers_.fetch_add(1); }

  /// The frame that holds `page`, or that `reader` is filling with it, pinned; or kNone.
  Frame pin_page(PageId page, Reader reader) noexcept;
  /// A frame to be filled with `page`, pinned and found by nobody. kNone when every frame is pinned, which cannot be
  /// while all readers together may pin no more than there are.
  Frame take(PageId page, Reader reader) noexcept;
  /// From now on its reader finds a frame that it has taken.
  void announce(Frame frame) noexcept;
  /// The page is there: all find it, unless it was there already in another frame.
  void publish(Frame frame) noexcept;
  /// Nobody finds the frame any more; its bytes stay while it is pinned.
  void withdraw(Frame frame) noexcept;

  /// One more pin on a frame that has some.
  void pin(Frame frame) noexcept { slots_[frame].pins.fetch_add(1, std::memory_order_relaxed); }
  void unpin(Frame frame) noexcept {
    if (slots_[frame].pins.fetch_sub(1) == 1 && frame >= limit_.load()) retire(frame);
  }
  [[nodiscard]] PageId page(Frame frame) const noexcept { return slots_[frame].page.load(std::memory_order_relaxed); }
  /// Whether `reader` has taken the frame, and neither published nor withdrawn it.
  [[nodiscard]] bool fills(Reader reader, Frame frame) const noexcept {
    return slots_[frame].filler.load(std::memory_order_relaxed) == reader;
  }
  [[nodiscard]] Filling& filling(Frame frame) noexcept { return slots_[frame].filling; }

 private:
  struct Slot {
    std::atomic<std::uint32_t> pins{0};
    std::atomic<PageId> page{0};
    std::atomic<Reader> filler{kEmpty};   ///< or kFull, or kEmpty
    std::atomic<Frame> next{kNone};       ///< in its bucket
    std::atomic<bool> found{false};       ///< stands in a bucket
    std::atomic<bool> referenced{false};  ///< found again since the hand last came by
    Filling filling;
  };
  struct alignas(64) Stripe {
    std::mutex mutex;
  };
  struct AlignedDelete {
    void operator()(std::byte* bytes) const noexcept { ::operator delete(bytes, kAlignment); }
  };
  static constexpr std::align_val_t kAlignment{4096};  // O_DIRECT
  static constexpr std::size_t kStripes = 64;
  static constexpr Reader kFull = 0, kEmpty = ~Reader{0};
  /// Among the pins of a frame that is being taken away from its page: who pins it now looks elsewhere.
  static constexpr std::uint32_t kClaimed = 1u << 31;

  PageCache(std::size_t page_bytes, Frame count, std::unique_ptr<std::byte[], AlignedDelete> memory);
  [[nodiscard]] std::uint64_t note_bytes() const noexcept;
  [[nodiscard]] std::size_t bucket(PageId page) const noexcept;
  [[nodiscard]] std::mutex& guard(std::size_t bucket) noexcept { return stripes_[bucket % kStripes].mutex; }
  [[nodiscard]] bool serves(const Slot& slot, PageId page, Reader reader) const noexcept;
  Frame pin_found(PageId page, Reader reader) noexcept;
  bool claim(Frame frame) noexcept;
  void retire(Frame frame) noexcept;
  // With the bucket's guard held.
  [[nodiscard]] Frame find(std::size_t bucket, PageId page) const noexcept;
  void link(std::size_t bucket, Frame frame) noexcept;
  void unlink(std::size_t bucket, Frame frame) noexcept;

  const std::size_t page_bytes_;
  const Frame count_;
  const std::unique_ptr<std::byte[], AlignedDelete> memory_;
  const std::unique_ptr<Slot[]> slots_;
  std::vector<std::atomic<Frame>> buckets_;  ///< heads of chains; a power of two
  std::array<Stripe, kStripes> stripes_;
  std::atomic<Frame> limit_;
  std::atomic<std::uint64_t> hand_{0};
  std::atomic<Reader> readers_{0};
};

/// kOverBudget: batches pin more pages than the reader was made for.
[[nodiscard]] Error too_many_pinned();

}  // namespace nearline::io
