// SPDX-License-Identifier: Apache-2.0
#include "engine/segment/lanes.h"

#include <algorithm>

namespace nearline::engine {

std::uint64_t Lane::scratch_bytes() const noexcept {
  std::uint64_t bytes = 0;
  for (const auto& scratch : scratches) bytes += scratch->memory_bytes();
  return bytes;
}

LanePool::LanePool(io::PageSource& source, std::uint32_t lanes, std::uint64_t cache_bytes, std::uint32_t walks)
    : source_(source), lanes_(lanes), cache_bytes_(cache_bytes), walks_(walks) {
  idle_.reserve(lanes);
}

Result<LanePool::Lease> LanePool::take() {
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [this] { return !idle_.empty() || made_ < lanes_; });
  if (!idle_.empty()) {
    auto lane = std::move(idle_.back());
    idle_.pop_back();
    return Lease(*this, std::move(lane));
  }
  NEARLINE_TRY(reader, source_.reader(cache_bytes_, kMaxBatch));
  auto lane = std::make_unique<Lane>();
  lane->reader = std::move(reader);
  lane->cache_bytes = cache_bytes_;
  for (std::uint32_t i = 0; i < walks_; ++i) lane->scratches.push_back(std::make_unique<Scratch>());
  ++made_;
  return Lease(*this, std::move(lane));
}

void LanePool::shrink(std::uint64_t cache_bytes, std::uint32_t walks) noexcept {
  const std::lock_guard lock(mutex_);
  cache_bytes_ = std::min(cache_bytes_, cache_bytes);
  walks_ = std::min(walks_, walks);
  for (const auto& lane : idle_) fit(*lane);
}

void LanePool::fit(Lane& lane) const noexcept {
  if (lane.scratches.size() > walks_) lane.scratches.resize(walks_);
  if (lane.cache_bytes <= cache_bytes_) return;
  lane.reader->shrink(cache_bytes_);
  lane.cache_bytes = cache_bytes_;
}

void LanePool::give_back(std::unique_ptr<Lane> lane) noexcept {
  {
    const std::lock_guard lock(mutex_);
    fit(*lane);
    idle_.push_back(std::move(lane));
  }
  returned_.notify_one();
}

LanePool::Usage LanePool::usage() const {
  const std::lock_guard lock(mutex_);
  Usage usage;
  for (const auto& lane : idle_) {
    usage.cache += lane->reader->memory_bytes();
    usage.scratch += lane->scratch_bytes();
  }
  return usage;
}

}  // namespace nearline::engine
