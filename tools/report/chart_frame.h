// SPDX-License-Identifier: Apache-2.0
/// What charts with two axes share: the picture, its margins, grid, ticks and labels.
#pragma once

#include <string>
#include <string_view>

#include "tools/report/chart.h"

namespace nearline::tools {

class ChartFrame {
 public:
  static constexpr double kWidth = 560, kHeight = 320;

  /// right: margin for the names of lines.
  explicit ChartFrame(const ChartText& text, double right = 18);

  [[nodiscard]] double x_at(double place) const noexcept { return kLeft + place * (right_ - kLeft); }
  [[nodiscard]] double y_at(double place) const noexcept { return kBottom - place * (kBottom - kTop); }
  [[nodiscard]] double right() const noexcept { return right_; }

  /// Grid lines and the ticks' texts.
  void draw_x(const Axis& axis);
  void draw_y(const Axis& axis);

  void text_at(double x, double y, const char* anchor, std::string_view text);
  void add(std::string_view markup) { svg_ += markup; }

  /// The whole element.
  [[nodiscard]] std::string finish() &&;

  static constexpr double kLeft = 62, kTop = 16, kBottom = kHeight - 50;

 private:
  double right_;
  std::string svg_;
};

/// The opening tag of a picture that readers of screens read as one, under this name.
std::string svg_tag(double width, double height, std::string_view name);

}  // namespace nearline::tools
