// SPDX-License-Identifier: Apache-2.0
/// Codes from the kernels up: tables, training, encoding, estimates.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>

#include "engine/codes/code_encoder.h"
#include "engine/codes/code_query.h"
#include "engine/codes/code_training.h"
#include "engine/codes/part_widths.h"
#include "engine/codes/principal_axes.h"
#include "engine/kernels/code_kernels.h"
#include "engine/kernels/kernels.h"

namespace nearline::engine {
namespace {

/// Rows whose components vary less and less, mixed by a shear, so that axes are worth finding.
std::vector<float> sloping_rows(std::size_t count, std::uint32_t dim, std::uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> rows(count * dim);
  for (std::size_t i = 0; i < count; ++i) {
    float* row = rows.data() + i * dim;
    for (std::uint32_t j = 0; j < dim; ++j) row[j] = normal(random) * std::pow(0.9F, static_cast<float>(j)) + 1;
    for (std::uint32_t j = 1; j < dim; ++j) row[j] += 0.5F * row[j - 1];
  }
  return rows;
}

void to_unit_length(std::vector<float>& rows, std::uint32_t dim) {
  for (std::size_t i = 0; i < rows.size(); i += dim) {
    const float length = std::sqrt(std::inner_product(rows.begin() + static_cast<std::ptrdiff_t>(i),
                                                      rows.begin() + static_cast<std::ptrdiff_t>(i + dim),
                                                      rows.begin() + static_cast<std::ptrdiff_t>(i), 0.0F));
    for (std::uint32_t j = 0; j < dim; ++j) rows[i + j] /= length;
  }
}

double exact(Metric metric, const float* a, const float* b, std::uint32_t dim) {
  double l2 = 0, dot = 0;
  for (std::uint32_t j = 0; j < dim; ++j) {
    l2 += (static_cast<double>(a[j]) - static_cast<double>(b[j])) *
          (static_cast<double>(a[j]) - static_cast<double>(b[j]));
    dot += static_cast<double>(a[j]) * static_cast<double>(b[j]);
  }
  return metric == Metric::kL2 ? l2 : 1 - dot;
}

struct Errors {
  double mean = 0;
  double rms = 0;
  double stated = 0;  ///< root of the mean square of the errors that the queries state
};

Errors errors_of(const format::CodeBook& book, Metric metric, const std::vector<float>& rows, std::uint32_t dim) {
  const CodeEncoder encoder(book, metric);
  CodeEncoder::Scratch scratch;
  CodeQuery query;
  std::vector<std::byte> code(book.code_bytes());
  const std::byte* codes[] = {code.data()};
  Errors errors;
  const std::size_t count = rows.size() / dim;
  std::size_t pairs = 0;
  for (std::size_t i = 0; i + 1 < count; i += 2, ++pairs) {
    const float* q = rows.data() + i * dim;
    query.prepare(book, metric, q);
    encoder.encode(q + dim, 1, code.data(), scratch);
    float estimate;
    query.estimate(codes, &estimate);
    const double miss = static_cast<double>(estimate) - exact(metric, q, q + dim, dim);
    errors.mean += miss;
    errors.rms += miss * miss;
    errors.stated += static_cast<double>(query.error()) * static_cast<double>(query.error());
  }
  const auto n = static_cast<double>(pairs);
  return {errors.mean / n, std::sqrt(errors.rms / n), std::sqrt(errors.stated / n)};
}

}  // namespace

TEST_SUITE("engine/codes/codes") {
  TEST_CASE("code kernels do on every target what their definition says") {
    const kernels::CodeKernels& want = kernels::scalar_code_kernels();
    std::mt19937 random(3);
    std::normal_distribution<float> normal;
    for (const char* target : kernels::targets()) {
      CAPTURE(target);
      REQUIRE(kernels::use_target(target));
      for (const std::size_t width : {1U, 2U, 3U, 7U, 16U, 70U}) {
        CAPTURE(width);
        std::vector<float> part(width), table(width * 256), expected(256), got(256);
        for (float& x : part) x = normal(random);
        for (float& x : table) x = normal(random);
        want.centroid_products(part.data(), table.data(), width, expected.data());
        kernels::centroid_products(part.data(), table.data(), width, got.data());
        for (std::size_t c = 0; c < 256; ++c) CHECK(std::fabs(got[c] - expected[c]) < 1e-4F);
        std::vector<float> parts(kernels::kPartsTogether * (width + 3));
        for (float& x : parts) x = normal(random);
        std::array<std::uint8_t, 2 * kernels::kPartsTogether> nearest{}, nearest_want{};
        kernels::nearest_centroids(parts.data(), width + 3, table.data(), width, nearest.data(), 2);
        want.nearest_centroids(parts.data(), width + 3, table.data(), width, nearest_want.data(), 2);
        CHECK(nearest == nearest_want);
        CHECK(kernels::largest_magnitude(table.data(), table.size()) ==
              want.largest_magnitude(table.data(), table.size()));
        std::vector<std::int16_t> narrow(table.size()), narrow_want(table.size());
        kernels::to_i16(table.data(), table.size(), 1000, narrow.data());
        want.to_i16(table.data(), table.size(), 1000, narrow_want.data());
        CHECK(narrow == narrow_want);
      }
      const std::vector<float> alike(256, 2.0F);
      const std::array<float, kernels::kPartsTogether> ones{1, 1, 1, 1};
      std::array<std::uint8_t, kernels::kPartsTogether> nearest{9, 9, 9, 9};
      kernels::nearest_centroids(ones.data(), 1, alike.data(), 1, nearest.data(), 1);
      CHECK(nearest == std::array<std::uint8_t, 4>{});  // ties go to the smaller number
    }
    kernels::use_target(nullptr);
  }

  TEST_CASE("axes are orthonormal, in the order of variance, and hold all of it") {
    constexpr std::uint32_t kDim = 24;
    const auto rows = sloping_rows(2000, kDim);
    const PrincipalAxes found = principal_axes(rows, kDim);
    for (std::uint32_t a = 0; a < kDim; ++a) {
      if (a > 0) CHECK(found.variance[a] <= found.variance[a - 1]);
      for (std::uint32_t b = 0; b <= a; ++b) {
        const float dot = std::inner_product(found.axes.begin() + a * kDim, found.axes.begin() + (a + 1) * kDim,
                                             found.axes.begin() + b * kDim, 0.0F);
        CHECK(std::fabs(dot - (a == b ? 1.0F : 0.0F)) < 1e-3F);
      }
    }
    double total = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double off = static_cast<double>(rows[i]) - static_cast<double>(found.mean[i % kDim]);
      total += off * off / 2000;
    }
    CHECK(std::accumulate(found.variance.begin(), found.variance.end(), 0.0) == doctest::Approx(total).epsilon(0.001));
  }

