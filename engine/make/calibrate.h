// SPDX-License-Identifier: Apache-2.0
/// Measures on a segment that was written how much effort walks need for a recall. Queries are real ones, where
/// somebody gave some, or records of it, each hidden from its own walk: one that is there would lead its walk straight
/// home. What was pruned in its favour is missing then, so that real queries like the records need rather less: a
/// recall that is asked for is reached, mostly with some to spare.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "engine/file/index_file.h"
#include "format/calibration.h"
#include "nearline/result.h"

namespace nearline::engine {

struct CalibrateOptions {
  std::uint64_t memory_bytes = 0;    ///< bound on what calibrating allocates
  std::uint64_t freed_bytes = 0;     ///< what the build held before and has given up: a cache may be as large
  std::uint32_t threads = 1;         ///< the outcome does not depend on it
  std::vector<std::byte> queries{};  ///< rows of the field's vectors (sample_of); none: records of the segment
  std::function<Result<void>(double share)> progress;
};

/// The calibration of a segment, or none when the memory has no room to search it.
/// Errors: those of opening and searching it, and of `progress`.
Result<std::optional<format::Calibration>> calibrate(const SegmentFile& file, const CalibrateOptions& options);

}  // namespace nearline::engine
