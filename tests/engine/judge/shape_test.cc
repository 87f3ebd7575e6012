// SPDX-License-Identifier: Apache-2.0
/// The figures of representations, against their definitions computed directly, pair by pair.
#include "engine/judge/shape.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "engine/judge/spectrum.h"

namespace nearline {
namespace {

std::vector<float> normal_rows(std::size_t rows, const std::vector<float>& scales, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values;
  for (std::size_t i = 0; i < rows; ++i)
    for (const float scale : scales) values.push_back(scale * normal(random) + 0.5F);
  return values;
}

double square(const std::vector<float>& rows, std::size_t dim, std::size_t i, std::size_t j, bool unit) {
  double a = 0, b = 0, product = 0, sum = 0;
  for (std::size_t d = 0; d < dim; ++d) {
    const double x = rows[i * dim + d], y = rows[j * dim + d];
    a += x * x;
    b += y * y;
    product += x * y;
    sum += (x - y) * (x - y);
  }
  return unit ? 2 - 2 * product / std::sqrt(a * b) : sum;
}

/// log det by elimination, of a positive definite matrix.
double log_determinant(std::vector<double> m, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    sum += std::log(m[i * n + i]);
    for (std::size_t r = i + 1; r < n; ++r) {
      const double factor = m[r * n + i] / m[i * n + i];
      for (std::size_t c = i; c < n; ++c) m[r * n + c] -= factor * m[i * n + c];
    }
  }
  return sum;
}

}  // namespace

