// SPDX-License-Identifier: Apache-2.0
#include "engine/space/weighting.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>

#include "engine/space/space.h"
#include "tests/support/vectors.h"

namespace nearline::engine {
namespace {

using testing::Vectors;

/// What each dimension counts, in f64.
double weighted_distance(Metric metric, std::span<const float> q, std::span<const float> x, std::span<const float> w) {
  double apart = 0, product = 0, of_q = 0, of_x = 0, either = 0, different = 0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    const double a = q[i], b = x[i], weight = w[i];
    apart += weight * (a - b) * (a - b);
    product += weight * a * b;
    of_q += weight * a * a;
    of_x += weight * b * b;
    if (weight > 0 && a != b) ++different;
    if (weight > 0 && (a != 0 || b != 0)) ++either;
  }
  switch (metric) {
    case Metric::kL2: return apart;
    case Metric::kIp: return 1 - product;
    case Metric::kCosine: return of_x == 0 ? 1 : 1 - product / std::sqrt(of_q * of_x);
    case Metric::kHamming: return different;
    case Metric::kJaccard: return either == 0 ? 0 : different / either;
  }
  return 0;
}

/// Records as Space takes them, without scales: by weights none is asked for.
std::vector<std::byte> stored(const Vectors& rows, ElementType type) {
  const std::size_t bytes = vector_bytes(type, rows.dim);
  std::vector<std::byte> out(rows.rows() * bytes);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    if (rows.type == type) {
      std::memcpy(out.data() + i * bytes, rows.view().row(i), bytes);
    } else {
      kernels::from_f32(type, rows.row(i).data(), rows.dim, out.data() + i * bytes);
    }
  }
  return out;
}

void check(const testing::Kind& kind, std::uint32_t dim, const Weighting& weighting, std::span<const float> weights) {
  if (weighting.all()) return;  // which asks for the scales of records
  const Vectors rows = testing::clusters(kind.type, 40, dim);
  const Vectors queries = testing::queries_for(kind.type, 40, dim, 3);
  const std::vector<std::byte> records = stored(rows, kind.type);
  std::vector<const std::byte*> all;
  for (std::size_t i = 0; i < rows.rows(); ++i) all.push_back(records.data() + i * vector_bytes(kind.type, dim));
  const Space space = Space(kind.metric, kind.type, dim).by(weighting);
  std::vector<std::byte> form(space.query_bytes());
  std::vector<float> found(all.size());
  for (std::size_t q = 0; q < queries.rows(); ++q) {
    if (weighting.unfit_query(kind.metric, queries.type, queries.view().row(q)) != nullptr) continue;
    space.distances(space.query(queries.view().row(q), queries.type, form.data()), all, found.data());
    for (std::size_t i = 0; i < all.size(); ++i) {
      const double wanted = weighted_distance(kind.metric, queries.row(q), rows.row(i), weights);
      double terms = 1;
      for (std::size_t d = 0; d < dim; ++d) {
        terms += double{weights[d]} * std::fabs(double{queries.row(q)[d]} * double{rows.row(i)[d]});
      }
      const double slack = kind.metric == Metric::kIp ? 1e-5 * terms : 1e-5 * std::max(1.0, std::fabs(wanted));
      CHECK(std::fabs(double{found[i]} - wanted) <= slack);
    }
  }
}

Schema schema_of(const testing::Kind& kind, std::uint32_t dim) {
  return {.dim = dim, .type = kind.type, .metric = kind.metric};
}

}  // namespace

