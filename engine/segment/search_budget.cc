// SPDX-License-Identifier: Apache-2.0
#include "engine/segment/search_budget.h"

#include <algorithm>
#include <bit>
#include <string>

#include "engine/walk/fused_search.h"
#include "format/code_book.h"
#include "format/superblock.h"
#include "io/memory_info.h"
#include "io/page_source.h"

namespace nearline::engine {
namespace {

/// Walks of one lane that share the disk's attention; beyond this a ring gains nothing.
constexpr std::uint64_t kMostWalks = 16;
/// Where there is memory, a lane has room for one walk as long as calibrated ones for 100 answers can get, and for
/// longer ones this share of its memory.
constexpr std::uint64_t kLongL = 4096;
constexpr std::uint64_t kLongShare = 8;
/// Checksum blocks that each of the two checkers keeps at least, and at most: each serves 2 MiB of pages.
constexpr std::uint64_t kLeastTreeBlocks = 8;
constexpr std::uint64_t kMostTreeBlocks = 256;
constexpr std::uint64_t kTreeBlockBytes = format::kBlockBytes + 64;

/// The share of the budget that checksum blocks may take beyond their least.
constexpr std::uint64_t kTreeShare = 16;

std::uint64_t tables_bytes(const SearchNeeds& needs, IoMode mode, std::uint64_t tree_blocks) noexcept {
  const std::uint64_t seen = mode == IoMode::kMapped ? needs.shape.pages(needs.count) / 8 + 8 : 0;
  return needs.code_bytes + needs.table_bytes + needs.entries * sizeof(std::uint32_t) + seen +
         2 * tree_blocks * kTreeBlockBytes;
}

std::uint32_t least_lanes(std::uint32_t threads) noexcept {
  return threads == Count::kAuto ? 1 : threads;
}

std::uint64_t lane_bytes(const SearchNeeds& needs, IoMode mode) noexcept {
  const std::uint64_t cache = mode == IoMode::kMapped ? 0 : io::least_cache_bytes(needs.shape.page_bytes, kMaxBatch);
  return cache + walk_scratch_bytes(needs);
}

}  // namespace

std::uint64_t walk_scratch_bytes(const SearchNeeds& needs, std::uint64_t l) noexcept {
  const std::uint64_t degree = needs.shape.degree;
  // Half of the neighbours of those expanded were met before: far more of them in fact.
  const bool fused = needs.shape.layout == Layout::kFused;
  const std::uint64_t met = std::min(needs.count, fused ? l * needs.shape.targets / 4 : l * degree / 2 + needs.entries);
  const std::uint64_t visited = std::bit_ceil(std::max<std::uint64_t>(4096, met * 4 + kMaxBatch * 4)) * 4;
  const std::uint64_t lists = fused ? (needs.shape.targets + most_scanned(needs.entries)) * 32
                                    : (kMaxBatch * degree + needs.entries + degree) * 4 + kMaxBatch * 64;
  const std::uint64_t candidates = l * 2 * (sizeof(Candidate) + sizeof(Hit) + 16);
  const std::uint64_t listed = needs.code_parts == 0 ? 0 : l * ((fused ? 0 : format::list_bytes(needs.shape)) + 24);
  const std::uint64_t tables =
      std::uint64_t{needs.code_parts} * format::kCentroids * (sizeof(float) + sizeof(std::int16_t)) +
      (needs.code_parts == 0 ? 0 : 3 * std::uint64_t{needs.shape.dim} * sizeof(float));
  return listed + tables + visited + lists * 2 + candidates + std::uint64_t{needs.shape.dim} * sizeof(float) + 4096;
}

std::uint64_t least_search_bytes(const SearchNeeds& needs, std::uint32_t threads, IoMode mode) noexcept {
  return tables_bytes(needs, mode, kLeastTreeBlocks) + least_lanes(threads) * lane_bytes(needs, mode);
}

Result<SearchBudget> divide_search_memory(std::uint64_t memory_bytes, const SearchNeeds& needs, std::uint32_t threads,
                                          IoMode mode) {
  const std::uint64_t least = least_search_bytes(needs, threads, mode);
  if (memory_bytes < least) {
    return Error{.code = Code::kOverBudget,
                 .what = "a memory bound of " + std::to_string(memory_bytes) + " bytes: searching this index with " +
                         std::to_string(least_lanes(threads)) + " threads needs at least " + std::to_string(least)};
  }
  SearchBudget budget;
  const std::uint64_t spare = (memory_bytes - least) / kTreeShare / (2 * kTreeBlockBytes);
  budget.tree_blocks = static_cast<std::uint32_t>(std::min(kLeastTreeBlocks + spare, kMostTreeBlocks));
  const std::uint64_t rest = memory_bytes - tables_bytes(needs, mode, budget.tree_blocks);
  const std::uint64_t lanes = threads != Count::kAuto
                                  ? threads
                                  : std::clamp<std::uint64_t>(rest / lane_bytes(needs, mode), 1, io::processor_count());
  budget.lanes = static_cast<std::uint32_t>(lanes);
  const std::uint64_t scratch = walk_scratch_bytes(needs), lane = rest / lanes;
  if (mode == IoMode::kDirect) {  // each walk has room for a batch of its own, and all of them together a quarter
    const std::uint64_t batch = std::uint64_t{kMaxBatch} * needs.shape.page_bytes;
    const std::uint64_t walks = std::min(lane / 4 / scratch, lane / 4 * 3 / batch);
    budget.walks = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(walks, 1, kMostWalks));
  }
  budget.walk_bytes = budget.walks * scratch;
  const std::uint64_t least_cache = lane_bytes(needs, mode) - scratch;
  const std::uint64_t left = lane - std::min(lane, least_cache + budget.walk_bytes);
  const std::uint64_t wanted = std::max(walk_scratch_bytes(needs, kLongL), lane / kLongShare);
  if (wanted > budget.walk_bytes) budget.walk_bytes += std::min(wanted - budget.walk_bytes, left / 2);
  if (mode == IoMode::kMapped) budget.walk_bytes = lane;
  budget.cache_bytes = lane - budget.walk_bytes;
  return budget;
}

}  // namespace nearline::engine
