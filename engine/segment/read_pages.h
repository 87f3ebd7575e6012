// SPDX-License-Identifier: Apache-2.0
/// Pages for those who do not walk: read at once, given back at the end of a scope.
#pragma once

#include <coroutine>

#include "engine/segment/lanes.h"

namespace nearline::engine {

/// Reads the batch's pages without a coroutine to suspend.
inline Result<void> read_now(io::PageReader& reader, io::PageBatch& batch) {
  batch.waiter = std::noop_coroutine();
  if (!reader.begin(batch)) {
    while (batch.pending > 0) reader.poll();
  }
  return std::move(batch.outcome);
}

/// What a call read.
struct ReadCount {
  std::uint64_t blocks = 0;  ///< of 4 KiB, from the disk
  std::uint64_t rounds = 0;  ///< times that it waited for some
};

/// As read_now, and counts.
inline Result<void> read_counted(io::PageReader& reader, io::PageBatch& batch, ReadCount& count) {
  batch.disk_reads = 0;
  auto read = read_now(reader, batch);
  count.blocks += batch.disk_reads;
  count.rounds += batch.disk_reads > 0 ? 1 : 0;
  return read;
}

/// Gives the pages of a lane's first batch back on every way out.
class ReleaseLane {
 public:
  explicit ReleaseLane(Lane& lane) noexcept : lane_(lane) {}
  ReleaseLane(const ReleaseLane&) = delete;
  ReleaseLane& operator=(const ReleaseLane&) = delete;
  ~ReleaseLane() { lane_.reader->release(lane_.scratches[0]->batch); }

 private:
  Lane& lane_;
};

}  // namespace nearline::engine
