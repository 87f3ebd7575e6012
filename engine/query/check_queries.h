// SPDX-License-Identifier: Apache-2.0
/// What is asked of an index, checked at the door.
#pragma once

#include "nearline/result.h"
#include "nearline/search.h"
#include "nearline/statistics.h"
#include "nearline/types.h"

namespace nearline::engine {

/// Errors: those of Index::search for its arguments.
Result<void> check_queries(const MatrixView& queries, const SearchOptions& options, const IndexInfo& info);

}  // namespace nearline::engine
