// SPDX-License-Identifier: Apache-2.0
/// What a commit leaves behind can be opened: by the next commit's view of the index, and by readers with the default
/// memory.
#pragma once

#include <cstdint>

#include "engine/write/commit.h"
#include "engine/write/merge_policy.h"

namespace nearline::engine {

/// The writer's view of an index has so much of the default memory.
inline constexpr std::uint64_t kViewBytes = 20u << 20;

/// Takes more segments into the plan, the smallest first, until those that stay and the new one can be opened together.
/// view_bytes, view_io: of the writer's view. The largest segment stays: where it needs all the memory by itself,
/// whoever opens the index has to give more.
/// Returns whether all can be opened; where a merge is at work on some it is not until that has ended, perhaps.
bool keep_openable(const CommitInput& input, std::uint64_t view_bytes, IoMode view_io, MergePlan& plan);

/// The least memory that a writer's view of the index takes.
std::uint64_t view_needs(const IndexFile& index);

}  // namespace nearline::engine
