// SPDX-License-Identifier: Apache-2.0
/// A fixed number of page frames in one aligned allocation, found by page number, recycled by CLOCK. Everything is
/// allocated at construction. Not thread-safe.
///
/// A frame is *attached* while it stands for a page. It is recycled only when nobody pins it:
///   free -> take -> attach -> (pin, unpin)* -> take again, by CLOCK
/// A page that turned out bad is detached at once, and its frame becomes free when the last pin goes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "io/page_source.h"

namespace nearline::io {

class PageCache {
 public:
  using Frame = std::uint32_t;
  static constexpr Frame kNone = ~Frame{0};

  /// As many frames as cache_bytes allows, but no more than pages exist (or max_batch asks for).
  /// Errors: kOverBudget below least_cache_bytes(range.page_bytes, max_batch), kNoMemory when the system has none.
  static Result<PageCache> create(const PageRange& range, std::uint64_t cache_bytes, std::uint32_t max_batch);

  /// Gives back the frames that cache_bytes has no room for, with their pages. Precondition: none is pinned.
  void shrink(std::uint64_t cache_bytes) noexcept;

  [[nodiscard]] std::uint32_t frame_count() const noexcept { return static_cast<std::uint32_t>(frames_.size()); }
  [[nodiscard]] std::span<std::byte> all_bytes() const noexcept {
    return {memory_.get(), frames_.size() * page_bytes_};
  }
  [[nodiscard]] std::span<std::byte> bytes(Frame frame) const noexcept {
    return all_bytes().subspan(std::size_t{frame} * page_bytes_, page_bytes_);
  }
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept;

  /// The frame attached to `page`, pinned; or kNone.
  Frame pin_page(PageId page) noexcept;
  /// A frame attached to nothing, pinned, and its old page forgotten; kNone when every frame is pinned.
  Frame take() noexcept;
  /// Makes a frame from `take` stand for `page`, which no other frame does.
  void attach(Frame frame, PageId page) noexcept;
  /// The frame stands for nothing any more; its bytes stay while it is pinned.
  void detach(Frame frame) noexcept;

  /// One more pin on a frame that has some.
  void pin(Frame frame) noexcept { ++frames_[frame].pins; }
  void unpin(Frame frame) noexcept;
  [[nodiscard]] PageId page(Frame frame) const noexcept { return frames_[frame].page; }

 private:
  struct Slot {
    PageId page = 0;
    std::uint32_t pins = 0;
    bool attached = false;
    bool referenced = false;  ///< found again since the hand last came by
  };
  struct AlignedDelete {
    void operator()(std::byte* bytes) const noexcept { ::operator delete(bytes, kAlignment); }
  };
  static constexpr std::align_val_t kAlignment{4096};  // O_DIRECT

  PageCache() = default;
  [[nodiscard]] std::size_t home(PageId page) const noexcept;
  void forget(std::size_t bucket) noexcept;
  Frame next_victim() noexcept;

  std::size_t page_bytes_ = 0;
  std::unique_ptr<std::byte[], AlignedDelete> memory_;
  std::vector<Slot> frames_;
  std::vector<Frame> free_;
  std::vector<Frame> buckets_;   ///< open addressing with linear probing; a power of two, at most half full
  std::uint32_t evictable_ = 0;  ///< frames attached and not pinned
  Frame hand_ = 0;
};

/// kOverBudget: batches pin more pages than the reader was made for.
[[nodiscard]] Error too_many_pinned();

}  // namespace nearline::io
