// SPDX-License-Identifier: Apache-2.0
/// The walk over fused pages: each page that is read brings its records, which are compared exactly, and the codes of
/// all records elsewhere that they point to, which tell what to read next. Nothing but the entry points stays in
/// memory. Sources: codes inside the node (AiSAQ, 2024), pages as nodes (PageANN, 2025).
#pragma once

#include "engine/codes/code_table.h"
#include "engine/walk/walk.h"

namespace nearline::engine {

/// Entry points of `entries` that one walk looks at together, at most.
std::uint64_t most_scanned(std::uint64_t entries) noexcept;

/// As search_by_codes. codes: of the entry points, in their order.
/// Errors: kCorrupt for a target out of range, and those of the reader and of the codes.
SearchTask search_fused(FrameMemory& memory, const WalkCall& call, CodeTable& codes);

}  // namespace nearline::engine
