// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "tools/report/chart_frame.h"
#include "tools/report/html.h"

namespace nearline::tools {
namespace {

constexpr double kLetter = 6.6;
constexpr double kDividedWidth = 1000, kDividedHeight = 44;

/// Every so many bars one label, so that labels do not run into each other.
std::size_t label_step(std::span<const ChartBar> bars, double room) {
  std::size_t longest = 1;
  for (const ChartBar& bar : bars) longest = std::max(longest, bar.label.size());
  const double width = (static_cast<double>(longest) + 1) * kLetter;
  for (const std::size_t step : {1U, 2U, 4U, 5U, 8U, 10U, 16U, 20U, 32U, 50U, 64U, 100U})
    if (static_cast<double>(step) * room >= width) return step;
  return 128;
}

}  // namespace

std::string bar_chart(const ChartText& text, std::span<const ChartBar> bars) {
  ChartFrame frame(text);
  double highest = 0;
  for (const ChartBar& bar : bars) highest = std::max(highest, bar.value);
  const Axis y = Axis::linear(0, highest);
  frame.draw_y(y);
  const double room = (frame.right() - ChartFrame::kLeft) / static_cast<double>(bars.size());
  const double gap = std::min(3.0, room / 5);
  const std::size_t step = label_step(bars, room);
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const double x = ChartFrame::kLeft + static_cast<double>(i) * room;
    // What is there at all is seen, however few it is.
    double top = frame.y_at(y.place(bars[i].value));
    if (bars[i].value > 0) top = std::min(top, ChartFrame::kBottom - 1.5);
    frame.add(
        fmt::format("<g class=\"bar\"><title>{}</title><rect class=\"hit\" x=\"{:.2f}\" y=\"{}\" width=\"{:.2f}\" "
                    "height=\"{}\"/><rect x=\"{:.2f}\" y=\"{:.1f}\" width=\"{:.2f}\" height=\"{:.1f}\"/></g>\n",
                    escaped(bars[i].tip), x, ChartFrame::kTop, room, ChartFrame::kBottom - ChartFrame::kTop,
                    x + gap / 2, top, room - gap, ChartFrame::kBottom - top));
    if (i % step == 0) frame.text_at(x + room / 2, ChartFrame::kBottom + 17, "middle", bars[i].label);
  }
  return std::move(frame).finish();
}

std::string divided(const std::string& name, std::span<const ChartBar> parts) {
  double whole = 0;
  for (const ChartBar& part : parts) whole += part.value;
  std::string svg = "<div class=\"divided\">" + svg_tag(kDividedWidth, kDividedHeight, name);
  double x = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const double width = whole > 0 ? parts[i].value / whole * kDividedWidth : 0;
    if (width <= 0) continue;
    svg += fmt::format(
        "<g class=\"part p{}\"><title>{}</title><rect x=\"{:.1f}\" y=\"1\" width=\"{:.1f}\" height=\"{}\"/>", i + 1,
        escaped(parts[i].tip), x, std::max(1.0, width - 2), kDividedHeight - 2);
    if (width > static_cast<double>(parts[i].label.size() + 2) * 8)
      svg += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>", x + width / 2 - 1,
                         kDividedHeight / 2 + 5, escaped(parts[i].label));
    svg += "</g>\n";
    x += width;
  }
  std::string legend = "<ul>";
  for (std::size_t i = 0; i < parts.size(); ++i)
    legend += fmt::format("<li><span class=\"swatch p{}\"></span>{}</li>", i + 1, escaped(parts[i].tip));
  return svg + "</svg>\n" + legend + "</ul></div>\n";
}

}  // namespace nearline::tools
