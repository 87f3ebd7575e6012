// SPDX-License-Identifier: Apache-2.0
/// The k nearest among some records, of queries that were checked.
#pragma once

#include "engine/query/check_queries.h"
#include "engine/query/matching.h"
#include "engine/query/snapshot.h"

namespace nearline::engine {

/// As Snapshot::search behind the door. rows: some of the asked ones; options: their k may be above the field's count.
/// matching: of the snapshot. Errors: kInvalidArgument for a recall that the calibration does not know; kCorrupt, kIo.
Result<SearchResult> search_among(const Snapshot& snapshot, const MatrixView& rows, const Weightings& weightings,
                                  const Matching& matching, const SearchOptions& options);

}  // namespace nearline::engine
