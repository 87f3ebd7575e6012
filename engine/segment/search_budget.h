// SPDX-License-Identifier: Apache-2.0
/// How the memory of an open index is divided: tables first, then scratch for the walks of all lanes, and the rest for
/// the page cache that they share. With as many threads as there are processors nothing but the number of lanes follows
/// from the machine, and lanes are made as they are needed: a bound serves on all machines or on none.
#pragma once

#include <cstdint>

#include "format/graph_page.h"
#include "nearline/result.h"
#include "nearline/search.h"

namespace nearline::engine {

/// What the division follows from.
struct SearchNeeds {
  format::PageShape shape;
  std::uint64_t count = 0;        ///< records
  std::uint64_t entries = 0;      ///< entry points
  std::uint64_t code_bytes = 0;   ///< of all codes and their book, where they are used
  std::uint32_t code_parts = 0;   ///< bytes of a code that a query makes tables for
  std::uint32_t kept_parts = 0;   ///< bytes of a code that stay in memory: all of them, or the first
  std::uint64_t table_bytes = 0;  ///< of tables that stay in memory besides
};

struct SearchBudget {
  std::uint32_t lanes = 1;        ///< searches at once
  std::uint32_t walks = 1;        ///< queries of one search that are under way together, at most
  std::uint32_t spare_walks = 0;  ///< walks of all lanes beyond the first of each
  std::uint64_t spare_bytes = 0;  ///< for the scratch of these, and for what longer walks take beyond the usual
  std::uint64_t cache_bytes = 0;  ///< of the cache that all lanes share, one reader included
};

/// threads: as OpenOptions::threads; kAuto gives as many lanes as there are processors, or as the memory has room for.
/// Errors: kOverBudget below least_search_bytes(needs, threads, mode), which the message names.
Result<SearchBudget> divide_search_memory(std::uint64_t memory_bytes, const SearchNeeds& needs, std::uint32_t threads,
                                          IoMode mode);

/// Whether a cache of these needs' budget holds all pages at once.
bool holds_all_pages(const SearchBudget& budget, const SearchNeeds& needs) noexcept;

/// The least that works for `threads` searches at once, kAuto counting as 1.
std::uint64_t least_search_bytes(const SearchNeeds& needs, std::uint32_t threads, IoMode mode) noexcept;

/// What the scratch of a walk may grow to. Scratch of walks up to kUsualL is kept, that of longer ones given back.
inline constexpr std::uint32_t kUsualL = 512;
std::uint64_t walk_scratch_bytes(const SearchNeeds& needs, std::uint64_t l = kUsualL) noexcept;

}  // namespace nearline::engine
