// SPDX-License-Identifier: Apache-2.0
/// `recall` instead of L: what the calibration of a build promises, on queries that it has not seen.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "nearline/salvage.h"
#include "nearline/verify.h"
#include "nearline/writer.h"
#include "tests/api/index_world.h"
#include "tests/support/allocations.h"

namespace nearline {
namespace {

using io::TempDir;
using testing::Vectors;

constexpr std::uint32_t kDim = 24;

BuildOptions calibrating() {
  BuildOptions options = quick_build();
  options.calibrate = true;
  return options;
}

struct World {
  World()
      : base(testing::clusters(ElementType::kF32, 6'000, kDim)),
        queries(testing::queries_for(ElementType::kF32, 6'000, kDim, 300)) {
    for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
      const auto report = build(path(metric), {kDim, ElementType::kF32, metric}, base.view(), {}, calibrating());
      REQUIRE_MESSAGE(report, message(report));
    }
  }
  [[nodiscard]] std::filesystem::path path(Metric metric) const { return folder / std::string(name(metric)).c_str(); }

  TempDir folder;
  Vectors base, queries;
};

const World& world() {
  static const World one;
  return one;
}

Index open(Metric metric, Ranking ranking) {
  OpenOptions options = with_io(IoMode::kPread);
  options.ranking = ranking;
  auto index = Index::open(world().path(metric), options);
  REQUIRE_MESSAGE(index, message(index));
  return std::move(index).value();
}

double distances(const SearchResult& found) {
  double sum = 0;
  for (const QueryStats& stats : found.stats) sum += stats.distance_computations;
  return sum / static_cast<double>(found.stats.size());
}

/// What is asked for is reached within a point.
void check_reached(const Index& index) {
  const auto ten = *index.search(world().queries.view(), {.k = 10, .exact = true});
  for (const float target : {0.9F, 0.95F}) {
    CAPTURE(target);
    const auto found = index.search(world().queries.view(), {.k = 10, .recall = target});
    REQUIRE_MESSAGE(found, message(found));
    CHECK(share_found(*found, ten) > static_cast<double>(target) - 0.01);
  }
}

}  // namespace

TEST_SUITE("api/recall") {
  TEST_CASE("a recall that is asked for is reached within a point on other queries, and more costs more") {
    for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
      for (const Ranking ranking : {Ranking::kExact, Ranking::kCodes}) {
        CAPTURE(name(metric));
        CAPTURE(name(ranking));
        const Index index = open(metric, ranking);
        CHECK(index.info().calibration_queries == 512);
        const auto ten = *index.search(world().queries.view(), {.k = 10, .exact = true});
        const auto hundred = *index.search(world().queries.view(), {.k = 100, .exact = true});
        double cost = 0;
        for (const float target : {0.9F, 0.95F, 0.99F}) {
          CAPTURE(target);
          for (const std::uint32_t k : {10U, 100U}) {
            CAPTURE(k);
            const auto found = index.search(world().queries.view(), {.k = k, .recall = target});
            REQUIRE_MESSAGE(found, message(found));
            CHECK(share_found(*found, k == 10 ? ten : hundred) > static_cast<double>(target) - 0.01);
            if (k == 10) CHECK(distances(*found) >= cost);
            if (k == 10) cost = distances(*found);
          }
        }
        CHECK(cost < static_cast<double>(world().base.rows()) / 3);
      }
    }
  }

  TEST_CASE("a calibration lives on in merges until half of what it was measured on is new") {
    constexpr std::size_t kBuilt = 2'400;
    const TempDir folder;
    const Vectors base = testing::in_order(world().base, testing::shuffled_rows(world().base.rows()));
    REQUIRE(build(folder / "x", {kDim, ElementType::kF32, Metric::kL2}, base.view(0, kBuilt), {}, calibrating()));
    const std::uint32_t whole = Index::open(folder / "x")->info().calibration_queries;
    auto writer = Writer::open(folder / "x", {.delta_records = 100, .background_merges = false});
    REQUIRE_MESSAGE(writer, message(writer));
    constexpr std::size_t kCommit = 300, kMerge = 900;  // three commits: what stands beside the large one is too much
    for (std::size_t end = kBuilt + kMerge; end <= 5'100; end += kMerge) {
      CAPTURE(end);
      for (std::size_t first = end - kMerge; first < end; first += kCommit) {
        REQUIRE(writer->insert(base.view(first, kCommit)));
        REQUIRE(writer->commit());
      }
      const auto index = Index::open(folder / "x");
      REQUIRE_MESSAGE(index, message(index));
      CHECK(index->info().segments == 1);
      const std::uint32_t queries = index->info().calibration_queries;
      if (end < 5'100) {
        CHECK(queries < whole);
        CHECK(std::abs(static_cast<double>(queries) - static_cast<double>(whole * kBuilt) / static_cast<double>(end)) <
              6);
      } else {
        CHECK(queries == whole);
      }
      check_reached(*index);
    }
  }

