// SPDX-License-Identifier: Apache-2.0
/// Takes all figures of a report.
#pragma once

#include <vector>

#include "tools/batch_search.h"
#include "tools/report/figures.h"

namespace nearline::tools {

struct ReportSetup {
  SearchSetup search;           ///< search.queries: empty for records of the index itself
  std::filesystem::path truth;  ///< empty: found by exact search
  std::vector<std::uint32_t> lengths = {10, 15, 20, 30, 40, 60, 80, 120, 160};
  std::uint32_t sample = 200;  ///< records of the index
  std::uint64_t seed = 1;
};

/// Errors: kInvalidArgument or kBadInput for options and files that do not fit the index or each other; those of
/// Index, VectorFile and read_neighbors; kCancelled.
Result<Report> measure_report(const ReportSetup& setup, const ProgressFn& progress);

}  // namespace nearline::tools
