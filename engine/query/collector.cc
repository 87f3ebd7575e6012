// SPDX-License-Identifier: Apache-2.0
#include "engine/query/collector.h"

#include <limits>

namespace nearline::engine {

void add(const QueryStats& more, QueryStats& sum) noexcept {
  sum.hops += more.hops;
  sum.distance_computations += more.distance_computations;
  sum.estimates += more.estimates;
  sum.page_reads += more.page_reads;
  sum.cache_hits += more.cache_hits;
  sum.bytes_read += more.bytes_read;
  sum.nanoseconds += more.nanoseconds;
}

Collector::Collector(std::size_t queries, std::uint32_t k) {
  result_.k = k;
  result_.ids.assign(queries * k, kNoId);
  result_.distances.assign(queries * k, std::numeric_limits<float>::infinity());
  result_.counts.assign(queries, 0);
  result_.stats.assign(queries, {});
}

/// Both lists are sorted. They are merged from the back, so that nothing is overwritten before it was read.
void Collector::take(std::size_t query, std::span<const Hit> hits, const QueryStats& stats) {
  add(stats, result_.stats[query]);
  const std::size_t first = query * result_.k;
  Id* const ids = result_.ids.data() + first;
  float* const distances = result_.distances.data() + first;
  std::size_t old = result_.counts[query], fresh = hits.size();
  // What does not come to be among the k nearest is dropped first.
  const auto is_farther = [&] {
    return fresh == 0 || (old > 0 && hits[fresh - 1] < Hit{distances[old - 1], ids[old - 1]});
  };
  while (old + fresh > result_.k) --(is_farther() ? old : fresh);
  result_.counts[query] = static_cast<std::uint32_t>(old + fresh);
  for (std::size_t at = old + fresh; fresh > 0; --at) {
    const bool from_old = is_farther();
    const std::size_t from = from_old ? --old : --fresh;
    ids[at - 1] = from_old ? ids[from] : hits[from].id;
    distances[at - 1] = from_old ? distances[from] : hits[from].distance;
  }
}

}  // namespace nearline::engine
