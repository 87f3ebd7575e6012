// SPDX-License-Identifier: Apache-2.0
#include "tools/report/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace nearline::tools {
namespace {

constexpr int kMostTicks = 7;

/// The round step that divides `range` into few parts.
double round_step(double range) noexcept {
  const double rough = range / kMostTicks;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= rough) return factor * power;
  return 10 * power;
}

/// The i-th of the sequence ..., 0.5, 1, 2, 5, 10, 20, ...; the 0th is 1.
double round_number(int i) noexcept {
  static constexpr double kFactors[] = {1, 2, 5};
  const int rest = ((i % 3) + 3) % 3;
  return kFactors[rest] * std::pow(10, (i - rest) / 3);
}

}  // namespace

Axis Axis::linear(double low, double high) {
  Axis axis(false);
  if (!(high > low)) high = low + 1;
  const double step = round_step(high - low);
  // An end that is a tick but for rounding is not passed.
  const auto first = static_cast<long>(std::floor(low / step + 1e-9));
  const auto last = static_cast<long>(std::ceil(high / step - 1e-9));
  for (long i = first; i <= last; ++i) axis.ticks_.push_back(static_cast<double>(i) * step);
  return axis;
}

Axis Axis::logarithmic(double low, double high) {
  Axis axis(true);
  low = std::clamp(low, 1e-9, 1e12);
  high = std::clamp(high, low, 1e12);
  int first = static_cast<int>(std::floor(3 * std::log10(low)));
  while (round_number(first) > low) --first;
  while (round_number(first + 1) <= low) ++first;
  int last = first + 1;
  while (round_number(last) < high) ++last;
  const bool decades = last - first >= kMostTicks;
  for (int i = first; i <= last; ++i)
    if (!decades || i % 3 == 0 || i == first || i == last) axis.ticks_.push_back(round_number(i));
  return axis;
}

double Axis::place(double value) const noexcept {
  double low = ticks_.front();
  double high = ticks_.back();
  if (logarithmic_) {
    value = std::log(std::max(value, low));
    low = std::log(low);
    high = std::log(high);
  }
  return std::clamp((value - low) / (high - low), 0.0, 1.0);
}

std::string tick_text(double value) {
  if (value >= 1e6) return fmt::format("{:g}M", value / 1e6);
  if (value >= 1e4) return fmt::format("{:g}k", value / 1e3);
  return fmt::format("{:g}", value);
}

}  // namespace nearline::tools
