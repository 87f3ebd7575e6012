// SPDX-License-Identifier: Apache-2.0
/// What is nearest to the queries is deleted, as a topic is that nobody wants any more: those that are left are found
/// as surely as before.
#include <doctest/doctest.h>

#include <algorithm>

#include "nearline/writer.h"
#include "tests/api/index_world.h"

namespace nearline {
namespace {

using io::TempDir;
using testing::Vectors;

constexpr std::uint32_t kDim = 32;
constexpr std::size_t kRows = 20'000, kQueries = 60;
constexpr std::uint32_t kNearest = 40;
const Schema kSchema{kDim, ElementType::kU8, Metric::kL2};

/// An index, and the same after the records nearest to each query were deleted, in one commit and without a merge.
class DeletedWorld {
 public:
  explicit DeletedWorld(Layout layout = Layout::kLean) {
    BuildOptions options;
    options.degree = 16;
    options.l_build = 40;
    options.threads = 2;
    options.layout = layout;
    REQUIRE(build(folder_ / "x", kSchema, base_.view(), {}, options));
    whole_ = mean_recall({.k = 10, .l = 40}, Ranking::kExact);
    whole_by_codes_ = mean_recall({.k = 10, .l = 40}, Ranking::kCodes);
    const auto nearest = open(Ranking::kExact).search(queries_.view(), {.k = kNearest, .exact = true});
    REQUIRE_MESSAGE(nearest, message(nearest));
    auto writer = Writer::open(folder_ / "x", {.merge = false});
    REQUIRE_MESSAGE(writer, message(writer));
    REQUIRE(writer->erase(nearest->ids));
    REQUIRE(writer->commit());
    REQUIRE(open(Ranking::kExact).info().deleted > kQueries * kNearest / 8);
  }

  /// Share of the ten nearest live records that was found.
  double mean_recall(const SearchOptions& options, Ranking ranking) {
    const Index index = open(ranking);
    const auto truth = index.search(queries_.view(), {.k = 10, .exact = true});
    const auto found = index.search(queries_.view(), options);
    REQUIRE_MESSAGE(found, message(found));
    std::size_t hits = 0;
    for (std::size_t q = 0; q < kQueries; ++q) {
      CHECK(found->counts[q] == 10);
      const float last = truth->distances[q * 10 + 9];
      for (std::size_t i = q * 10; i < q * 10 + found->counts[q]; ++i) hits += found->distances[i] <= last ? 1 : 0;
    }
    return static_cast<double>(hits) / (kQueries * 10.0);
  }
  /// What -L 40 reached before anything was deleted.
  [[nodiscard]] double whole(Ranking ranking) const { return ranking == Ranking::kExact ? whole_ : whole_by_codes_; }

 private:
  Index open(Ranking ranking) {
    OpenOptions options = with_io(IoMode::kPread);
    options.ranking = ranking;
    auto index = Index::open(folder_ / "x", options);
    REQUIRE_MESSAGE(index, message(index));
    return std::move(index).value();
  }

  TempDir folder_;
  Vectors base_ = testing::clusters(ElementType::kU8, kRows, kDim);
  Vectors queries_ = testing::queries_for(ElementType::kU8, kRows, kDim, kQueries);
  double whole_ = 0, whole_by_codes_ = 0;
};

}  // namespace

TEST_SUITE("api/deleted") {
  TEST_CASE("where the nearest are deleted, walks reach the recall that is asked for, and -L what it reached before") {
    for (const Layout layout : {Layout::kLean, Layout::kFused}) {
      CAPTURE(name(layout));
      DeletedWorld world(layout);
      for (const Ranking ranking : {Ranking::kExact, Ranking::kCodes}) {
        CAPTURE(name(ranking));
        CHECK(world.mean_recall({.k = 10, .recall = 0.95F}, ranking) >= 0.94);
        CHECK(world.mean_recall({.k = 10, .l = 40}, ranking) >= world.whole(ranking) - 0.02);
      }
    }
  }

  TEST_CASE("where all is deleted around the queries, an answer is still found, however far it is") {
    const TempDir folder;
    const Vectors base = testing::clusters(ElementType::kU8, 4'000, kDim);
    const Vectors queries = testing::queries_for(ElementType::kU8, 4'000, kDim, 5);
    REQUIRE(build(folder / "x", kSchema, base.view()));
    auto writer = Writer::open(folder / "x", {.merge = false});
    REQUIRE_MESSAGE(writer, message(writer));
    const auto truth = Index::open(folder / "x")->search(queries.view(), {.k = 4'000, .exact = true});
    REQUIRE_MESSAGE(truth, message(truth));
    // All but the ten that are farthest from the first query.
    REQUIRE(writer->erase(std::span(truth->ids).first(3'990)));
    REQUIRE(writer->commit());
    const auto index = Index::open(folder / "x", with_io(IoMode::kPread));
    REQUIRE_MESSAGE(index, message(index));
    for (const std::uint32_t l : {10U, 64U}) {
      const auto found = index->search(queries.view(0, 1), {.k = 10, .l = l});
      REQUIRE_MESSAGE(found, message(found));
      CHECK(std::equal(found->ids.begin(), found->ids.end(), truth->ids.begin() + 3'990));
    }
  }
}

}  // namespace nearline
