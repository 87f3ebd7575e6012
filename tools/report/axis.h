// SPDX-License-Identifier: Apache-2.0
/// One axis of a chart: which values it spans, where on it a value lies, and where the ticks are.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace nearline::tools {

class Axis {
 public:
  /// Begins and ends at ticks of 1, 2 or 5 times a power of ten that enclose [low, high].
  static Axis linear(double low, double high);
  /// The same with equal ratios at equal distances. Values of 0 and below lie at its lower end.
  static Axis logarithmic(double low, double high);

  /// Where `value` lies: 0 at the lower end, 1 at the upper.
  [[nodiscard]] double place(double value) const noexcept;
  [[nodiscard]] std::span<const double> ticks() const noexcept { return ticks_; }

 private:
  explicit Axis(bool logarithm) : logarithmic_(logarithm) {}

  bool logarithmic_;
  std::vector<double> ticks_;  ///< ascending, two at least
};

/// "0.95", "500", "20k", "3M".
std::string tick_text(double value);

}  // namespace nearline::tools
