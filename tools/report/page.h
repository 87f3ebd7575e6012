// SPDX-License-Identifier: Apache-2.0
/// Draws a report: one page that needs nothing but itself.
#pragma once

#include <string>

#include "tools/report/figures.h"

namespace nearline::tools {

/// The whole page: HTML that is XML as well, with its style and pictures inside. Precondition: the curve has a point.
std::string report_page(const Report& report);

}  // namespace nearline::tools
