// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/report/chart_frame.h"
#include "tools/report/html.h"

namespace nearline::tools {
namespace {

constexpr double kLetter = 6.4;  // width of one, about
constexpr double kLineHeight = 13;

struct Box {
  double left, top, right, bottom;
  [[nodiscard]] bool meets(const Box& other) const noexcept {
    return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
  }
};

class LineChart {
 public:
  LineChart(const ChartText& text, const Axis& x, const Axis& y, std::span<const ChartLine> lines)
      : x_(x), y_(y), lines_(lines), frame_(text, names_width(lines)) {}

  std::string draw() && {
    frame_.draw_x(x_);
    frame_.draw_y(y_);
    for (std::size_t i = 0; i < lines_.size(); ++i) draw_line(i);
    for (std::size_t i = 0; i < lines_.size(); ++i) draw_marks(i);
    draw_labels();
    draw_names();
    return std::move(frame_).finish();
  }

 private:
  static double names_width(std::span<const ChartLine> lines) {
    std::size_t longest = 0;
    for (const ChartLine& line : lines) longest = std::max(longest, line.name.size());
    return 18 + (longest > 0 ? 6 + static_cast<double>(longest) * kLetter : 0);
  }

  [[nodiscard]] double x_of(const ChartPoint& point) const noexcept { return frame_.x_at(x_.place(point.x)); }
  [[nodiscard]] double y_of(const ChartPoint& point) const noexcept { return frame_.y_at(y_.place(point.y)); }

  void draw_line(std::size_t number) {
    std::string points;
    const ChartPoint* before = nullptr;
    for (const ChartPoint& point : lines_[number].points) {
      if (before != nullptr) take_segment(*before, point);
      before = &point;
      points += fmt::format("{}{:.1f},{:.1f}", points.empty() ? "" : " ", x_of(point), y_of(point));
    }
    frame_.add(fmt::format("<polyline class=\"line c{}\" points=\"{}\"/>\n", number + 1, points));
  }

  /// Labels keep off the line.
  void take_segment(const ChartPoint& from, const ChartPoint& to) {
    const double width = x_of(to) - x_of(from);
    const double height = y_of(to) - y_of(from);
    const int steps = 1 + static_cast<int>(std::hypot(width, height) / 4);
    for (int i = 0; i <= steps; ++i) {
      const double x = x_of(from) + width * i / steps;
      const double y = y_of(from) + height * i / steps;
      taken_.push_back({x - 1, y - 1, x + 1, y + 1});
    }
  }

  /// A circle, a square, a diamond, a triangle; around it what the pointer may hit.
  void draw_marks(std::size_t number) {
    static constexpr const char* kShapes[] = {"<circle r=\"4\"/>",
                                              "<rect x=\"-3.6\" y=\"-3.6\" width=\"7.2\" height=\"7.2\"/>",
                                              "<path d=\"M0-5 5 0 0 5-5 0z\"/>", "<path d=\"M0-5 4.8 3.6-4.8 3.6z\"/>"};
    for (const ChartPoint& point : lines_[number].points) {
      const double x = x_of(point);
      const double y = y_of(point);
      frame_.add(
          fmt::format("<g class=\"mark c{}\" transform=\"translate({:.1f} {:.1f})\"><title>{}</title>"
                      "<circle class=\"hit\" r=\"11\"/>{}</g>\n",
                      number + 1, x, y, escaped(point.tip), kShapes[number]));
      taken_.push_back({x - 5, y - 5, x + 5, y + 5});
    }
  }

  /// Labels of the ends before those between; on any side of their marks that is free, or not at all.
  void draw_labels() {
    for (const ChartLine& line : lines_) {
      const std::size_t last = line.points.size() - 1;
      draw_label(line.points[last]);
      for (std::size_t i = 0; i < last; ++i) draw_label(line.points[i]);
    }
  }

  void draw_label(const ChartPoint& point) {
    const double width = static_cast<double>(point.label.size()) * kLetter;
    if (point.label.empty()) return;
    const double x = x_of(point);
    const double y = y_of(point);
    const auto box = [&](double left, double top) { return Box{left, top, left + width, top + kLineHeight}; };
    for (const Box& at :
         {box(x + 8, y - 6.5), box(x - 8 - width, y - 6.5), box(x - width / 2, y - 20), box(x - width / 2, y + 7),
          box(x + 4, y - 20), box(x + 4, y + 7), box(x - 4 - width, y - 20), box(x - 4 - width, y + 7)}) {
      const bool inside = at.left >= ChartFrame::kLeft && at.right <= ChartFrame::kWidth && at.top >= 0 &&
                          at.bottom <= ChartFrame::kBottom;
      const bool free = std::none_of(taken_.begin(), taken_.end(), [&](const Box& other) { return other.meets(at); });
      if (!inside || !free) continue;
      frame_.text_at(at.left, at.bottom - 3, "start", point.label);
      taken_.push_back(at);
      return;
    }
  }

  /// At the ends of the lines, the lowest first, each a line of text above the one before at least.
  void draw_names() {
    std::vector<std::pair<double, std::size_t>> ends;
    for (std::size_t i = 0; i < lines_.size(); ++i) ends.emplace_back(-y_of(lines_[i].points.back()), i);
    std::sort(ends.begin(), ends.end());
    double free_above = ChartFrame::kBottom;
    for (const auto& [end, i] : ends) {
      const double y = std::min(-end, free_above);
      frame_.add(fmt::format("<g class=\"name c{}\">", i + 1));
      frame_.text_at(x_of(lines_[i].points.back()) + 9, y + 4, "start", lines_[i].name);
      frame_.add("</g>");
      free_above = y - kLineHeight;
    }
  }

  const Axis& x_;
  const Axis& y_;
  std::span<const ChartLine> lines_;
  ChartFrame frame_;
  std::vector<Box> taken_;
};

}  // namespace

std::string line_chart(const ChartText& text, const Axis& x, const Axis& y, std::span<const ChartLine> lines) {
  return LineChart(text, x, y, lines).draw();
}

}  // namespace nearline::tools
