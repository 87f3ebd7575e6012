// SPDX-License-Identifier: Apache-2.0
/// Comparisons of two encoders, against direct computation and against spaces that are known to be alike.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "nearline/evaluate.h"

namespace nearline {
namespace {

std::vector<float> normal_values(std::size_t count, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

/// Turned in the planes of neighbouring components, scaled and moved.
std::vector<float> turned(const std::vector<float>& rows, std::size_t dim) {
  std::vector<float> out = rows;
  for (std::size_t at = 0; at < out.size(); at += dim) {
    for (std::size_t d = 0; d + 1 < dim; ++d) {
      const float x = out[at + d], y = out[at + d + 1];
      out[at + d] = 0.6F * x - 0.8F * y;
      out[at + d + 1] = 0.8F * x + 0.6F * y;
    }
    for (std::size_t d = 0; d < dim; ++d) out[at + d] = 3 * out[at + d] + 0.25F * static_cast<float>(d);
  }
  return out;
}

std::vector<double> centered(const std::vector<float>& rows, std::size_t dim) {
  std::vector<double> out(rows.begin(), rows.end());
  for (std::size_t d = 0; d < dim; ++d) {
    double mean = 0;
    for (std::size_t at = d; at < out.size(); at += dim) mean += out[at] * static_cast<double>(dim);
    mean /= static_cast<double>(out.size());
    for (std::size_t at = d; at < out.size(); at += dim) out[at] -= mean;
  }
  return out;
}

/// CKA by the Gram matrices of all pairs of rows, not by the components.
double direct_cka(const std::vector<float>& a, std::size_t dim_a, const std::vector<float>& b, std::size_t dim_b) {
  const std::vector<double> x = centered(a, dim_a), y = centered(b, dim_b);
  const std::size_t n = a.size() / dim_a;
  double both = 0, of_x = 0, of_y = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      double k = 0, l = 0;
      for (std::size_t d = 0; d < dim_a; ++d) k += x[i * dim_a + d] * x[j * dim_a + d];
      for (std::size_t d = 0; d < dim_b; ++d) l += y[i * dim_b + d] * y[j * dim_b + d];
      both += k * l;
      of_x += k * k;
      of_y += l * l;
    }
  }
  return both / std::sqrt(of_x * of_y);
}

std::vector<std::size_t> nearest(const std::vector<float>& rows, std::size_t dim, std::size_t i, std::size_t k) {
  std::vector<std::pair<double, std::size_t>> all;
  for (std::size_t j = 0; j < rows.size() / dim; ++j) {
    double a = 0, b = 0, product = 0;
    for (std::size_t d = 0; d < dim; ++d) {
      a += double{rows[i * dim + d]} * rows[i * dim + d];
      b += double{rows[j * dim + d]} * rows[j * dim + d];
      product += double{rows[i * dim + d]} * rows[j * dim + d];
    }
    if (j != i) all.emplace_back(-product / std::sqrt(a * b), j);
  }
  std::sort(all.begin(), all.end());
  std::vector<std::size_t> ids;
  for (std::size_t j = 0; j < k; ++j) ids.push_back(all[j].second);
  std::sort(ids.begin(), ids.end());
  return ids;
}

SpaceComparison compared(const std::vector<float>& a, std::uint32_t dim_a, const std::vector<float>& b,
                         std::uint32_t dim_b, const CompareOptions& options = {}) {
  const auto got = compare_spaces({a.data(), a.size() / dim_a, dim_a}, {b.data(), b.size() / dim_b, dim_b}, options);
  REQUIRE_MESSAGE(got, (got ? "" : got.error().message()));
  return *got;
}

}  // namespace

