// SPDX-License-Identifier: Apache-2.0
/// Measures the graphs of a commit anew, with queries that somebody gave or, when he takes them back, with records.
#pragma once

#include <vector>

#include "engine/file/index_file_writer.h"
#include "engine/write/commit.h"

namespace nearline::engine {

/// Writes input.queries and the calibrations. Precondition: nothing else is pending.
/// Errors: kOverBudget when a segment cannot be searched within the bound; those of searching and writing.
Result<void> recalibrate(const CommitInput& input, IndexFileWriter& writer);

/// Of queries as an index takes them, the sample that it keeps, as its field's vectors. Errors: those of sample_of;
/// kBadInput for one that its transform cannot take.
Result<std::vector<std::byte>> queries_to_keep(const Snapshot& index, const MatrixView& queries);

}  // namespace nearline::engine