TEST_SUITE("engine/space/weighting") {
  TEST_CASE("distances are the metric's definition over what counts, for every metric, type, prefix and mask") {
    std::mt19937_64 random(7);
    for (const auto& kind : testing::all_kinds()) {
      for (const std::uint32_t dim : {1U, 3U, 8U, 24U, 63U, 600U}) {
        for (const std::uint32_t prefix : {1U, dim / 2 + 1, dim}) {
          std::vector<float> weights(dim);
          std::fill_n(weights.begin(), prefix, 1.0F);
          const auto weighting = Weighting::of(schema_of(kind, dim), prefix, {});
          REQUIRE(weighting);
          CHECK(weighting->all() == (prefix == dim));
          if (!weighting->all()) CHECK(weighting->share() == doctest::Approx(double{static_cast<float>(prefix)} / dim));
          check(kind, dim, *weighting, weights);
        }
        for (const bool whole : {true, false}) {
          if (!whole && kind.type == ElementType::kB1) continue;
          std::vector<float> weights(dim);
          for (float& weight : weights) {
            weight = whole ? static_cast<float>(random() % 2) : static_cast<float>(random() % 1000) / 250;
          }
          weights[random() % dim] = 1;
          const auto weighting = Weighting::of(schema_of(kind, dim), 0, weights);
          REQUIRE(weighting);
          check(kind, dim, *weighting, weights);
        }
      }
    }
  }

  TEST_CASE("a mask of ones counts all, one that ends in zeros is a prefix") {
    const Schema schema{.dim = 8, .type = ElementType::kF32, .metric = Metric::kL2};
    CHECK(Weighting::of(schema, 0, std::vector<float>(8, 1.0F))->all());
    CHECK(Weighting::of(schema, 8, {})->all());
    const auto first = Weighting::of(schema, 0, std::vector<float>{1, 1, 1, 0, 0, 0, 0, 0});
    CHECK(first->is_plain());
    CHECK(first->dims() == 3);
    CHECK(first->text() == "by the first 3 of 8 dimensions");
    CHECK(Weighting::of(schema, 0, std::vector<float>{0, 2, 0, 1, 0, 0, 0, 0})->text() ==
          "by the weights of 2 of 8 dimensions");
  }

  TEST_CASE("a record of which nothing counts lies at 1 under cosine, and a query of which nothing counts is refused") {
    const Schema schema{.dim = 4, .type = ElementType::kF32, .metric = Metric::kCosine};
    const std::vector<float> zero{0, 0, 5, 5}, other{1, 2, 3, 4};
    for (const std::vector<float>& mask : {std::vector<float>{1, 1, 0, 0}, {3, 2, 0, 0}}) {
      const auto weighting = Weighting::of(schema, 0, mask);
      REQUIRE(weighting);
      const auto* const bytes = reinterpret_cast<const std::byte*>(zero.data());
      CHECK(
          std::string(weighting->unfit_query(Metric::kCosine, ElementType::kF32, bytes)).starts_with("has no direct"));
      CHECK(std::string(weighting->unfit_query(Metric::kIp, ElementType::kF32, bytes)).starts_with("is zero in the"));
      CHECK(weighting->unfit_query(Metric::kL2, ElementType::kF32, bytes) == nullptr);
      const Space space = Space(Metric::kCosine, ElementType::kF32, 4).by(*weighting);
      std::vector<std::byte> form(space.query_bytes());
      const Query query = space.query(reinterpret_cast<const std::byte*>(other.data()), ElementType::kF32, form.data());
      float distance = 0;
      space.distances(query, std::span(&bytes, 1), &distance);
      CHECK(distance == 1);
    }
  }

  TEST_CASE("what is no prefix and no mask of the field is refused, and the message says what to give") {
    const Schema schema{.dim = 4, .type = ElementType::kF32, .metric = Metric::kL2};
    const auto refused = [&](std::uint32_t prefix, std::vector<float> mask) {
      const auto weighting = Weighting::of(schema, prefix, mask);
      REQUIRE(!weighting);
      CHECK(weighting.error().code == Code::kInvalidArgument);
      return weighting.error().what;
    };
    CHECK(refused(5, {}) == "prefix of 5: expected 1 to 4, the dimension");
    CHECK(refused(2, {1, 1, 0, 0}) == "prefix and mask: expected one of them, found both");
    CHECK(refused(0, {1, 1, 0}) == "mask of 3 weights: expected 4, one for each dimension");
    CHECK(refused(0, {0, 0, 0, 0}) == "mask: all weights are 0: expected one above 0 at least");
    CHECK(refused(0, {1, -1, 0, 0}).starts_with("mask: weight 1 is -1"));
    CHECK(refused(0, {1, 1, std::nanf(""), 0}).starts_with("mask: weight 2 is nan"));
    CHECK(refused(0, {std::numeric_limits<float>::infinity(), 1, 1, 0}).starts_with("mask: weight 0 is inf"));
    const Schema bits{.dim = 4, .type = ElementType::kB1, .metric = Metric::kHamming};
    CHECK(Weighting::of(bits, 0, std::vector<float>{1, 0, 1, 0}));
    CHECK(!Weighting::of(bits, 0, std::vector<float>{1, 0, 0.5F, 0}));
  }
}

}  // namespace nearline::engine
