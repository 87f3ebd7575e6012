// SPDX-License-Identifier: Apache-2.0
/// What opening a segment's field takes, and the one decision that is made then: whether codes rank, and how much of
/// them.
#pragma once

#include <cstdint>

#include "engine/file/index_file.h"
#include "engine/segment/search_budget.h"
#include "nearline/search.h"

namespace nearline::engine {

/// Bytes of a code in the file; 0 when it has none.
std::uint32_t stored_code_bytes(const SegmentFile& file) noexcept;

/// Memory that a segment keeps for the answers of filters: two sets of its records, where records have attributes.
std::uint64_t value_memory_bytes(const SegmentFile& file) noexcept;

/// How a file of so many bytes is read: the mode that the options name, or that kAuto comes to.
IoMode choose_mode(const OpenOptions& options, std::uint64_t file_bytes);

/// The least options.memory_bytes that Field::open accepts for so many threads; with codes: to rank by them.
std::uint64_t least_open_bytes(const SegmentFile& file, std::uint32_t threads, IoMode mode, bool codes) noexcept;

/// Decides whether codes rank: always on fused pages, through which there is no other way; on lean ones when the
/// options say so, or when the cache cannot hold all pages. Where nobody says so the memory need not have room for all
/// codes: as many leading parts of each rank as it has room for. Errors: kInvalidArgument for a ranking that the file
/// cannot give; kOverBudget for one that the memory cannot.
Result<SearchNeeds> choose_needs(const SegmentFile& file, const OpenOptions& options, IoMode io);

}  // namespace nearline::engine