TEST_SUITE("engine/judge/shape") {
  TEST_CASE("uniformity, coding rate, hubness and entropy are those of their definitions") {
    for (const std::size_t n : {12U, 40U}) {
      const std::vector<float> rows = normal_rows(n, {1, 0.5F, 2, 0.1F, 1, 1, 3, 1, 1, 0.2F, 1, 1, 1, 0.7F, 1}, 4);
      const std::uint32_t dim = 15;  // above n and below it
      CAPTURE(n);
      ProfileShape got;
      engine::measure_shape(rows, dim, got);
      CHECK(got.sample == n);
      CHECK(got.k == 10);
      double sum = 0;
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) sum += i == j ? 0 : std::exp(-2 * square(rows, dim, i, j, true));
      CHECK(got.uniformity == doctest::Approx(std::log(sum / static_cast<double>(n * (n - 1)))));

      std::vector<double> coding(dim * dim);
      for (std::size_t a = 0; a < dim; ++a) {
        for (std::size_t b = 0; b < dim; ++b) {
          for (std::size_t i = 0; i < n; ++i) {
            double length = 0;
            for (std::size_t d = 0; d < dim; ++d) length += double{rows[i * dim + d]} * rows[i * dim + d];
            coding[a * dim + b] +=
                dim / (static_cast<double>(n) * 0.5) * rows[i * dim + a] * rows[i * dim + b] / length;
          }
          if (a == b) coding[a * dim + b] += 1;
        }
      }
      CHECK(got.coding_rate == doctest::Approx(log_determinant(coding, dim) / 2));

      std::vector<double> occurrences(n);
      double logs = 0;
      for (std::size_t i = 0; i < n; ++i) {
        std::vector<std::pair<double, std::size_t>> near;
        for (std::size_t j = 0; j < n; ++j)
          if (j != i) near.emplace_back(square(rows, dim, i, j, false), j);
        std::sort(near.begin(), near.end());
        for (std::size_t k = 0; k < 10; ++k) occurrences[near[k].second] += 1;
        logs += std::log(std::sqrt(near[9].first));
      }
      double second = 0, third = 0;
      for (const double times : occurrences) {
        second += (times - 10) * (times - 10) / static_cast<double>(n);
        third += std::pow(times - 10, 3) / static_cast<double>(n);
      }
      CHECK(got.hubness == doctest::Approx(third / std::pow(second, 1.5)));
      const auto psi = [](std::size_t m) {
        double value = -0.57721566490153286;
        for (std::size_t i = 1; i < m; ++i) value += 1 / static_cast<double>(i);
        return value;
      };
      const double ball = 7.5 * std::log(std::acos(-1.0)) - std::lgamma(8.5);
      CHECK(got.neighbor_entropy == doctest::Approx(psi(n) - psi(10) + ball + 15 * logs / static_cast<double>(n)));
    }
  }

  TEST_CASE("the entropy of a known distribution is estimated near to the truth") {
    ProfileShape got;
    engine::measure_shape(normal_rows(1500, {1, 2}, 8), 2, got);
    const double truth = std::log(2 * std::acos(-1.0) * std::exp(1.0)) + std::log(2.0);
    CHECK(got.neighbor_entropy == doctest::Approx(truth).epsilon(0.05));
  }

  TEST_CASE("isotropy and effective rank follow the variances, whatever way they lie") {
    // Rows at +-s on each axis have the covariance diag(s^2) / dim.
    const std::vector<float> scales{4, 2, 1, 1, 0};
    std::vector<float> rows;
    double sum = 0, squares = 0, roots = 0, entropy = 0;
    for (std::size_t axis = 0; axis < scales.size(); ++axis) {
      for (const float sign : {1.0F, -1.0F}) {
        std::vector<float> row(scales.size());
        row[axis] = sign * scales[axis];
        rows.insert(rows.end(), row.begin(), row.end());
      }
      sum += scales[axis] * scales[axis];
      squares += std::pow(scales[axis], 4);
      roots += scales[axis];
    }
    for (const double scale : scales)
      if (scale > 0) entropy -= scale / roots * std::log(scale / roots);
    // IsoScore by its own steps: normalise the variances to length sqrt(d), the distance to all ones, the rest.
    const double d = 5;
    double defect = 0;
    for (const double scale : scales) defect += std::pow(std::sqrt(d) * scale * scale / std::sqrt(squares) - 1, 2);
    defect = std::sqrt(defect / (2 * (d - std::sqrt(d))));
    const double phi = std::pow(d - defect * defect * (d - std::sqrt(d)), 2) / (d * d);
    ProfileShape got;
    engine::measure_shape(rows, 5, got);
    CHECK(got.isotropy == doctest::Approx((d * phi - 1) / (d - 1)));
    CHECK(got.isotropy == doctest::Approx((sum * sum / squares - 1) / 4));
    CHECK(got.effective_rank == doctest::Approx(std::exp(entropy)));
    CHECK(got.collapsed == 1);
  }

  TEST_CASE("rows that collapse have an entropy of minus infinity, and rows that are equal no shape") {
    std::vector<float> rows;
    for (int i = 0; i < 40; ++i) rows.insert(rows.end(), {static_cast<float>(i % 2), 1.0F, 0.0F});
    ProfileShape got;
    engine::measure_shape(rows, 3, got);
    CHECK(got.sample == 40);
    CHECK(got.neighbor_entropy == -std::numeric_limits<double>::infinity());
    CHECK(got.isotropy == doctest::Approx(0));
    CHECK(got.effective_rank == doctest::Approx(1).epsilon(1e-6));
    for (const std::vector<float>& none : {std::vector<float>(30, 2.0F), std::vector<float>{1, 2, 3}, {}}) {
      ProfileShape shape;
      engine::measure_shape(none, 3, shape);
      CHECK(shape.sample == 0);
    }
    ProfileShape of_zeros;  // a zero row has no direction, but a place
    std::vector<float> zeros(30, 0.0F);
    zeros[0] = 1;
    engine::measure_shape(zeros, 3, of_zeros);
    CHECK(of_zeros.sample == 10);
    CHECK(of_zeros.uniformity == 0);
  }

  TEST_CASE("alignment is the mean squared distance of pairs of unit length") {
    engine::AlignmentSum sum;
    const std::vector<float> a{3, 0}, b{0, 2}, c{-1, 0}, zero{0, 0};
    sum.add(a, b);
    sum.add(a, c);
    sum.add(a, a);
    sum.add(a, zero);
    ProfileShape got;
    sum.write(got);
    CHECK(got.pairs == 3);
    CHECK(got.alignment == doctest::Approx((2.0 + 4 + 0) / 3));
    engine::AlignmentSum().write(got);
    CHECK(std::isnan(got.alignment));
  }
}

}  // namespace nearline