  TEST_CASE("bits go where the variance is, and every part has an axis") {
    const std::vector<float> flat(64, 1.0F);
    CHECK(part_widths(flat, 16) == std::vector<std::uint32_t>(16, 4));
    std::vector<float> steep;
    for (int i = 0; i < 64; ++i) steep.push_back(std::pow(0.5F, static_cast<float>(i)));
    const auto widths = part_widths(steep, 4);
    REQUIRE(widths.size() == 4);
    CHECK(widths.front() < widths.back());
    CHECK(std::accumulate(widths.begin(), widths.end(), 0U) < 40);  // the last axes hold nothing worth a bit
    CHECK(part_widths(std::vector<float>{3, 1}, 8).size() <= 2);
    CHECK(part_widths(std::vector<float>(8, 0.0F), 4).empty());
    CHECK(part_widths({}, 4).empty());
  }

  TEST_CASE("estimates are unbiased, as good as they say, and better with more bytes") {
    constexpr std::uint32_t kDim = 32;
    for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
      CAPTURE(name(metric));
      auto rows = sloping_rows(4000, kDim), others = sloping_rows(2000, kDim, 2);
      if (metric == Metric::kCosine) {
        to_unit_length(rows, kDim);
        to_unit_length(others, kDim);
      }
      double before = INFINITY;
      for (const std::uint32_t bytes : {8U, 12U, 20U}) {
        CAPTURE(bytes);
        const auto book = train_code_book(rows, kDim, metric, bytes, 2);
        REQUIRE(book);
        CHECK(book->code_bytes() == bytes);
        const Errors errors = errors_of(*book, metric, others, kDim);
        CHECK(std::fabs(errors.mean) < 0.15 * errors.rms);
        CHECK(errors.stated == doctest::Approx(errors.rms).epsilon(0.35));
        CHECK(errors.rms < 0.75 * before);
        before = errors.rms;
      }
    }
  }

  TEST_CASE("a book does not depend on the number of threads, and alike vectors have none") {
    const auto rows = sloping_rows(1000, 16);
    const auto one = train_code_book(rows, 16, Metric::kL2, 8, 1), three = train_code_book(rows, 16, Metric::kL2, 8, 3);
    REQUIRE(one);
    REQUIRE(three);
    CHECK(encode(*one) == encode(*three));
    CHECK_FALSE(train_code_book(std::vector<float>(1600, 1.0F), 16, Metric::kL2, 8, 1));
  }

  TEST_CASE("a few rows far out take no precision from the others, and are to be read whatever the query") {
    constexpr std::uint32_t kDim = 32;
    for (const Metric metric : {Metric::kL2, Metric::kIp}) {
      CAPTURE(name(metric));
      const auto others = sloping_rows(2000, kDim, 2);
      auto rows = sloping_rows(4000, kDim);
      const auto plain = train_code_book(rows, kDim, metric, 12, 2);
      for (const std::size_t far : {7U, 1234U}) {
        for (std::uint32_t j = 0; j < kDim; ++j) rows[far * kDim + j] *= 1e4F;
      }
      const std::vector<float> huge(rows.begin() + 7 * kDim, rows.begin() + 8 * kDim);
      drop_far_rows(rows, kDim);
      CHECK(rows.size() == 3998 * kDim);
      const auto book = train_code_book(rows, kDim, metric, 12, 2);
      REQUIRE(plain);
      REQUIRE(book);
      CHECK(errors_of(*book, metric, others, kDim).rms < 1.1 * errors_of(*plain, metric, others, kDim).rms);
      const CodeEncoder encoder(*book, metric);
      CodeEncoder::Scratch scratch;
      std::vector<std::byte> code(book->code_bytes());
      encoder.encode(huge.data(), 1, code.data(), scratch);
      CodeQuery query;
      query.prepare(*book, metric, others.data());
      const std::byte* codes[] = {code.data()};
      float estimate = 0;
      query.estimate(codes, &estimate);
      CHECK(estimate == -INFINITY);
    }
  }

  TEST_CASE("rows far out that are not few stay in the sample, and so do rows without any") {
    auto rows = sloping_rows(1000, 8);
    const auto before = rows;
    drop_far_rows(rows, 8);
    CHECK(rows == before);
    for (std::size_t i = 0; i < 1000; i += 20) rows[i * 8] += 1e4F;
    const auto many = rows;
    drop_far_rows(rows, 8);
    CHECK(rows == many);
    std::vector<float> alike(80, 2.0F);
    drop_far_rows(alike, 8);
    CHECK(alike.size() == 80);
  }
}

}  // namespace nearline::engine
