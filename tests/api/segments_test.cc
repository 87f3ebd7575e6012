// SPDX-License-Identifier: Apache-2.0
/// An index that grew in commits, beside one that was built at once: as good, and nearly as cheap.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <numeric>
#include <random>

#include "nearline/verify.h"
#include "nearline/writer.h"
#include "tests/api/index_world.h"
#include "tests/support/allocations.h"

namespace nearline {
namespace {

using io::TempDir;
using testing::Vectors;

constexpr std::uint32_t kDim = 24;
const Schema kSchema{kDim, ElementType::kF32, Metric::kL2};

Index open(const std::filesystem::path& path, Ranking ranking) {
  OpenOptions options = with_io(IoMode::kPread);
  options.ranking = ranking;
  auto index = Index::open(path, options);
  REQUIRE_MESSAGE(index, message(index));
  return std::move(index).value();
}

/// Page reads of a query by codes at a recall, each with a cache that knows of nothing.
double reads(const std::filesystem::path& path, const Vectors& queries) {
  std::uint64_t sum = 0;
  for (std::size_t q = 0; q < queries.rows(); ++q) {
    const auto found = open(path, Ranking::kCodes).search(queries.view(q, 1), {.k = 10, .recall = 0.95F});
    REQUIRE_MESSAGE(found, message(found));
    sum += found->stats[0].page_reads;
  }
  return static_cast<double>(sum) / static_cast<double>(queries.rows());
}

double recall(const Index& index, const Vectors& base, const Vectors& queries, std::uint32_t l) {
  const auto found = index.search(queries.view(), {.k = 10, .l = l});
  REQUIRE_MESSAGE(found, message(found));
  return testing::recall(base, queries, Metric::kL2, *found);
}

void check_whole(const std::filesystem::path& path) {
  const auto report = verify(path, true);
  REQUIRE_MESSAGE(report, message(report));
  for (const VerifyFinding& finding : report->findings) FAIL_CHECK(finding.what);
}

/// Builds a sixth and inserts the rest, each commit beside deletions of which the records come again. Returns how many
/// records merges wrote.
std::uint64_t grow(const std::filesystem::path& path, const Vectors& base, std::span<const Id> ids) {
  constexpr std::size_t kFirst = 1'000, kRows = 250, kAgain = 50;
  REQUIRE(build(path, kSchema, base.view(0, kFirst), ids.first(kFirst)));
  auto writer = Writer::open(path, {.delta_records = 100, .background_merges = false});
  REQUIRE_MESSAGE(writer, message(writer));
  std::uint64_t merged = 0;
  for (std::size_t first = kFirst; first < base.rows(); first += kRows) {
    const auto again = ids.subspan(first - kFirst, kAgain);
    REQUIRE(writer->insert(base.view(first, kRows), ids.subspan(first, kRows)));
    REQUIRE(writer->erase(again));
    REQUIRE(writer->insert(base.view(first - kFirst, kAgain), again));
    const auto done = writer->commit();
    REQUIRE_MESSAGE(done, message(done));
    merged += done->merged_records;
  }
  return merged;
}

/// Gaussian rows, each multiplied by a length that is log-normal.
Vectors of_lengths(std::size_t rows, std::uint32_t dim, float sigma, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto gaussian = [&] {  // about so, and the same with every standard library
    float sum = -6;
    for (int i = 0; i < 12; ++i) sum += static_cast<float>(random() >> 40) / static_cast<float>(1 << 24);
    return sum;
  };
  Vectors out = testing::no_vectors(ElementType::kF32, dim);
  std::vector<float> row(dim);
  for (std::size_t i = 0; i < rows; ++i) {
    const float length = std::exp(sigma * gaussian());
    for (float& value : row) value = length * gaussian();
    out.push_back(row);
  }
  return out;
}

}  // namespace

TEST_SUITE("api/segments") {
  TEST_CASE("small segments beside a large one cost a search few reads") {
    const TempDir folder;
    const Vectors base = testing::clusters(ElementType::kF32, 10'000, kDim);
    const Vectors queries = testing::clusters(ElementType::kF32, 40, kDim, 2);
    BuildOptions options = quick_build();
    options.calibrate = true;
    REQUIRE(build(folder / "x", kSchema, base.view(0, 8'800), {}, options));
    const double alone = reads(folder / "x", queries);
    {
      auto writer = Writer::open(folder / "x", {.delta_records = 300, .background_merges = false});
      REQUIRE_MESSAGE(writer, message(writer));
      for (const std::size_t first : {8'800U, 9'200U, 9'600U}) {
        REQUIRE(writer->insert(base.view(first, 400)));
        REQUIRE(writer->commit());
      }
    }
    REQUIRE(open(folder / "x", Ranking::kCodes).info().segments == 4);
    CHECK(reads(folder / "x", queries) < alone + 3 * 2.5);
  }

  TEST_CASE("what only a small segment holds is found there as surely as in a large one") {
    const TempDir folder;
    const Vectors base = testing::clusters(ElementType::kF32, 10'000, kDim);  // one cluster after the other
    const Vectors all = testing::clusters(ElementType::kF32, 10'000, kDim, 2);
    BuildOptions options = quick_build();
    options.calibrate = true;
    REQUIRE(build(folder / "x", kSchema, base.view(0, 8'800), {}, options));
    {
      auto writer = Writer::open(folder / "x", {.delta_records = 300, .background_merges = false});
      REQUIRE_MESSAGE(writer, message(writer));
      for (const std::size_t first : {8'800U, 9'200U, 9'600U}) {
        REQUIRE(writer->insert(base.view(first, 400)));
        REQUIRE(writer->commit());
      }
    }
    for (const Ranking ranking : {Ranking::kExact, Ranking::kCodes}) {
      CAPTURE(name(ranking));
      const Index index = open(folder / "x", ranking);
      REQUIRE(index.info().segments == 4);
      const auto ten = index.search(all.view(8'800, 1'200), {.k = 10, .exact = true});
      const auto found = index.search(all.view(8'800, 1'200), {.k = 10, .recall = 0.95F});
      REQUIRE_MESSAGE(found, message(found));
      CHECK(share_found(*found, *ten) > 0.94);
    }
  }

  TEST_CASE("no query waits for the pages of new records after a refresh") {
    const TempDir folder;
    const Vectors base = testing::clusters(ElementType::kF32, 4'100, kDim);
    REQUIRE(build(folder / "x", kSchema, base.view(0, 4'000)));
    auto writer = Writer::open(folder / "x");
    REQUIRE_MESSAGE(writer, message(writer));
    REQUIRE(writer->insert(base.view(4'000, 25)));
    REQUIRE(writer->commit());
    auto index = Index::open(folder / "x", with_io(IoMode::kDirect));
    REQUIRE_MESSAGE(index, message(index));
    if (index->io() != IoMode::kDirect) {  // another mode has no cache of its own, or the kernel's behind it
      MESSAGE("not looked at: no io_uring here");
      return;
    }
    REQUIRE(index->search(base.view(0, 1), {.k = 10, .exact = true}));
    for (std::size_t first = 4'025; first < base.rows(); first += 25) {
      REQUIRE(writer->insert(base.view(first, 25)));
      REQUIRE(writer->commit());
      REQUIRE(index->refresh().value());
      CHECK(index->search(base.view(first, 1), {.k = 10, .exact = true})->stats[0].page_reads == 0);
    }
  }

  TEST_CASE("after refreshes answers are those of an index opened anew, and what stayed is not read again") {
    const Vectors base = testing::clusters(ElementType::kF32, 4'000, kDim);
    const Vectors queries = testing::clusters(ElementType::kF32, 100, kDim, 2);
    for (const IoMode io : io_modes()) {
      for (const Ranking ranking : {Ranking::kExact, Ranking::kCodes}) {
        CAPTURE(name(io));
        CAPTURE(name(ranking));
        const TempDir folder;
        REQUIRE(build(folder / "x", kSchema, base.view(0, 3'600)));
        auto writer = Writer::open(folder / "x");
        REQUIRE_MESSAGE(writer, message(writer));
        OpenOptions options = with_io(io);
        options.ranking = ranking;
        auto index = Index::open(folder / "x", options);
        REQUIRE_MESSAGE(index, message(index));
        for (std::size_t first = 3'900; first < 4'000; first += 25) {
          REQUIRE(writer->insert(base.view(first, 25)));
          REQUIRE(writer->erase(std::array<Id, 2>{first - 3'000, first - 10}));
          REQUIRE(writer->commit());
          REQUIRE(index->refresh().value());
          const auto found = index->search(queries.view(), {.k = 10, .l = 40});
          const auto anew = Index::open(folder / "x", options)->search(queries.view(), {.k = 10, .l = 40});
          REQUIRE_MESSAGE(found, message(found));
          CHECK(found->ids == anew->ids);
          CHECK(found->distances == anew->distances);
          if (io == IoMode::kMapped || first < 3'950) continue;  // the first deletion changes what memory is for
          std::uint64_t here = 0, cold = 0;
          for (const QueryStats& stats : found->stats) here += stats.page_reads;
          for (const QueryStats& stats : anew->stats) cold += stats.page_reads;
          CHECK(here < cold / 2);
        }
        CHECK(index->memory_usage().total() <= options.memory_bytes);
      }
    }
  }

  TEST_CASE("merges keep the edges of their graphs and find as much as a build at once, deleted records or not" *
            doctest::skip(testing::kSanitized)) {
    // Clusters come one after another, which is the hardest; how much they lose differs, so three worlds are asked.
    struct Bound {
      std::uint32_t l;
      double loss;
    };
    constexpr std::array<Bound, 3> kBounds{{{10, 0.01}, {20, 0.01}, {40, 0.005}}};
    std::array<double, kBounds.size()> lost{};
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      const TempDir folder;
      const Vectors base = testing::clusters(ElementType::kF32, 6'000, kDim, seed);
      const Vectors queries = testing::queries_for(ElementType::kF32, 6'000, kDim, 1'500);
      std::vector<Id> ids(base.rows());
      std::iota(ids.begin(), ids.end(), Id{0});
      CHECK(grow(folder / "x", base, ids) > base.rows());
      check_whole(folder / "x");
      REQUIRE(build(folder / "fresh", kSchema, base.view(), ids));
      for (std::size_t i = 0; i < kBounds.size(); ++i) {
        lost[i] += recall(open(folder / "fresh", Ranking::kExact), base, queries, kBounds[i].l) -
                   recall(open(folder / "x", Ranking::kExact), base, queries, kBounds[i].l);
      }
    }
    for (std::size_t i = 0; i < kBounds.size(); ++i) {
      CAPTURE(kBounds[i].l);
      CHECK(lost[i] / 3 < kBounds[i].loss);
    }
  }

  TEST_CASE("under ip nine merges in a row find as much of rows of varying lengths as one build" *
            doctest::skip(testing::kSanitized)) {
    constexpr std::uint32_t kWide = 32;
    constexpr std::size_t kFirst = 400;
    const Schema schema{kWide, ElementType::kF32, Metric::kIp};
    for (const float sigma : {0.2F, 0.5F}) {
      CAPTURE(sigma);
      const TempDir folder;
      const Vectors base = of_lengths(3'900, kWide, sigma, 1), queries = of_lengths(400, kWide, 0, 2);
      REQUIRE(build(folder / "x", schema, base.view(0, kFirst)));
      auto writer = Writer::open(folder / "x", {.delta_records = 20, .background_merges = false});
      REQUIRE_MESSAGE(writer, message(writer));
      std::size_t rows = kFirst;
      for (int merges = 0; merges < 9;) {  // three commits are merged with all that is there
        const std::size_t more = rows / 15;
        REQUIRE(rows + more <= base.rows());
        REQUIRE(writer->insert(base.view(rows, more)));
        const auto done = writer->commit();
        REQUIRE_MESSAGE(done, message(done));
        if (done->merged_records * 2 > rows) ++merges;
        rows += more;
      }
      REQUIRE(open(folder / "x", Ranking::kExact).info().segments == 1);
      REQUIRE(build(folder / "fresh", schema, base.view(0, rows)));
      const auto found = [&](const char* file) {
        const Index index = open(folder / file, Ranking::kExact);
        return share_found(*index.search(queries.view(), {.k = 10}),
                           *index.search(queries.view(), {.k = 10, .exact = true}));
      };
      CHECK(found("x") > found("fresh") - 0.01);
    }
  }
}

}  // namespace nearline
