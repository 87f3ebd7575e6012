// SPDX-License-Identifier: Apache-2.0
/// The searches that may run at once: each lane is a page reader and the scratch of the walks that share it. Lanes are
/// made when first needed, within the memory budget, and kept.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/walk/walk.h"
#include "io/page_source.h"
#include "nearline/result.h"

namespace nearline::engine {

struct Lane {
  std::unique_ptr<io::PageReader> reader;
  std::vector<std::unique_ptr<Scratch>> scratches;  ///< one per walk in flight
  std::uint64_t cache_bytes = 0;                    ///< of the reader at most

  [[nodiscard]] std::uint64_t scratch_bytes() const noexcept;
};

/// Threads: any number.
class LanePool {
 public:
  /// lanes: how many may exist. cache_bytes: of each lane's reader. walks: in flight per lane.
  LanePool(io::PageSource& source, std::uint32_t lanes, std::uint64_t cache_bytes, std::uint32_t walks);

  /// A lane of one's own, given back on destruction.
  class Lease {
   public:
    Lease(LanePool& pool, std::unique_ptr<Lane> lane) noexcept : pool_(&pool), lane_(std::move(lane)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (lane_) pool_->give_back(std::move(lane_));
    }
    Lane* operator->() const noexcept { return lane_.get(); }
    Lane& operator*() const noexcept { return *lane_; }

   private:
    LanePool* pool_;
    std::unique_ptr<Lane> lane_;
  };

  /// Waits while all lanes are out. Errors: those of PageSource::reader.
  Result<Lease> take();

  /// From now on lanes have no more than that. Idle ones give back what is more now, others when they return.
  void shrink(std::uint64_t cache_bytes, std::uint32_t walks) noexcept;

  struct Usage {
    std::uint64_t cache = 0;
    std::uint64_t scratch = 0;
  };
  /// Memory of the lanes that are not out at this moment.
  [[nodiscard]] Usage usage() const;

 private:
  void give_back(std::unique_ptr<Lane> lane) noexcept;
  /// Precondition: the lock is held.
  void fit(Lane& lane) const noexcept;

  io::PageSource& source_;
  const std::uint32_t lanes_;
  std::uint64_t cache_bytes_;
  std::uint32_t walks_;
  mutable std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Lane>> idle_;
  std::uint32_t made_ = 0;
};

}  // namespace nearline::engine
