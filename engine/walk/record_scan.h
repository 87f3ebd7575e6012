// SPDX-License-Identifier: Apache-2.0
/// The search without a graph: the query is compared with every record.
#pragma once

#include "engine/walk/walk.h"

namespace nearline::engine {

/// Pages that a scan asks for at once.
[[nodiscard]] std::uint32_t pages_together(const format::PageShape& shape) noexcept;

/// scratch.answers: the k nearest of all, without what is farther than options.bound. L and the stop rule mean nothing.
/// Errors: those of the reader.
SearchTask scan_records(FrameMemory& memory, WalkCall call);

/// The same of the records that the admission's matches name: only their pages are read.
SearchTask scan_matches(FrameMemory& memory, WalkCall call);

}  // namespace nearline::engine
