// SPDX-License-Identifier: Apache-2.0
/// How the page looks, in light and in dark.
#pragma once

namespace nearline::tools {

extern const char* const kReportStyle;

}  // namespace nearline::tools
