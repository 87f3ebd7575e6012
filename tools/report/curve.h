// SPDX-License-Identifier: Apache-2.0
/// Recall, speed and reads of searches with each L.
#pragma once

#include <vector>

#include "tools/report/figures.h"
#include "tools/report/sample.h"

namespace nearline::tools {

/// Measures each of `lengths`, ascending, and says how: sets the report's curve, and what it says beside it of io,
/// rankings, memory and queries. Precondition: the report's info is set.
/// From a memory map figures are taken when all queries were asked once before. From the disk each L begins with an
/// empty cache of nearline's own, since queries that come again would find their pages in it.
/// Errors: those of Index::open and search; kCancelled.
Result<void> measure_curve(const SearchSetup& setup, const Trial& trial, const std::vector<std::uint32_t>& lengths,
                           const ProgressFn& progress, Report& report);

}  // namespace nearline::tools
