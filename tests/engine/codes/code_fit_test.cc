// SPDX-License-Identifier: Apache-2.0
#include "engine/codes/code_fit.h"

#include <doctest/doctest.h>

#include "engine/codes/code_training.h"
#include "tests/support/vectors.h"

namespace nearline::engine {
namespace {

constexpr std::uint32_t kDim = 24;
constexpr std::size_t kRows = 2'000;

format::CodeBook learned_from(std::span<const float> rows, Metric metric) {
  auto book = train_code_book(rows, kDim, metric, default_code_bytes(kDim), 2);
  REQUIRE(book);
  return *std::move(book);
}

std::span<const float> part(const testing::Vectors& rows, std::size_t first, std::size_t count) {
  return std::span(rows.values).subspan(first * kDim, count * kDim);
}

}  // namespace

TEST_SUITE("engine/codes/code_fit") {
  TEST_CASE("a book fits other rows of the clusters that it was learned from, and not those of others") {
    const testing::Vectors rows = testing::clusters(ElementType::kF32, 2 * kRows, kDim);
    const testing::Vectors others = testing::clusters(ElementType::kF32, 2 * kRows, kDim, 2);
    for (const Metric metric : {Metric::kL2, Metric::kIp}) {
      CAPTURE(name(metric));
      const format::CodeBook book = learned_from(part(rows, 0, kRows), metric);
      CHECK(misfit_share(book, metric, part(rows, 0, kRows)) < 0.002);
      CHECK(misfit_share(book, metric, part(others, 0, kRows)) < 0.01);
      CHECK(misfit_share(book, metric, part(others, kRows, kRows)) > 0.1);
      CHECK(misfit_share(book, metric, part(others, kRows, 100)) > 0.1);  // one cluster of them
    }
  }

  TEST_CASE("too few rows to be told apart fit any book") {
    const testing::Vectors rows = testing::clusters(ElementType::kF32, 2 * kRows, kDim);
    const format::CodeBook book = learned_from(part(rows, 0, kRows), Metric::kL2);
    CHECK(misfit_share(book, Metric::kL2, {}) == 0);
    CHECK(misfit_share(book, Metric::kL2, part(rows, 3'999, 1)) == 0);
    std::vector<float> means;
    for (int i = 0; i < 3; ++i) means.insert(means.end(), book.mean.begin(), book.mean.end());
    CHECK(misfit_share(book, Metric::kL2, means) == 0);
  }
}

}  // namespace nearline::engine
