// SPDX-License-Identifier: Apache-2.0
/// A segment without a graph, for records that are few and new: written fast, and compared with every query.
#pragma once

#include "engine/file/index_file_writer.h"
#include "engine/make/intake.h"
#include "nearline/builder.h"

namespace nearline::engine {

/// The format knows no degree of 0.
inline constexpr std::uint32_t kLeastDegree = 1;

/// Adds it to the file that is being written. Errors: those of the files; kCancelled. Precondition: something was taken
/// in.
Result<void> write_flat_segment(Intake& intake, const Schema& schema, IndexFileWriter& writer);

}  // namespace nearline::engine
