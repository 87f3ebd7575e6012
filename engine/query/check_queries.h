// SPDX-License-Identifier: Apache-2.0
/// What is asked of an index, checked at the door.
#pragma once

#include "engine/space/weighting.h"
#include "nearline/result.h"
#include "nearline/search.h"
#include "nearline/statistics.h"
#include "nearline/types.h"

namespace nearline::engine {

/// How dimensions count in one call, and while a walk by distance is under way.
struct Weightings {
  Weighting last, walk;
  bool funnel = false;  ///< they differ

  [[nodiscard]] const Weighting* answers() const noexcept { return last.all() ? nullptr : &last; }
  [[nodiscard]] const Weighting* walks() const noexcept { return funnel ? &walk : nullptr; }
};

/// Errors: those of Index::search for its arguments.
Result<Weightings> check_queries(const MatrixView& queries, const SearchOptions& options, const IndexInfo& info);

}  // namespace nearline::engine
