// SPDX-License-Identifier: Apache-2.0
/// The parts of the page, in the order in which they stand on it.
#pragma once

#include <string>

#include "tools/report/figures.h"

namespace nearline::tools {

// search_sections.cc
std::string speed_section(const Report& report);
std::string reads_section(const Report& report);
std::string latency_section(const Report& report);
std::string memory_section(const Report& report);

// graph_sections.cc
std::string graph_section(const Report& report);
std::string pages_section(const Report& report);
std::string dimension_section(const Report& report);

}  // namespace nearline::tools