  TEST_CASE("a recall is reached over several segments, of which only the largest is calibrated") {
    for (const Metric metric : {Metric::kL2, Metric::kIp}) {
      const TempDir folder;
      const auto order = testing::shuffled_rows(world().base.rows());
      const Vectors base = testing::in_order(world().base, order);
      REQUIRE(build(folder / "x", {kDim, ElementType::kF32, metric}, base.view(0, 5'400), {}, calibrating()));
      {
        auto writer = Writer::open(folder / "x", {.delta_records = 150, .background_merges = false});
        REQUIRE_MESSAGE(writer, message(writer));
        for (const std::size_t first : {5'400U, 5'600U, 5'800U}) {
          REQUIRE(writer->insert(base.view(first, 200)));
          REQUIRE(writer->commit());
        }
      }
      for (const Ranking ranking : {Ranking::kExact, Ranking::kCodes}) {
        CAPTURE(name(metric));
        CAPTURE(name(ranking));
        OpenOptions options = with_io(IoMode::kPread);
        options.ranking = ranking;
        const auto index = Index::open(folder / "x", options);
        REQUIRE_MESSAGE(index, message(index));
        CHECK(index->info().segments == 4);
        CHECK(index->info().count == 6'000);
        check_reached(*index);
      }
    }
  }

  TEST_CASE("queries unlike the records reach what is asked once the index is calibrated with some of them, for life") {
    const TempDir folder;
    // Records in clusters, queries between them.
    const Vectors& base = world().base;
    std::vector<float> between(600 * kDim);
    for (std::size_t i = 0; i < between.size(); ++i) {
      const std::size_t row = i / kDim, at = i % kDim;
      const auto value = [&](std::size_t of) {
        float component = 0;
        std::memcpy(&component, base.view().row(of % base.rows()) + at * sizeof(float), sizeof component);
        return component;
      };
      between[i] = (value(row * 7) + value(row * 13 + 1) + value(row * 31 + 2)) / 3;
    }
    const MatrixView given(between.data(), 300, kDim), others(between.data() + 300 * kDim, 300, kDim);
    REQUIRE(build(folder / "x", {kDim, ElementType::kF32, Metric::kL2}, base.view(0, 5'000), {}, calibrating()));
    const auto reached = [&](const std::filesystem::path& path, Ranking ranking) {
      OpenOptions options = with_io(IoMode::kPread);
      options.ranking = ranking;
      const auto index = Index::open(path, options);
      REQUIRE_MESSAGE(index, message(index));
      return share_found(*index->search(others, {.k = 10, .recall = 0.95F}),
                         *index->search(others, {.k = 10, .exact = true}));
    };
    const auto holds = [&](const std::filesystem::path& path) {
      const IndexInfo info = Index::open(path)->info();
      CHECK(info.real_queries);
      CHECK(info.calibration_queries == 300);
      for (const Ranking ranking : {Ranking::kExact, Ranking::kCodes}) CHECK(reached(path, ranking) > 0.94);
    };
    CHECK(std::min(reached(folder / "x", Ranking::kExact), reached(folder / "x", Ranking::kCodes)) < 0.94);
    auto writer = Writer::open(folder / "x");
    REQUIRE_MESSAGE(writer, message(writer));
    const auto calibrated = writer->calibrate(given);
    REQUIRE_MESSAGE(calibrated, message(calibrated));
    CHECK(calibrated->count == 5'000);
    holds(folder / "x");
    REQUIRE(writer->insert(base.view(5'000, 1'000)));
    CHECK(writer->calibrate(given).error().code == Code::kInvalidArgument);  // not committed
    std::vector<Id> gone;
    for (Id id = 0; id < 900; id += 3) gone.push_back(id);
    REQUIRE(writer->erase(gone));
    REQUIRE(writer->commit());
    REQUIRE(writer->calibrate(given));  // with deleted records
    holds(folder / "x");
    REQUIRE(writer->compact());
    holds(folder / "x");
    REQUIRE(writer->compact_to(folder / "dense"));
    holds(folder / "dense");
    REQUIRE(salvage(folder / "dense", folder / "saved"));
    holds(folder / "saved");
    CHECK(verify(folder / "saved", true)->findings.empty());
    auto again = Writer::open(folder / "dense");
    REQUIRE_MESSAGE(again, message(again));
    REQUIRE(again->calibrate({}));
    CHECK_FALSE(Index::open(folder / "dense")->info().real_queries);
    CHECK(Index::open(folder / "dense")->info().calibration_queries == 512);
  }

  TEST_CASE("an index built without a calibration keeps the one that it is given, through merges and compactions") {
    const TempDir folder;
    BuildOptions without = calibrating();
    without.calibrate = false;
    REQUIRE(build(folder / "x", {kDim, ElementType::kF32, Metric::kL2}, world().base.view(0, 2'000), {}, without));
    auto writer = Writer::open(folder / "x");
    REQUIRE_MESSAGE(writer, message(writer));
    REQUIRE(writer->calibrate(world().queries.view()));
    REQUIRE(writer->compact());
    CHECK(Index::open(folder / "x")->info().real_queries);
    REQUIRE(writer->calibrate({}));
    REQUIRE(writer->compact_to(folder / "dense"));
    const IndexInfo dense = Index::open(folder / "dense")->info();
    CHECK(dense.calibration_queries > 0);
    CHECK_FALSE(dense.real_queries);
  }

  TEST_CASE("answers carry the recall that is expected of them") {
    const Index index = open(Metric::kL2, Ranking::kExact);
    CHECK(index.search(world().queries.view(), {.k = 10, .exact = true})->expected_recall == 1);
    CHECK(index.search(world().queries.view(), {.k = 10, .recall = 0.9F})->expected_recall == 0.9F);
    CHECK(index.search(world().queries.view(), {.k = 10, .l = 40})->expected_recall == 0);  // shorter than any measured
  }

  TEST_CASE("where the calibration has lists as short, answers of an L say what is expected of them, and hold it" *
            doctest::skip(testing::kSanitized)) {
    for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
      for (const Ranking ranking : {Ranking::kExact, Ranking::kCodes}) {
        const Index index = open(metric, ranking);
        for (const std::uint32_t k : {1U, 10U, 100U}) {
          const auto all = *index.search(world().queries.view(), {.k = k, .exact = true});
          float before = 0;
          for (const std::uint32_t l : {k == 100 ? 500U : 140U, 1'200U}) {
            CAPTURE(name(metric));
            CAPTURE(name(ranking));
            CAPTURE(k);
            CAPTURE(l);
            const auto found = *index.search(world().queries.view(), {.k = k, .l = l});
            CHECK(found.expected_recall > 0.9F);
            CHECK(found.expected_recall <= 1);
            CHECK(found.expected_recall >= before);
            CHECK(share_found(found, all) > static_cast<double>(found.expected_recall) - 0.01);
            before = found.expected_recall;
          }
        }
      }
    }
  }

  TEST_CASE("fewer answers are a part of more") {
    const Index index = open(Metric::kL2, Ranking::kExact);
    const auto one = *index.search(world().queries.view(), {.k = 1, .recall = 0.95F});
    const auto ten = *index.search(world().queries.view(), {.k = 10, .recall = 0.95F});
    for (std::size_t q = 0; q < world().queries.rows(); ++q) CHECK(one.ids[q] == ten.ids[q * 10]);
  }

  TEST_CASE("what is no share is refused") {
    const Index index = open(Metric::kL2, Ranking::kExact);
    for (const float bad : {-0.1F, 1.0F, 1.5F, std::numeric_limits<float>::quiet_NaN()}) {
      const auto refused = index.search(world().queries.view(), {.k = 10, .recall = bad});
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == Code::kInvalidArgument);
    }
  }

  TEST_CASE("an index without a calibration answers with L, and small ones compare with all for any recall") {
    const TempDir folder;
    const Schema schema{kDim, ElementType::kF32, Metric::kL2};
    REQUIRE(build(folder / "plain", schema, world().base.view()));
    const auto plain = Index::open(folder / "plain", with_io(IoMode::kPread));
    REQUIRE(plain);
    CHECK(plain->info().calibration_queries == 0);
    CHECK(plain->search(world().queries.view(), {.k = 10}));
    const auto refused = plain->search(world().queries.view(), {.k = 10, .recall = 0.9F});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().what.find("calibration") != std::string::npos);

    REQUIRE(build(folder / "small", schema, world().base.view(0, 1'000), {}, calibrating()));
    const auto small = Index::open(folder / "small", with_io(IoMode::kPread));
    REQUIRE(small);
    const auto found = small->search(world().queries.view(), {.k = 10, .recall = 0.9F});
    REQUIRE(found);
    CHECK(found->ids == small->search(world().queries.view(), {.k = 10, .exact = true})->ids);
  }
}

}  // namespace nearline
