// SPDX-License-Identifier: Apache-2.0
/// Under cosine the length of a vector says nothing, be it so short that f32 cannot square it.
#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "nearline/verify.h"
#include "tests/api/index_world.h"

namespace nearline {
namespace {

using io::TempDir;
using testing::Vectors;

constexpr std::uint32_t kDim = 24;
constexpr std::size_t kRows = 1'500;
const Schema kSchema{kDim, ElementType::kF32, Metric::kCosine};

/// The rows multiplied by powers of two, those of different length by different ones, so that no component is rounded.
Vectors shortened(const Vectors& rows, int least, int most) {
  Vectors out = testing::no_vectors(rows.type, rows.dim);
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    std::vector<float> row(rows.row(i).begin(), rows.row(i).end());
    const int by = least + static_cast<int>(i) % (most - least + 1);
    for (float& value : row) value = std::ldexp(value, by);
    out.push_back(row);
  }
  return out;
}

}  // namespace

TEST_SUITE("api/directions") {
  TEST_CASE("answers are the same whatever the lengths of rows and queries, by every layout and ranking") {
    const Vectors base = testing::clusters(ElementType::kF32, kRows, kDim);
    const Vectors queries = testing::queries_for(ElementType::kF32, kRows, kDim, 30);
    const Vectors short_base = shortened(base, -97, -20), short_queries = shortened(queries, -97, -70);
    for (const Layout layout : {Layout::kLean, Layout::kFused}) {
      const TempDir folder;
      BuildOptions options = quick_build();
      options.layout = layout;
      options.calibrate = true;
      const auto built = build(folder / "x", kSchema, short_base.view(), {}, options);
      REQUIRE_MESSAGE(built, message(built));
      CHECK(verify(folder / "x", true)->findings.empty());
      for (const Ranking ranking : {Ranking::kExact, Ranking::kCodes}) {
        CAPTURE(name(layout));
        CAPTURE(name(ranking));
        OpenOptions open = with_io(IoMode::kPread);
        open.ranking = ranking;
        const auto index = Index::open(folder / "x", open);
        REQUIRE_MESSAGE(index, message(index));
        const auto exact = index->search(short_queries.view(), {.k = 10, .exact = true});
        REQUIRE_MESSAGE(exact, message(exact));
        CHECK(testing::recall(base, queries, Metric::kCosine, *exact) >= 0.999);
        const auto walked = index->search(short_queries.view(), {.k = 10, .recall = 0.95F});
        REQUIRE_MESSAGE(walked, message(walked));
        CHECK(share_found(*walked, *exact) > 0.94);
        const auto same = index->search(queries.view(), {.k = 10, .recall = 0.95F});
        REQUIRE_MESSAGE(same, message(same));
        CHECK(same->ids == walked->ids);
        const auto itself = index->search(short_base.view(), {.k = 1});
        REQUIRE_MESSAGE(itself, message(itself));
        CHECK(testing::recall(base, base, Metric::kCosine, *itself) >= 0.995);
        for (const float distance : itself->distances) REQUIRE(std::fabs(distance) < 1e-5F);
      }
    }
  }
}

}  // namespace nearline
