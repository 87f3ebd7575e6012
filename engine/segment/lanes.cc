// SPDX-License-Identifier: Apache-2.0
#include "engine/segment/lanes.h"

#include <algorithm>

namespace nearline::engine {

std::uint64_t Lane::scratch_bytes() const noexcept {
  std::uint64_t bytes = 0;
  for (const auto& scratch : scratches) bytes += scratch->memory_bytes();
  return bytes;
}

LanePool::LanePool(io::PageSource& source, std::shared_ptr<io::PageCache> cache, const SearchBudget& budget,
                   std::uint64_t usual_bytes)
    : source_(source), cache_(std::move(cache)), usual_bytes_(usual_bytes), budget_(budget) {
  idle_.reserve(budget.lanes);
  idle_scratches_.reserve(budget.spare_walks);
}

Result<std::unique_ptr<LanePool>> LanePool::create(io::PageSource& source, const SearchBudget& budget,
                                                   std::uint64_t usual_bytes, std::uint32_t pages) {
  // So many frames can be pinned at once: where several miss a page together each reads a copy of its own.
  const std::uint64_t walks = std::uint64_t{budget.lanes} + budget.spare_walks;
  const std::uint64_t frames = walks * std::clamp(pages, 1U, kMaxBatch);
  NEARLINE_TRY(cache, source.cache(budget.cache_bytes, static_cast<std::uint32_t>(frames)));
  return std::unique_ptr<LanePool>(new LanePool(source, std::move(cache), budget, usual_bytes));
}

std::uint64_t LanePool::spare() const noexcept {
  return budget_.spare_bytes - std::min(budget_.spare_bytes, spare_out_);
}

/// Walks beyond the first that a lane gets: of what is spare half at most, where other lanes may come.
std::uint64_t LanePool::spare_walks(std::uint64_t wanted, std::uint64_t walk_bytes) const noexcept {
  if (patient_ > 0) return 0;
  const std::uint64_t walks = budget_.spare_walks - std::min<std::uint64_t>(budget_.spare_walks, walks_out_);
  const std::uint64_t room = std::min(walks, spare() / walk_bytes);
  return std::min({wanted, std::uint64_t{budget_.walks}, (budget_.lanes > 1 ? (room + 1) / 2 : room) + 1}) - 1;
}

Result<std::unique_ptr<Lane>> LanePool::make() const {
  auto lane = std::make_unique<Lane>();
  lane->scratches.reserve(budget_.walks);
  lane->scratches.push_back(std::make_unique<Scratch>());
  NEARLINE_TRY(reader, source_.reader(cache_, budget_.walks * kMaxBatch));
  lane->reader = std::move(reader);
  return lane;
}

Result<LanePool::Lease> LanePool::take(const LaneWish& wish) {
  const std::uint64_t walk_bytes = std::max(wish.walk_bytes, usual_bytes_), beyond = walk_bytes - usual_bytes_;
  std::unique_lock lock(mutex_);
  patient_ += beyond > 0 ? 1 : 0;
  returned_.wait(lock, [&] {
    return (!idle_.empty() || made_ < budget_.lanes) && (beyond <= spare() || beyond > budget_.spare_bytes);
  });
  patient_ -= beyond > 0 ? 1 : 0;
  if (beyond > budget_.spare_bytes) {
    return Error{.code = Code::kOverBudget, .what = "a long search: the memory bound has room for shorter walks only"};
  }
  std::unique_ptr<Lane> lane;
  if (idle_.empty()) {
    NEARLINE_TRY(made, make());
    lane = std::move(made);
    ++made_;
  } else {
    lane = std::move(idle_.back());
    idle_.pop_back();
  }
  spare_out_ += beyond;
  const std::uint64_t more = spare_walks(std::max<std::uint64_t>(wish.walks, 1), walk_bytes);
  spare_out_ += more * walk_bytes;
  walks_out_ += more;
  lane->walks = 1 + more;
  lane->walk_bytes = lane->walks * walk_bytes;
  while (lane->scratches.size() < lane->walks && !idle_scratches_.empty()) {
    lane->scratches.push_back(std::move(idle_scratches_.back()));
    idle_scratches_.pop_back();
  }
  while (idle_scratches_.size() * usual_bytes_ > spare()) idle_scratches_.pop_back();
  lock.unlock();
  Lease lease(*this, std::move(lane));
  while (lease->scratches.size() < lease->walks) lease->scratches.push_back(std::make_unique<Scratch>());
  lease->reader->limit_pins(static_cast<std::uint32_t>(lease->walks) * kMaxBatch);
  return lease;
}

void LanePool::give_back(std::unique_ptr<Lane> lane) noexcept {
  lane->reader->limit_pins(kMaxBatch);
  bool all = false;
  {
    const std::lock_guard lock(mutex_);
    spare_out_ -= lane->walk_bytes - usual_bytes_;
    walks_out_ -= lane->walks - 1;
    while (lane->scratches.size() > 1) {
      const bool room =
          idle_scratches_.size() < budget_.spare_walks && (idle_scratches_.size() + 1) * usual_bytes_ <= spare();
      if (room) idle_scratches_.push_back(std::move(lane->scratches.back()));
      lane->scratches.pop_back();
    }
    idle_.push_back(std::move(lane));
    if (cache_) fit();
    all = patient_ > 0;
  }
  all ? returned_.notify_all() : returned_.notify_one();
}

void LanePool::shrink(const SearchBudget& budget) noexcept {
  const std::lock_guard lock(mutex_);
  budget_.walks = std::min(budget_.walks, budget.walks);
  budget_.spare_walks = std::min(budget_.spare_walks, budget.spare_walks);
  budget_.spare_bytes = std::min(budget_.spare_bytes, budget.spare_bytes);
  budget_.cache_bytes = std::min(budget_.cache_bytes, budget.cache_bytes);
  while (idle_scratches_.size() > budget_.spare_walks) idle_scratches_.pop_back();
  while (idle_scratches_.size() * usual_bytes_ > spare()) idle_scratches_.pop_back();
  if (!cache_) return;
  fit();
  for (const auto& lane : idle_) lane->reader->limit_pins(kMaxBatch);
  returned_.notify_all();
}

/// The cache gives back what it has too much, but no frame that may be pinned.
void LanePool::fit() noexcept {
  const std::uint64_t walks = std::max(made_, budget_.lanes) + std::max<std::uint64_t>(walks_out_, budget_.spare_walks);
  cache_->shrink(budget_.cache_bytes, static_cast<std::uint32_t>(walks * kMaxBatch));
}

LanePool::Usage LanePool::usage() const {
  const std::lock_guard lock(mutex_);
  Usage usage{.cache = cache_ ? cache_->memory_bytes() : 0};
  for (const auto& lane : idle_) {
    usage.readers += lane->reader->memory_bytes();
    usage.scratch += lane->scratch_bytes();
  }
  for (const auto& scratch : idle_scratches_) usage.scratch += scratch->memory_bytes();
  return usage;
}

}  // namespace nearline::engine
