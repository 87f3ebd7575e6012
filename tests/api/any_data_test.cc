// SPDX-License-Identifier: Apache-2.0
/// The short form of bench/any_data.py: on rows of shapes that people have and benchmarks do not, answers are right at
/// the usual L, by distance and by codes, and a recall that is asked for is reached or refused.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "tests/api/index_world.h"
#include "tests/support/odd_rows.h"

namespace nearline {
namespace {

using io::TempDir;
using testing::Kind;
using testing::Vectors;

constexpr std::size_t kRows = 1'400, kOneIn = 7;  ///< enough to be calibrated
constexpr std::uint32_t kDim = 24;

struct Case {
  Metric metric;
  std::string_view shape;
  double by_distance, by_codes;  ///< least recall@10 at L of 64
};

constexpr Case kCases[] = {
    {Metric::kIp, "plain", 0.95, 0.97},
    {Metric::kIp, "lengths differ", 0.97, 0.97},
    {Metric::kIp, "few components", 0.97, 0.97},
    {Metric::kIp, "one is about as long as l2 takes it", 0.92, 0.97},
    {Metric::kL2, "plain", 0.97, 0.97},
    {Metric::kL2, "many near one point", 0.97, 0.97},
    {Metric::kL2, "four copies of each", 0.97, 0.97},
    {Metric::kCosine, "nearly parallel", 0.97, 0.97},
};

/// Rows of one shape, of which every kOneIn-th is a query.
struct Rows {
  Vectors base, queries;

  explicit Rows(const Case& of) {
    const auto shapes = testing::odd_shapes();
    const auto shape = std::ranges::find(shapes, of.shape, &testing::Shape::name);
    REQUIRE(shape != shapes.end());
    const Vectors all = testing::odd_rows(*shape, Kind{of.metric, ElementType::kF32}, kRows, kDim);
    base = queries = testing::no_vectors(ElementType::kF32, kDim);
    for (std::size_t i = 0; i < kRows; ++i) (i % kOneIn == 3 ? queries : base).push_back(all.row(i));
  }
};

/// Asked for 0.95, an index reaches it within a point, or says what it can reach.
void check_asked(const Index& index, const Vectors& queries, const SearchResult& truth) {
  const auto asked = index.search(queries.view(), {.k = 10, .recall = 0.95F});
  if (asked) {
    CHECK(share_found(*asked, truth) > 0.94);
  } else {
    CHECK(asked.error().what.find("at most") != std::string::npos);
  }
}

}  // namespace

TEST_SUITE("api/any_data") {
  TEST_CASE("answers are right on any shape of rows, and a recall that is asked for is reached or refused") {
    for (const Case& of : kCases) {
      CAPTURE(name(of.metric));
      CAPTURE(of.shape);
      const TempDir folder;
      const Rows rows(of);
      BuildOptions options = quick_build();
      options.calibrate = true;
      REQUIRE(build(folder / "x", {kDim, ElementType::kF32, of.metric}, rows.base.view(), {}, options));
      for (const Ranking ranking : {Ranking::kExact, Ranking::kCodes}) {
        CAPTURE(name(ranking));
        OpenOptions open = with_io(IoMode::kPread);
        open.ranking = ranking;
        const auto index = Index::open(folder / "x", open);
        REQUIRE_MESSAGE(index, message(index));
        const auto truth = index->search(rows.queries.view(), {.k = 10, .exact = true});
        REQUIRE_MESSAGE(truth, message(truth));
        const auto found = index->search(rows.queries.view(), {.k = 10, .l = 64});
        REQUIRE_MESSAGE(found, message(found));
        CHECK(share_found(*found, *truth) > (ranking == Ranking::kExact ? of.by_distance : of.by_codes));
        check_asked(*index, rows.queries, *truth);
        const auto itself = index->search(rows.base.view(), {.k = 1, .l = 64});
        REQUIRE_MESSAGE(itself, message(itself));
        if (of.metric != Metric::kIp)
          CHECK(share_found(*itself, *index->search(rows.base.view(), {.k = 1, .exact = true})) >= 0.995);
      }
    }
  }
}

}  // namespace nearline
