// SPDX-License-Identifier: Apache-2.0
#include "engine/judge/shape.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "engine/judge/spectrum.h"

namespace nearline::engine {
namespace {

constexpr std::uint32_t kNeighbors = 10;
constexpr double kCollapsed = 1e-6;   // of the largest variance
constexpr double kCodingError = 0.5;  // squared
constexpr double kPi = 3.14159265358979323846;

/// Rows of length 1, without those that have no direction.
std::vector<double> directions(std::span<const float> rows, std::uint32_t dim) {
  std::vector<double> all;
  all.reserve(rows.size());
  for (std::size_t at = 0; at < rows.size(); at += dim) {
    double squares = 0;
    for (const float x : rows.subspan(at, dim)) squares += double{x} * double{x};
    if (squares == 0) continue;
    for (const float x : rows.subspan(at, dim)) all.push_back(double{x} / std::sqrt(squares));
  }
  return all;
}

/// The digamma function of a whole number above 0.
double digamma(std::size_t n) {
  constexpr double kEuler = 0.57721566490153286;
  double sum = -kEuler;
  for (std::size_t i = 1; i < n; ++i) sum += 1 / static_cast<double>(i);
  return sum;
}

void by_variance(const std::vector<double>& values, std::size_t rows, std::uint32_t dim, ProfileShape& shape) {
  double sum = 0;
  double squares = 0;
  double roots = 0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
    roots += std::sqrt(value);
  }
  shape.isotropy = dim == 1 ? 1 : (sum * sum / squares - 1) / (dim - 1.0);
  double entropy = 0;
  for (const double value : values) {
    const double share = std::sqrt(value) / roots;
    if (share > 0) entropy -= share * std::log(share);
  }
  shape.effective_rank = std::exp(entropy);
  const std::size_t telling = std::min<std::size_t>(rows - 1, dim);
  const double least = kCollapsed * values.front();
  shape.collapsed =
      static_cast<std::uint32_t>(std::count_if(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(telling),
                                               [least](double value) { return value < least; }));
}

void by_directions(const std::vector<double>& unit, std::uint32_t dim, ProfileShape& shape) {
  const std::size_t rows = unit.size() / dim;
  if (rows < 2) return;
  const std::vector<double> squares = squared_distances(unit, dim);
  double sum = 0;
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = i + 1; j < rows; ++j) sum += std::exp(-2 * squares[i * rows + j]);
  shape.uniformity = std::log(2 * sum / (static_cast<double>(rows) * static_cast<double>(rows - 1)));
  for (const double value : spectrum(unit, dim)) shape.coding_rate += std::log1p(dim / kCodingError * value) / 2;
}

/// values' third central moment over the cube of their standard deviation; 0 where they are all equal.
double skewness(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double second = 0;
  double third = 0;
  for (const double value : values) {
    second += (value - mean) * (value - mean) / count;
    third += (value - mean) * (value - mean) * (value - mean) / count;
  }
  return second > 0 ? third / (second * std::sqrt(second)) : 0;
}

void by_neighbors(const std::vector<double>& centered, std::uint32_t dim, ProfileShape& shape) {
  const std::size_t rows = centered.size() / dim;
  shape.k = static_cast<std::uint32_t>(std::min<std::size_t>(kNeighbors, rows - 1));
  const std::vector<double> squares = squared_distances(centered, dim);
  std::vector<double> occurrences(rows);
  std::vector<std::size_t> order;
  double logs = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    const double* const to = squares.data() + i * rows;
    order.clear();
    for (std::size_t j = 0; j < rows; ++j)
      if (j != i) order.push_back(j);
    const auto last = order.begin() + shape.k;
    std::partial_sort(order.begin(), last, order.end(),
                      [to](std::size_t a, std::size_t b) { return to[a] != to[b] ? to[a] < to[b] : a < b; });
    for (auto near = order.begin(); near != last; ++near) occurrences[*near] += 1;
    logs += std::log(to[*(last - 1)]) / 2;
  }
  shape.hubness = skewness(occurrences);
  const double ball = dim / 2.0 * std::log(kPi) - std::lgamma(dim / 2.0 + 1);
  shape.neighbor_entropy = digamma(rows) - digamma(shape.k) + ball + dim * logs / static_cast<double>(rows);
}

}  // namespace

void measure_shape(std::span<const float> rows, std::uint32_t dim, ProfileShape& shape) {
  const std::size_t count = rows.size() / dim;
  if (count < 2) return;
  std::vector<double> centered(rows.begin(), rows.end());
  center(centered, dim);
  const std::vector<double> values = spectrum(centered, dim);
  if (!(values.front() > 0)) return;
  shape.sample = static_cast<std::uint32_t>(count);
  by_variance(values, count, dim, shape);
  by_directions(directions(rows, dim), dim, shape);
  by_neighbors(centered, dim, shape);
}

void AlignmentSum::add(std::span<const float> a, std::span<const float> b) noexcept {
  double product = 0;
  double of_a = 0;
  double of_b = 0;
  for (std::size_t d = 0; d < a.size(); ++d) {
    product += double{a[d]} * double{b[d]};
    of_a += double{a[d]} * double{a[d]};
    of_b += double{b[d]} * double{b[d]};
  }
  if (!(of_a > 0 && of_b > 0)) return;
  sum_ += std::max(0.0, 2 - 2 * product / std::sqrt(of_a * of_b));
  ++pairs_;
}

void AlignmentSum::write(ProfileShape& shape) const noexcept {
  shape.pairs = pairs_;
  shape.alignment = pairs_ > 0 ? sum_ / static_cast<double>(pairs_) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace nearline::engine
