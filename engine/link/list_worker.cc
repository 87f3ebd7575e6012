// SPDX-License-Identifier: Apache-2.0
#include "engine/link/list_worker.h"

#include <algorithm>

namespace nearline::engine {

void ListWorker::add(std::uint32_t record, std::span<const std::uint32_t> fresh) {
  candidates_.clear();
  measured_list(record, candidates_);
  pruner_.measure(record, fresh, candidates_);
  if (candidates_.size() > degree_) {
    return store(record, pruner_.prune_with(fresh, record, candidates_, degree_, alpha_));
  }
  std::sort(candidates_.begin(), candidates_.end());
  sorted_.clear();
  for (const Candidate& candidate : candidates_) sorted_.push_back(candidate.ordinal);
  store(record, sorted_);
}

}  // namespace nearline::engine
