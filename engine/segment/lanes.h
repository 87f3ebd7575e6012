// SPDX-License-Identifier: Apache-2.0
/// The searches that may run at once: each lane is a page reader and the scratch of the walks that share it. Lanes and
/// scratch are made when first needed, within the memory budget, and kept; the page cache serves all lanes.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/segment/search_budget.h"
#include "engine/walk/walk.h"
#include "io/page_cache.h"
#include "io/page_source.h"
#include "nearline/result.h"

namespace nearline::engine {

struct Lane {
  std::unique_ptr<io::PageReader> reader;
  std::vector<std::unique_ptr<Scratch>> scratches;  ///< one per walk in flight
  std::uint64_t walks = 1;                          ///< that may be
  std::uint64_t walk_bytes = 0;                     ///< that these may take together

  [[nodiscard]] std::uint64_t scratch_bytes() const noexcept;
};

/// What a search would have of a lane.
struct LaneWish {
  std::uint64_t walks = 1;  ///< in flight; it may get fewer
  std::uint64_t walk_bytes =
      0;  ///< scratch of each, where that is more than the usual; at most the usual and all spare
};

/// Threads: any number.
class LanePool {
 public:
  /// cache: null where readers need none. usual_bytes: scratch of a walk that every lane has. pages: of the source.
  /// Errors: those of PageSource::cache.
  static Result<std::unique_ptr<LanePool>> create(io::PageSource& source, const SearchBudget& budget,
                                                  std::uint64_t usual_bytes, std::uint32_t pages);

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

  /// Waits while all lanes are out, or spare scratch for a long walk is. Errors: those of PageSource::reader;
  /// kOverBudget when there will never be so much scratch.
  Result<Lease> take(const LaneWish& wish = {});

  /// From now on there is no more than that; what lanes that are out have of it goes when they return.
  void shrink(const SearchBudget& budget) noexcept;

  struct Usage {
    std::uint64_t cache = 0;
    std::uint64_t readers = 0;
    std::uint64_t scratch = 0;
  };
  /// Memory of the cache, and of what is not out at this moment.
  [[nodiscard]] Usage usage() const;

 private:
  LanePool(io::PageSource& source, std::shared_ptr<io::PageCache> cache, const SearchBudget& budget,
           std::uint64_t usual_bytes);
  void give_back(std::unique_ptr<Lane> lane) noexcept;
  Result<std::unique_ptr<Lane>> make() const;
  // Precondition of these: the lock is held.
  [[nodiscard]] std::uint64_t spare() const noexcept;
  [[nodiscard]] std::uint64_t spare_walks(std::uint64_t wanted, std::uint64_t walk_bytes) const noexcept;
  void fit() noexcept;

  io::PageSource& source_;
  const std::shared_ptr<io::PageCache> cache_;
  const std::uint64_t usual_bytes_;
  SearchBudget budget_;
  mutable std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Lane>> idle_;
  std::vector<std::unique_ptr<Scratch>> idle_scratches_;  ///< of usual size; counted when spare bytes are given out
  std::uint32_t made_ = 0;
  std::uint32_t patient_ = 0;    ///< who waits for spare bytes: until they have them nobody gets walks beyond the first
  std::uint64_t spare_out_ = 0;  ///< bytes
  std::uint64_t walks_out_ = 0;  ///< beyond the first of each lane
};

}  // namespace nearline::engine
