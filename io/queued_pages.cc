// SPDX-License-Identifier: Apache-2.0
#include "io/queued_pages.h"

#include <cassert>
#include <utility>

namespace nearline::io {

QueuedReader::QueuedReader(const PagePlan& plan, PageCache cache)
    : plan_(plan), cache_(std::move(cache)), filling_(cache_.frame_count()) {}

std::uint64_t QueuedReader::memory_bytes() const noexcept {
  return cache_.memory_bytes() + filling_.size() * sizeof(Filling);
}

void QueuedReader::Line::push(PageBatch& batch) noexcept {
  PageBatch** end = &first_;
  while (*end != nullptr) end = &(*end)->next;
  batch.next = nullptr;
  *end = &batch;
}

void QueuedReader::Line::erase(const PageBatch& batch) noexcept {
  PageBatch** at = &first_;
  while (*at != &batch) at = &(*at)->next;
  *at = batch.next;
}

bool QueuedReader::begin(PageBatch& batch) {
  release(batch);
  batch.outcome = plan_.all_inside(batch.wanted);
  if (!batch.outcome) return true;
  batch.pages.resize(batch.wanted.size());
  batch.links.resize(batch.wanted.size());
  batch.pinned.reserve(batch.wanted.size());
  if (!hungry_.empty() || !admit(batch)) {
    batch.pending = static_cast<std::uint32_t>(batch.wanted.size());
    if (batch.pending == 0) return true;
    batch.state = PageBatch::State::kHungry;
    hungry_.push(batch);
    return false;
  }
  go(batch);
  return batch.pending == 0;
}

/// Pins a frame for every page wanted, or none at all.
bool QueuedReader::admit(PageBatch& batch) noexcept {
  assert(batch.pinned.empty());
  for (const PageId page : batch.wanted) {
    Frame frame = cache_.pin_page(page);
    if (frame == PageCache::kNone) {
      frame = cache_.take();
      if (frame == PageCache::kNone) {
        unpin_all(batch);
        return false;
      }
      cache_.attach(frame, page);
      filling_[frame].load = Load::kPlanned;
    }
    batch.pinned.push_back(frame);
  }
  return true;
}

/// Starts the reads that an admitted batch needs, and waits in line for those that others have started.
void QueuedReader::go(PageBatch& batch) {
  bool started = false;
  batch.pending = 0;
  for (std::uint32_t i = 0; i < batch.pinned.size(); ++i) {
    const Frame frame = batch.pinned[i];
    Filling& filling = filling_[frame];
    batch.pages[i] = cache_.bytes(frame).data();
    if (filling.load == Load::kPlanned) {
      filling.load = Load::kRunning;
      cache_.pin(frame);  // until `finish`, whatever becomes of the batch
      ++in_flight_;
      start(frame);
      started = true;
      batch.disk_reads += plan_.blocks_per_page();
    } else {
      ++batch.cache_hits;
    }
    if (filling.load == Load::kRunning) {
      batch.links[i] = std::exchange(filling.waiter, PageBatch::Link{&batch, i});
      ++batch.pending;
    }
  }
  batch.state = batch.pending > 0 ? PageBatch::State::kReading : PageBatch::State::kIdle;
  if (started) submit();
}

void QueuedReader::release(PageBatch& batch) noexcept {
  switch (std::exchange(batch.state, PageBatch::State::kIdle)) {
    case PageBatch::State::kHungry: hungry_.erase(batch); break;
    case PageBatch::State::kReading: unlink(batch); break;
    case PageBatch::State::kReady: ready_.erase(batch); break;
    case PageBatch::State::kIdle: break;
  }
  batch.pending = 0;
  unpin_all(batch);
}

void QueuedReader::unpin_all(PageBatch& batch) noexcept {
  for (const Frame frame : batch.pinned) cache_.unpin(frame);
  batch.pinned.clear();
}

/// Takes an abandoned batch out of the lines it waits in.
void QueuedReader::unlink(PageBatch& batch) noexcept {
  for (const Frame frame : batch.pinned) {
    PageBatch::Link* link = &filling_[frame].waiter;
    while (link->batch != nullptr) {
      if (link->batch == &batch) {
        *link = batch.links[link->index];
      } else {
        link = &link->batch->links[link->index];
      }
    }
  }
}

void QueuedReader::finish(Frame frame, Result<void> result) {
  Filling& filling = filling_[frame];
  assert(filling.load == Load::kRunning && in_flight_ > 0);
  if (draining_) filling.waiter = {};
  if (result && !draining_) result = plan_.verify(cache_.page(frame), cache_.bytes(frame));
  if (!result) tell(filling.waiter, result.error());
  // From here on nothing throws.
  --in_flight_;
  filling.load = Load::kNone;
  if (!result || draining_) cache_.detach(frame);  // nobody shall find it
  auto next = std::exchange(filling.waiter, {});
  while (next.batch != nullptr) {
    PageBatch& batch = *next.batch;
    next = batch.links[next.index];
    if (--batch.pending == 0) settle(batch);
  }
  cache_.unpin(frame);
}

/// All who wait for a page learn that it did not come.
void QueuedReader::tell(PageBatch::Link waiter, const Error& error) {
  for (; waiter.batch != nullptr; waiter = waiter.batch->links[waiter.index]) {
    if (waiter.batch->outcome) waiter.batch->outcome = Error(error);
  }
}

void QueuedReader::finish_all(const Error& error) {
  for (Frame frame = 0; frame < filling_.size(); ++frame) {
    if (filling_[frame].load == Load::kRunning) finish(frame, draining_ ? Result<void>{} : error);
  }
}

/// A batch whose last page has arrived.
void QueuedReader::settle(PageBatch& batch) noexcept {
  batch.state = PageBatch::State::kReady;
  ready_.push(batch);
}

void QueuedReader::poll() {
  assert(in_flight_ > 0 || !hungry_.empty() || !ready_.empty());
  feed_hungry();  // somebody may have let go since
  if (ready_.empty() && in_flight_ == 0) refuse_first_hungry();
  if (ready_.empty()) wait();
  do {
    resume_ready();
    feed_hungry();
  } while (!ready_.empty());
}

/// Searches resumed here call `begin` and `release` again: nothing is kept across the call.
void QueuedReader::resume_ready() {
  while (!ready_.empty()) {
    PageBatch& batch = ready_.front();
    ready_.pop();
    batch.state = PageBatch::State::kIdle;
    if (const auto waiter = std::exchange(batch.waiter, nullptr)) waiter.resume();
  }
}

/// Serves those who wait for frames, in order.
void QueuedReader::feed_hungry() {
  while (!hungry_.empty() && admit(hungry_.front())) {
    PageBatch& batch = hungry_.front();
    hungry_.pop();
    go(batch);
    if (batch.pending == 0) settle(batch);
  }
}

/// Nothing is in flight, and the first in line finds no room although everybody has had the chance to let go: they hold
/// more pages than the reader was made for. Better an error than waiting for ever.
void QueuedReader::refuse_first_hungry() {
  PageBatch& batch = hungry_.front();
  batch.outcome = too_many_pinned();
  hungry_.pop();
  batch.pending = 0;
  settle(batch);
}

void QueuedReader::shrink(std::uint64_t cache_bytes) noexcept {
  drain();  // reads that their batches gave up
  cache_.shrink(cache_bytes);
  filling_.resize(cache_.frame_count());
  forget_frames();
}

void QueuedReader::drain() noexcept {
  draining_ = true;
  while (in_flight_ > 0) wait();
  draining_ = false;
}

}  // namespace nearline::io
