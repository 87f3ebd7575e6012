// SPDX-License-Identifier: Apache-2.0
/// What the readers that wait for pages have in common: which frames are being filled, which batches wait for them, and
/// who is resumed when. How a frame is filled is left to the class derived: a ring, or a simulation.
///
/// A batch gets all its frames at once or none: it then holds no pin and queues until others let go. So batches never
/// wait for each other in a circle, and with room for one whole batch somebody always gets on. No reader waits for
/// another: each has its part of the cache's frames to pin, and a page that is under way to another it reads itself.
#pragma once

#include <cstdint>
#include <memory>

#include "io/page_cache.h"
#include "io/page_range.h"
#include "io/page_source.h"

namespace nearline::io {

class QueuedReader : public PageReader {
 public:
  bool begin(PageBatch& batch) final;
  void release(PageBatch& batch) noexcept final;
  void poll() final;
  void limit_pins(std::uint32_t pins) noexcept final;
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept override { return sizeof *this; }

 protected:
  using Frame = PageCache::Frame;

  QueuedReader(const PagePlan& plan, std::shared_ptr<PageCache> cache, std::uint32_t pins) noexcept;

  /// Asks for the page of `frame`; its bytes are the reader's until `finish`.
  virtual void start(Frame frame) = 0;
  /// Everything asked for by `start` may set out now.
  virtual void submit() = 0;
  /// Waits for at least one of the frames started and calls `finish` for each that is there.
  virtual void wait() = 0;

  /// Frames from cache().frame_count() on are not used any more.
  virtual void forget_frames() noexcept {}

  /// The frame's page has arrived, or why it could not. Resumes nobody yet: `poll` does. Where it throws for lack of
  /// memory the page is still under way: the class derived brings it once more.
  void finish(Frame frame, Result<void> result);
  /// Finishes all frames under way, for a queue that broke down. Who fills them may still write to them, so they are
  /// never used again.
  void finish_all(const Error& error);
  /// Waits for all reads in flight. Called by the destructor of the class derived; batches may be dead by then.
  void drain() noexcept;

  [[nodiscard]] const PagePlan& plan() const noexcept { return plan_; }
  [[nodiscard]] PageCache& cache() const noexcept { return *cache_; }
  /// Nobody wants what still arrives.
  [[nodiscard]] bool draining() const noexcept { return draining_; }

 private:
  /// Batches in line, first come first served, each of which knows the next: waiting takes no memory.
  class Line {
   public:
    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
    [[nodiscard]] PageBatch& front() const noexcept { return *first_; }
    void push(PageBatch& batch) noexcept;
    void pop() noexcept { first_ = first_->next; }
    void erase(const PageBatch& batch) noexcept;

   private:
    PageBatch* first_ = nullptr;
  };

  bool admit(PageBatch& batch) noexcept;
  Frame plan_page(PageId page) noexcept;
  void unpin_all(PageBatch& batch) noexcept;
  void go(PageBatch& batch);
  static void tell(PageBatch::Link waiter, const Error& error);
  void unlink(PageBatch& batch) noexcept;
  void settle(PageBatch& batch) noexcept;
  void feed_hungry();
  void refuse_first_hungry();
  void resume_ready();

  const PagePlan& plan_;
  const std::shared_ptr<PageCache> cache_;
  const PageCache::Reader self_;
  Frame frames_;              ///< of the cache, when this was last told
  std::size_t most_;          ///< pins
  std::size_t pins_ = 0;      ///< of batches
  std::size_t given_up_ = 0;  ///< frames under way that no batch pins any more
  Line hungry_;               ///< wait for frames
  Line ready_;                ///< complete, to be resumed
  std::uint32_t in_flight_ = 0;
  bool draining_ = false;
};

}  // namespace nearline::io
