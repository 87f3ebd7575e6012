// SPDX-License-Identifier: Apache-2.0
/// The segment that follows from a plan: the records of those that are merged, and what is pending.
#pragma once

#include "engine/file/index_file_writer.h"
#include "engine/write/commit.h"

namespace nearline::engine {

/// Adds it to what is being written, unless the plan has no records. Returns how many records come from other segments.
/// Errors: those of plan_build, of reading what is merged and of writing.
Result<std::uint64_t> write_new_segment(const CommitInput& input, const MergePlan& merge, IndexFileWriter& writer);

/// The segment beside the new one whose calibration and way of coding serve that, too, or null.
const Segment* model_of(const CommitInput& input, const MergePlan& merge) noexcept;

}  // namespace nearline::engine
