// SPDX-License-Identifier: Apache-2.0
#include "engine/walk/walk.h"

#include <algorithm>

namespace nearline::engine {
namespace {

/// Lines of a record worth asking for ahead of its comparison; the processor follows a longer run by itself.
constexpr std::size_t kPrefetchBytes = 1024;
constexpr std::size_t kLineBytes = 64;

}  // namespace

void prefetch(const std::byte* record, std::size_t bytes) noexcept {
  for (std::size_t at = 0; at < bytes; at += kLineBytes) __builtin_prefetch(record + at);
  __builtin_prefetch(record + bytes - 1);
}

void compare_records(const WalkCall& call) {
  Scratch& s = call.scratch;
  const std::size_t bytes = std::min<std::size_t>(call.graph.shape.vector_bytes, kPrefetchBytes);
  for (const std::byte* record : s.records) prefetch(record, bytes);
  s.distances.resize(s.records.size());
  call.scorer.distances(s.records, s.distances.data());
  s.stats.distance_computations += static_cast<std::uint32_t>(s.records.size());
}

}  // namespace nearline::engine
