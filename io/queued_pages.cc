// SPDX-License-Identifier: Apache-2.0
#include "io/queued_pages.h"

#include <cassert>
#include <utility>

namespace nearline::io {

QueuedReader::QueuedReader(const PagePlan& plan, std::shared_ptr<PageCache> cache, std::uint32_t pins) noexcept
    : plan_(plan), cache_(std::move(cache)), self_(cache_->join()), frames_(cache_->frame_count()), most_(pins) {}

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
  if (pins_ + given_up_ + batch.wanted.size() > most_) return false;
  for (const PageId page : batch.wanted) {
    const Frame frame = plan_page(page);
    if (frame == PageCache::kNone) {
      unpin_all(batch);
      return false;
    }
    batch.pinned.push_back(frame);
    ++pins_;
    if (!cache_->fills(self_, frame)) continue;
    PageCache::Filling& filling = cache_->filling(frame);
    if (filling.holders++ == 0 && filling.running) --given_up_;
  }
  return true;
}

/// The page's frame, pinned; one that is to be filled yet where the page is not there.
QueuedReader::Frame QueuedReader::plan_page(PageId page) noexcept {
  Frame frame = cache_->pin_page(page, self_);
  if (frame != PageCache::kNone) return frame;
  frame = cache_->take(page, self_);
  if (frame != PageCache::kNone) cache_->announce(frame);
  return frame;
}

/// Starts the reads that an admitted batch needs, and waits in line for those that others have started.
void QueuedReader::go(PageBatch& batch) {
  bool started = false;
  batch.pending = 0;
  for (std::uint32_t i = 0; i < batch.pinned.size(); ++i) {
    const Frame frame = batch.pinned[i];
    batch.pages[i] = cache_->bytes(frame).data();
    if (!cache_->fills(self_, frame)) {
      ++batch.cache_hits;
      continue;
    }
    PageCache::Filling& filling = cache_->filling(frame);
    if (!filling.running) {
      filling.running = true;
      cache_->pin(frame);  // until `finish`, whatever becomes of the batch
      ++in_flight_;
      start(frame);
      started = true;
      batch.disk_reads += plan_.blocks_of(batch.wanted[i]);
    } else {
      ++batch.cache_hits;
    }
    batch.links[i] = std::exchange(filling.waiter, PageBatch::Link{&batch, i});
    ++batch.pending;
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
  for (const Frame frame : batch.pinned) {
    if (cache_->fills(self_, frame)) {
      PageCache::Filling& filling = cache_->filling(frame);
      if (--filling.holders == 0) {
        if (filling.running) {
          ++given_up_;
        } else {
          cache_->withdraw(frame);
        }
      }
    }
    cache_->unpin(frame);
  }
  pins_ -= batch.pinned.size();
  batch.pinned.clear();
}

/// Takes an abandoned batch out of the lines it waits in.
void QueuedReader::unlink(PageBatch& batch) noexcept {
  for (const Frame frame : batch.pinned) {
    if (!cache_->fills(self_, frame)) continue;
    PageBatch::Link* link = &cache_->filling(frame).waiter;
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
  PageCache::Filling& filling = cache_->filling(frame);
  assert(filling.running && in_flight_ > 0);
  if (draining_) filling.waiter = {};
  const PageId page = cache_->page(frame);
  if (result && !draining_) result = plan_.verify(page, cache_->bytes(frame).first(plan_.bytes_of(page)));
  if (!result) tell(filling.waiter, result.error());
  // From here on nothing throws.
  --in_flight_;
  filling.running = false;
  if (filling.holders == 0) --given_up_;
  auto next = std::exchange(filling.waiter, {});
  if (result && !draining_) {
    cache_->publish(frame);
  } else {
    cache_->withdraw(frame);
  }
  while (next.batch != nullptr) {
    PageBatch& batch = *next.batch;
    next = batch.links[next.index];
    if (--batch.pending == 0) settle(batch);
  }
  cache_->unpin(frame);
}

/// All who wait for a page learn that it did not come.
void QueuedReader::tell(PageBatch::Link waiter, const Error& error) {
  for (; waiter.batch != nullptr; waiter = waiter.batch->links[waiter.index]) {
    if (waiter.batch->outcome) waiter.batch->outcome = Error(error);
  }
}

void QueuedReader::finish_all(const Error& error) {
  for (Frame frame = 0; in_flight_ > 0; ++frame) {
    if (!cache_->fills(self_, frame)) continue;
    cache_->pin(frame);
    finish(frame, draining_ ? Result<void>{} : error);
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

void QueuedReader::limit_pins(std::uint32_t pins) noexcept {
  assert(pins_ == 0);
  most_ = pins;
  if (given_up_ > most_) drain();
  if (frames_ == cache_->frame_count()) return;
  drain();
  frames_ = cache_->frame_count();
  forget_frames();
}

void QueuedReader::drain() noexcept {
  draining_ = true;
  while (in_flight_ > 0) wait();
  draining_ = false;
}

}  // namespace nearline::io
