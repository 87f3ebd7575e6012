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
constexpr std::uint32_t kMostWalks = 16;
/// More walks than this keep no disk busier, and a cache would hold a batch for each.
constexpr std::uint64_t kMostSpareWalks = 256;
/// Walks beyond the first of each lane, and longer ones than usual, share this part of what there is beside tables: all
/// of them where a quarter has room for that, one for each thread as long as calibrated ones for 100 answers can get,
/// and in any case an eighth.
constexpr std::uint64_t kLongL = 4096;
constexpr std::uint64_t kMostSpareShare = 4;
constexpr std::uint64_t kLeastSpareShare = 8;
std::uint64_t tables_bytes(const SearchNeeds& needs, IoMode mode) noexcept {
  const std::uint64_t seen = mode == IoMode::kMapped ? needs.shape.pages(needs.count) / 8 + 8 : 0;
  return needs.code_bytes + needs.table_bytes + needs.entries * sizeof(std::uint32_t) + seen;
}

std::uint32_t least_lanes(std::uint32_t threads) noexcept {
  return threads == Count::kAuto ? 1 : threads;
}

std::uint64_t lane_bytes(const SearchNeeds& needs, IoMode mode) noexcept {
  const std::uint64_t cache = mode == IoMode::kMapped ? 0 : io::least_cache_bytes(needs.shape.page_bytes, kMaxBatch);
  return cache + walk_scratch_bytes(needs);
}

/// What a lane takes beside the pages that it pins.
std::uint64_t private_bytes(const SearchNeeds& needs, IoMode mode) noexcept {
  return walk_scratch_bytes(needs) + (mode == IoMode::kMapped ? 0 : io::kReaderBytes);
}

std::uint64_t spare_bytes(const SearchNeeds& needs, std::uint64_t rest, std::uint64_t lanes, IoMode mode) noexcept {
  const std::uint64_t usual = walk_scratch_bytes(needs);
  const std::uint64_t left = rest - lanes * lane_bytes(needs, mode);
  if (mode == IoMode::kMapped) return left;
  const std::uint64_t many = mode == IoMode::kDirect ? (kMostWalks - 1) * usual : 0;
  const std::uint64_t wanted = lanes * std::max(many, walk_scratch_bytes(needs, kLongL) - usual);
  return std::min(left / 2, std::max(rest / kLeastSpareShare, std::min(rest / kMostSpareShare, wanted)));
}

/// The most threads that the memory has room for; 0 where it has none for one.
std::uint64_t most_threads(std::uint64_t memory_bytes, const SearchNeeds& needs, IoMode mode) noexcept {
  const std::uint64_t tables = tables_bytes(needs, mode);
  return memory_bytes < tables ? 0 : (memory_bytes - tables) / lane_bytes(needs, mode);
}

}  // namespace

std::uint64_t walk_scratch_bytes(const SearchNeeds& needs, std::uint64_t l) noexcept {
  const std::uint64_t degree = needs.shape.degree;
  // Half of the neighbours of those expanded were met before: far more of them in fact.
  const bool fused = needs.shape.layout == Layout::kFused;
  // Walks by the least of codes go astray, and meet as many again.
  const std::uint64_t astray = needs.kept_parts * 3 < needs.code_parts ? 2 : 1;
  const std::uint64_t met =
      std::min(needs.count, fused ? l * needs.shape.targets / 4 : astray * l * degree / 2 + needs.entries);
  const std::uint64_t visited = std::bit_ceil(std::max<std::uint64_t>(4096, met * 4 + kMaxBatch * 4)) * 4;
  const std::uint64_t lists = fused ? (needs.shape.targets + most_scanned(needs.entries)) * 32
                                    : (kMaxBatch * degree + needs.entries + degree) * 4 + kMaxBatch * 64;
  const std::uint64_t candidates = l * 2 * (sizeof(Candidate) + sizeof(Hit) + 16);
  const std::uint64_t listed = needs.code_parts == 0 ? 0 : l * ((fused ? 0 : format::list_bytes(needs.shape)) + 24);
  const std::uint64_t tables =
      std::uint64_t{needs.code_parts} * format::kCentroids * (sizeof(float) + sizeof(std::int16_t)) +
      (needs.code_parts == 0 ? 0 : 3 * std::uint64_t{needs.shape.dim} * sizeof(float));
  const std::uint64_t lengthened =
      needs.kept_parts == needs.code_parts ? 0 : kLengthened * (format::kCodeHeadBytes + needs.code_parts);
  return lengthened + listed + tables + visited + lists * 2 + candidates +
         std::uint64_t{needs.shape.dim} * sizeof(float) + 4096;
}

std::uint64_t least_search_bytes(const SearchNeeds& needs, std::uint32_t threads, IoMode mode) noexcept {
  return tables_bytes(needs, mode) + least_lanes(threads) * lane_bytes(needs, mode);
}

Result<SearchBudget> divide_search_memory(std::uint64_t memory_bytes, const SearchNeeds& needs, std::uint32_t threads,
                                          IoMode mode) {
  const std::uint64_t least = least_search_bytes(needs, threads, mode);
  if (memory_bytes < least) {
    const std::uint64_t most = most_threads(memory_bytes, needs, mode);
    return Error{.code = Code::kOverBudget,
                 .what = "a memory bound of " + std::to_string(memory_bytes) + " bytes: searching this index with " +
                         std::to_string(least_lanes(threads)) + " threads needs at least " + std::to_string(least) +
                         (most == 0 ? "" : "; it has room for " + std::to_string(most))};
  }
  SearchBudget budget;
  const std::uint64_t rest = memory_bytes - tables_bytes(needs, mode);
  const std::uint64_t first = least_lanes(threads), lane = private_bytes(needs, mode);
  const std::uint64_t spare = spare_bytes(needs, rest, first, mode);
  // Where the number of lanes is left open half of what is spare is for further ones.
  budget.spare_bytes = threads == Count::kAuto ? spare - spare / 2 : spare;
  std::uint64_t lanes = threads == Count::kAuto ? 1 + spare / 2 / lane : threads;
  if (mode != IoMode::kMapped) {
    budget.cache_bytes = rest - first * lane - spare + io::kReaderBytes;
    const std::uint64_t fixed = io::least_cache_bytes(needs.shape.page_bytes, 0);
    const std::uint64_t batches =
        (budget.cache_bytes - fixed) / (io::least_cache_bytes(needs.shape.page_bytes, kMaxBatch) - fixed);
    if (threads == Count::kAuto) lanes = std::min(lanes, std::max<std::uint64_t>(1, batches / 2));
    if (mode == IoMode::kDirect) {
      budget.walks = kMostWalks;
      budget.spare_walks = static_cast<std::uint32_t>(
          std::min({batches - lanes, budget.spare_bytes / walk_scratch_bytes(needs), kMostSpareWalks}));
    }
  }
  if (threads == Count::kAuto) lanes = std::min<std::uint64_t>(lanes, io::processor_count());
  budget.lanes = static_cast<std::uint32_t>(lanes);
  return budget;
}

bool holds_all_pages(const SearchBudget& budget, const SearchNeeds& needs) noexcept {
  const auto pages = static_cast<std::uint32_t>(needs.shape.pages(needs.count));
  return io::least_cache_bytes(needs.shape.page_bytes, pages) <= budget.cache_bytes;
}

}  // namespace nearline::engine
