// SPDX-License-Identifier: Apache-2.0
#include "engine/build/lists.h"

#include <algorithm>

namespace nearline::engine {

void ListWorker::assign(std::uint32_t record, std::span<const std::uint32_t> merged) {
  candidates_.clear();
  pruner_.measure(record, merged, candidates_);
  if (merged.size() > degree_) return store(record, choose(record, candidates_));
  std::sort(candidates_.begin(), candidates_.end());
  sorted_.clear();
  for (const Candidate& candidate : candidates_) sorted_.push_back(candidate.ordinal);
  store(record, sorted_);
}

}  // namespace nearline::engine
