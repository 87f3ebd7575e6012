// SPDX-License-Identifier: Apache-2.0
#include "engine/walk/scratch.h"

#include "format/superblock.h"

namespace nearline::engine {

void Scratch::release(io::PageReader& reader) noexcept {
  reader.release(batch);
  for (const auto& flight : flights) reader.release(*flight);
}

void Scratch::clear_counters() noexcept {
  stats = {};
  batch.disk_reads = batch.cache_hits = 0;
  for (const auto& flight : flights) flight->disk_reads = flight->cache_hits = 0;
}

void Scratch::count_reads() noexcept {
  stats.page_reads = batch.disk_reads;
  stats.cache_hits = batch.cache_hits;
  for (const auto& flight : flights) {
    stats.page_reads += flight->disk_reads;
    stats.cache_hits += flight->cache_hits;
  }
  stats.bytes_read = std::uint64_t{stats.page_reads} * format::kBlockBytes;
}

std::uint64_t Scratch::memory_bytes() const noexcept {
  return shortlist.memory_bytes() + code_query.memory_bytes() + code_bound.memory_bytes() +
         code_vector.capacity() * sizeof(float) + long_codes.capacity() + flights.size() * sizeof(io::PageBatch) +
         candidates.memory_bytes() + visited.memory_bytes() + frame.memory_bytes() + query.capacity() +
         (fresh.capacity() + lists.capacity() + expanding.capacity() + offsets.capacity() + batch.wanted.capacity() +
          batch.pinned.capacity() + distances.capacity()) *
             4 +
         (records.capacity() + batch.pages.capacity()) * sizeof(void*) + answers.memory_bytes() +
         path.capacity() * sizeof(Candidate);
}

}  // namespace nearline::engine
