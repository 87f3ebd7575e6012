// SPDX-License-Identifier: Apache-2.0
#include "engine/reader_pool.h"

#include <cassert>

namespace nearline::engine {

std::uint64_t Lane::scratch_bytes() const noexcept {
  std::uint64_t bytes = 0;
  for (const auto& scratch : scratches) bytes += scratch->memory_bytes();
  return bytes;
}

ReaderPool::ReaderPool(io::PageSource& source, std::uint32_t lanes, std::uint64_t cache_bytes, std::uint32_t walks)
    : source_(source), lanes_(lanes), cache_bytes_(cache_bytes), walks_(walks) {
  idle_.reserve(lanes);
}

Result<ReaderPool::Lease> ReaderPool::take() {
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
  for (std::uint32_t i = 0; i < walks_; ++i) lane->scratches.push_back(std::make_unique<Scratch>());
  ++made_;
  return Lease(*this, std::move(lane));
}

void ReaderPool::shrink(std::uint64_t cache_bytes, std::uint32_t walks) noexcept {
  const std::lock_guard lock(mutex_);
  assert(idle_.size() == made_ && cache_bytes <= cache_bytes_ && walks <= walks_);
  if (cache_bytes == cache_bytes_ && walks == walks_) return;
  cache_bytes_ = cache_bytes;
  walks_ = walks;
  for (const auto& lane : idle_) {
    lane->scratches.resize(walks);
    lane->reader->shrink(cache_bytes);
  }
}

void ReaderPool::give_back(std::unique_ptr<Lane> lane) noexcept {
  {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(lane));
  }
  returned_.notify_one();
}

ReaderPool::Usage ReaderPool::usage() const {
  const std::lock_guard lock(mutex_);
  Usage usage;
  for (const auto& lane : idle_) {
    usage.cache += lane->reader->memory_bytes();
    usage.scratch += lane->scratch_bytes();
  }
  return usage;
}

}  // namespace nearline::engine
