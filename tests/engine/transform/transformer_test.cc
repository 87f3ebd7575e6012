// SPDX-License-Identifier: Apache-2.0
#include "engine/transform/transformer.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

#include "engine/random.h"
#include "engine/transform/check_transforms.h"

namespace nearline::engine {
namespace {

std::vector<float> numbers(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> all(count);
  for (float& x : all) x = static_cast<float>(random.below(2001)) / 1000.0F - 1;
  return all;
}

std::vector<float> through(const Transform& transform, std::vector<float> row, const Transform& records = {}) {
  const Transformer made(transform, records);
  std::vector<float> out(made.out_dim());
  REQUIRE_FALSE(made.apply(MatrixView(row.data(), 1, made.in_dim()), out));
  return out;
}

void check_near(std::span<const float> got, std::span<const double> wanted) {
  REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    CHECK(static_cast<double>(got[i]) == doctest::Approx(wanted[i]).epsilon(1e-5));
}

std::vector<double> products(std::span<const float> matrix, std::span<const float> row) {
  std::vector<double> out(matrix.size() / row.size());
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    out[i / row.size()] += static_cast<double>(matrix[i]) * static_cast<double>(row[i % row.size()]);
  }
  return out;
}

}  // namespace

TEST_SUITE("engine/transform") {
  TEST_CASE("products are those of f64, at dimensions on both sides of a vector of the machine") {
    for (const std::uint32_t dim : {1U, 3U, 16U, 17U, 100U}) {
      CAPTURE(dim);
      const auto matrix = numbers(std::size_t{5} * dim, 1), row = numbers(dim, 2);
      check_near(through({.in_dim = dim, .steps = {TransformStep::matrix(matrix, 5)}}, row), products(matrix, row));
    }
  }

  TEST_CASE("cosines to anchors do not change with the lengths of either") {
    const auto anchors = numbers(40, 3), row = numbers(8, 4);
    std::vector<float> longer = row, longer_anchors = anchors;
    for (float& x : longer) x *= 1024;
    for (float& x : longer_anchors) x *= 0.25F;
    const auto plain = through({.in_dim = 8, .steps = {TransformStep::relative(anchors, 5)}}, row);
    CHECK(through({.in_dim = 8, .steps = {TransformStep::relative(longer_anchors, 5)}}, longer) == plain);
    for (const float cosine : plain) CHECK(std::fabs(cosine) <= 1.000001F);
  }

  TEST_CASE("a sparse random matrix depends on its seed alone, and has the share of zeros that it should") {
    const Transform of_one{.in_dim = 400, .steps = {TransformStep::sparse_random(100, 1)}};
    const Transform of_two{.in_dim = 400, .steps = {TransformStep::sparse_random(100, 2)}};
    const auto row = numbers(400, 5);
    CHECK(through(of_one, row) == through(of_one, row));
    CHECK(through(of_one, row) != through(of_two, row));
    std::size_t zeros = 0;
    for (std::uint32_t column = 0; column < 400; ++column) {
      std::vector<float> unit(400);
      unit[column] = 1;
      for (const float x : through(of_one, unit)) zeros += x == 0 ? 1 : 0;
    }
    CHECK(static_cast<double>(zeros) / 40'000 == doctest::Approx(0.95).epsilon(0.005));
  }

  TEST_CASE("squared lengths are kept in the mean, within the variance that is promised") {
    const Transformer made({.in_dim = 256, .steps = {TransformStep::sparse_random(64)}}, {});
    double sum = 0, squares = 0, bound = 0;
    constexpr std::uint32_t kRows = 500;
    for (std::uint32_t i = 0; i < kRows; ++i) {
      const auto row = numbers(256, 100 + i);
      std::vector<float> out(64);
      REQUIRE_FALSE(made.apply(MatrixView(row.data(), 1, 256), out));
      double length = 0, fourth = 0, there = 0;
      for (const float x : row) length += double{x} * double{x}, fourth += std::pow(double{x}, 4);
      for (const float x : out) there += double{x} * double{x};
      sum += there / length / kRows;
      squares += (there / length) * (there / length) / kRows;
      bound += (2 + (16 - 3) * fourth / (length * length)) / 64 / kRows;
    }
    CHECK(sum == doctest::Approx(1).epsilon(0.03));
    CHECK(squares - sum * sum < 1.3 * bound);
    CHECK(squares - sum * sum > 0.5 * bound);
  }

  TEST_CASE("queries go through the field's steps where they say so") {
    const auto lift = numbers(12, 6), matrix = numbers(20, 7), row = numbers(3, 8);
    const Transform records{.in_dim = 4, .steps = {TransformStep::matrix(matrix, 5), TransformStep::normalize()}};
    const Transform queries{.in_dim = 3, .steps = {TransformStep::matrix(lift, 4), TransformStep::field()}};
    CHECK(through(queries, row, records) ==
          through(records, through({.in_dim = 3, .steps = {TransformStep::matrix(lift, 4)}}, row)));
    CHECK(through({.in_dim = 3, .steps = {TransformStep::field()}}, row) == row);  // of a field that does nothing
  }

  TEST_CASE("the first row that cannot be taken is named") {
    const Transform normalize{.in_dim = 2, .steps = {TransformStep::normalize()}};
    const Transform matrix{.in_dim = 2, .steps = {TransformStep::matrix(std::vector<float>{1e30F, 0}, 1)}};
    const auto fault = [](const Transform& transform, std::vector<float> rows) {
      const Transformer made(transform, {});
      std::vector<float> out(rows.size() / 2 * made.out_dim());
      const auto unfit = made.apply(MatrixView(rows.data(), rows.size() / 2, 2), out);
      return unfit ? std::to_string(unfit->row) + " " + unfit->fault : "none";
    };
    CHECK(fault(normalize, {1, 2, 0, 0, 0, 0}).starts_with("1 has no direction"));
    CHECK(fault(normalize, {1, 2, 1e30F, 0}).starts_with("1 is too long"));
    CHECK(fault(normalize, {1e-30F, 0}).starts_with("0 has no direction"));
    CHECK(fault(matrix, {1, 1, 2, 2, 1e30F, 0}).starts_with("2 is too long to be transformed"));
    CHECK(fault(matrix, {1, std::numeric_limits<float>::infinity()}).starts_with("0 holds NaN or infinity"));
    CHECK(fault(matrix, {1, 1}) == "none");
  }

  TEST_CASE("a schema whose transforms do not fit is refused, and an open dimension is filled in") {
    Schema schema{.dim = 5, .type = ElementType::kF32, .metric = Metric::kL2};
    schema.transform = {.in_dim = 4, .steps = {TransformStep::matrix(numbers(20, 9), 5)}};
    schema.query_transform = {.in_dim = 0, .steps = {TransformStep::field()}};
    const auto good = with_checked_transforms(schema);
    REQUIRE(good);
    CHECK(good->query_dim() == 4);
    CHECK(good->input_dim() == 4);
    Schema bad = schema;
    bad.dim = 6;
    CHECK(with_checked_transforms(bad).error().code == Code::kInvalidArgument);
    bad = schema;
    bad.type = ElementType::kI8;
    CHECK(with_checked_transforms(bad).error().code == Code::kInvalidArgument);
    bad = schema;
    bad.transform.steps = {TransformStep::matrix(std::vector<float>{1, 0, 0, 1.01F}, 2, true)};
    bad.transform.in_dim = bad.dim = 2;
    CHECK(with_checked_transforms(bad).error().what.find("orthogonal") != std::string::npos);
    bad.transform.steps = {TransformStep::matrix(std::vector<float>{0.6F, 0.8F, -0.8F, 0.6F}, 2, true)};
    CHECK(with_checked_transforms(bad));
  }
}

}  // namespace nearline::engine
