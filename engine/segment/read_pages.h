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