TEST_SUITE("engine/judge/compare_spaces") {
  TEST_CASE("overlap and CKA are those of their definitions") {
    const std::vector<float> a = normal_values(90 * 5, 1);
    std::vector<float> b;  // four components: some of the first space's, and some noise
    const std::vector<float> noise = normal_values(90 * 4, 2);
    for (std::size_t i = 0; i < 90; ++i)
      for (std::size_t d = 0; d < 4; ++d) b.push_back(a[i * 5 + d] + noise[i * 4 + d]);
    const SpaceComparison got = compared(a, 5, b, 4, {.k = 7, .sample = 90});
    CHECK(got.cka == doctest::Approx(direct_cka(a, 5, b, 4)));
    double shared = 0;
    for (std::size_t i = 0; i < 90; ++i) {
      const auto x = nearest(a, 5, i, 7), y = nearest(b, 4, i, 7);
      std::vector<std::size_t> both;
      std::set_intersection(x.begin(), x.end(), y.begin(), y.end(), std::back_inserter(both));
      shared += static_cast<double>(both.size());
    }
    CHECK(got.overlap == doctest::Approx(shared / (90 * 7)));
    CHECK(got.chance == doctest::Approx(7.0 / 89));
    CHECK(got.queries == 90);
    CHECK(got.learned_from == 45);
    CHECK(got.held_out == 45);
  }

  TEST_CASE("the Procrustes residual of a plane is that of the best turn and mirror image that can be tried") {
    const std::vector<float> a = normal_values(40 * 2, 3), noise = normal_values(40 * 2, 4);
    std::vector<float> b = turned(a, 2);
    for (std::size_t i = 0; i < b.size(); ++i) b[i] += 2 * noise[i];
    const SpaceComparison got = compared(a, 2, b, 2, {.k = 3});
    const std::vector<double> x = centered(a, 2), y = centered(b, 2);
    double of_x = 0, of_y = 0, best = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      of_x += x[i] * x[i];
      of_y += y[i] * y[i];
    }
    for (const double mirror : {1.0, -1.0}) {
      for (int step = 0; step < 3600; ++step) {
        const double turn = step * std::acos(-1.0) / 1800;
        double product = 0;
        for (std::size_t i = 0; i < x.size(); i += 2) {
          product += y[i] * (std::cos(turn) * x[i] - std::sin(turn) * mirror * x[i + 1]);
          product += y[i + 1] * (std::sin(turn) * x[i] + std::cos(turn) * mirror * x[i + 1]);
        }
        best = std::max(best, product / std::sqrt(of_x * of_y));
      }
    }
    CHECK(got.procrustes == doctest::Approx(1 - best * best).epsilon(1e-4));
  }

  TEST_CASE("a space that was turned, scaled and moved is the same, and an orthogonal map finds it") {
    const std::vector<float> a = normal_values(200 * 6, 5);
    const SpaceComparison got = compared(a, 6, turned(a, 6), 6, {.metric_a = Metric::kL2, .metric_b = Metric::kL2});
    CHECK(got.overlap == 1);
    CHECK(got.cka == doctest::Approx(1));
    CHECK(got.procrustes == doctest::Approx(0).epsilon(1e-5));
    CHECK(got.best == SpaceMap::kOrthogonal);
    for (const SpaceMap map : {SpaceMap::kOrthogonal, SpaceMap::kAffine}) {
      const MapFigures& figures = got.maps[static_cast<std::size_t>(map)];
      CHECK(figures.first == 1);
      CHECK(figures.among_k == 1);
      CHECK(figures.cosine == doctest::Approx(1).epsilon(1e-3));
    }
  }

  TEST_CASE("a space that was stretched wants an affine map, and one that was turned alone is found by cosines") {
    const std::vector<float> a = normal_values(300 * 5, 6);
    std::vector<float> stretched = a, alone = a;
    const float factors[] = {100, 30, 1, 0.1F, 10};
    for (std::size_t i = 0; i < a.size(); ++i) stretched[i] *= factors[i % 5];
    const SpaceComparison got = compared(a, 5, stretched, 5);
    CHECK(got.best == SpaceMap::kAffine);
    CHECK(got.maps[2].first > 0.9);
    CHECK(got.maps[1].first < got.maps[2].first);
    for (std::size_t at = 0; at < alone.size(); at += 5) std::reverse(alone.begin() + at, alone.begin() + at + 5);
    const SpaceComparison mirrored = compared(a, 5, alone, 5);
    CHECK(mirrored.best == SpaceMap::kRelative);
    CHECK(mirrored.maps[0].first == 1);
    CHECK(mirrored.overlap == 1);
  }

  TEST_CASE("spaces with nothing in common overlap by chance") {
    const SpaceComparison got = compared(normal_values(400 * 4, 7), 4, normal_values(400 * 7, 8), 7, {.sample = 400});
    CHECK(got.overlap == doctest::Approx(got.chance).epsilon(0.5));
    CHECK(got.cka < 0.1);
    CHECK(got.procrustes > 0.7);
    for (const MapFigures& map : got.maps) CHECK(map.first < 0.05);
  }

  TEST_CASE("what cannot be compared is refused") {
    const std::vector<float> a = normal_values(30, 9), flat(30, 1.0F);
    const auto says = [](const Result<SpaceComparison>& got) { return got ? std::string() : got.error().message(); };
    CHECK(says(compare_spaces({a.data(), 10, 3}, {a.data(), 9, 3})).find("found 10 and 9") != std::string::npos);
    CHECK(says(compare_spaces({a.data(), 3, 3}, {a.data(), 3, 3})).find("found 3") != std::string::npos);
    CHECK(says(compare_spaces({a.data(), 10, 3}, {a.data(), 10, 3})).find("k of 10: expected 1 to 9") !=
          std::string::npos);
    CHECK(says(compare_spaces({a.data(), 10, 3}, {flat.data(), 10, 3}, {.k = 2})).find("equal") != std::string::npos);
    std::vector<float> bad = a;
    bad[7] = std::nanf("");
    CHECK(says(compare_spaces({a.data(), 10, 3}, {bad.data(), 10, 3}, {.k = 2})).find("row 2") != std::string::npos);
  }
}

}  // namespace nearline
