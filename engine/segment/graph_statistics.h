// SPDX-License-Identifier: Apache-2.0
/// Statistics of several segments together.
#pragma once

#include "nearline/statistics.h"

namespace nearline::engine {

void add(const GraphStatistics& part, GraphStatistics& sum);

}  // namespace nearline::engine
