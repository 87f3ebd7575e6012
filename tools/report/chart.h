// SPDX-License-Identifier: Apache-2.0
/// Charts as SVG that is part of a page. Nothing is said by colour alone: lines differ in dashes and marks and carry
/// their names, every mark has its figures as a tooltip, axes have labels. All texts are escaped here.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tools/report/axis.h"

namespace nearline::tools {

/// What a chart is called, for those who cannot see it, and what its axes are.
struct ChartText {
  std::string name, x, y;
};

struct ChartPoint {
  double x = 0, y = 0;
  std::string label;  ///< stands beside the mark where there is room; may be empty
  std::string tip;
};

struct ChartLine {
  std::string name;  ///< stands at the line's end; may be empty
  std::vector<ChartPoint> points;
};

/// At most four lines. Precondition: each has a point.
std::string line_chart(const ChartText& text, const Axis& x, const Axis& y, std::span<const ChartLine> lines);

struct ChartBar {
  std::string label, tip;
  double value = 0;
};

/// One upright bar for each. Precondition: there is one.
std::string bar_chart(const ChartText& text, std::span<const ChartBar> bars);

/// One bar that is divided among at most six parts, each with its label where there is room. Below it,
/// in the same order, their tips as a legend.
std::string divided(const std::string& name, std::span<const ChartBar> parts);

}  // namespace nearline::tools
