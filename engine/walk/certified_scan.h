// SPDX-License-Identifier: Apache-2.0
/// The exact search that reads little: what a code proves to be too far away is not read, and all else is.
#pragma once

#include "engine/codes/code_table.h"
#include "engine/walk/walk.h"

namespace nearline::engine {

/// What the scan takes beyond the scratch of a usual walk and the tables of CodeBound.
/// Where all within a distance are wanted nobody knows how many these are: they are not counted.
[[nodiscard]] std::uint64_t certified_scan_bytes(const WalkOptions& options) noexcept;

/// scratch.answers as scan_records, to the byte. scratch.code_bound is prepared for the query. codes: of all records,
/// whole; they outlive the task. First the records that are most likely the nearest are read, so that the k-th distance
/// is known; then, in the order of the file, every page with a record that may be as near.
/// Errors: those of the reader and of the codes.
SearchTask scan_certified(FrameMemory& memory, WalkCall call, CodeTable& codes);

}  // namespace nearline::engine
