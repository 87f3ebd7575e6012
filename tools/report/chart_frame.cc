// SPDX-License-Identifier: Apache-2.0
#include "tools/report/chart_frame.h"

#include <fmt/format.h>

#include "tools/report/html.h"

namespace nearline::tools {

std::string svg_tag(double width, double height, std::string_view name) {
  return fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n", width, height, escaped(name));
}

ChartFrame::ChartFrame(const ChartText& text, double right)
    : right_(kWidth - right), svg_(svg_tag(kWidth, kHeight, text.name)) {
  const double middle = (kLeft + right_) / 2;
  const double half = (kTop + kBottom) / 2;
  add(fmt::format("<text class=\"axis\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", middle, kHeight - 8,
                  escaped(text.x)));
  add(fmt::format("<text class=\"axis\" transform=\"translate(14 {}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
                  half, escaped(text.y)));
}

void ChartFrame::draw_x(const Axis& axis) {
  for (const double tick : axis.ticks()) {
    const double x = x_at(axis.place(tick));
    add(fmt::format("<line class=\"grid\" x1=\"{0:.1f}\" y1=\"{1}\" x2=\"{0:.1f}\" y2=\"{2}\"/>\n", x, kTop, kBottom));
    text_at(x, kBottom + 17, "middle", tick_text(tick));
  }
}

void ChartFrame::draw_y(const Axis& axis) {
  for (const double tick : axis.ticks()) {
    const double y = y_at(axis.place(tick));
    add(fmt::format("<line class=\"grid\" x1=\"{1}\" y1=\"{0:.1f}\" x2=\"{2}\" y2=\"{0:.1f}\"/>\n", y, kLeft, right_));
    text_at(kLeft - 7, y + 4, "end", tick_text(tick));
  }
}

void ChartFrame::text_at(double x, double y, const char* anchor, std::string_view text) {
  add(fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor, escaped(text)));
}

std::string ChartFrame::finish() && {
  return std::move(svg_) + "</svg>\n";
}

}  // namespace nearline::tools
