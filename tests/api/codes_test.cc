// SPDX-License-Identifier: Apache-2.0
/// An index with codes, as a user sees it.
#include <doctest/doctest.h>

#include "tests/api/index_world.h"

namespace nearline {
namespace {

using io::TempDir;
using testing::Vectors;

constexpr std::uint32_t kDim = 48;

struct World {
  World()
      : base(testing::clusters(ElementType::kF32, 5'000, kDim)),
        queries(testing::queries_for(ElementType::kF32, 5'000, kDim, 100)) {
    for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
      const auto report = build(path(metric), {kDim, ElementType::kF32, metric}, base.view());
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

Result<Index> open(const std::filesystem::path& path, IoMode io, Ranking ranking, std::uint64_t memory = 64U << 20) {
  OpenOptions options = with_io(io, memory);
  options.ranking = ranking;
  return Index::open(path, options);
}

double reads(const SearchResult& found) {
  double sum = 0;
  for (const QueryStats& stats : found.stats) sum += stats.page_reads + stats.cache_hits;
  return sum / static_cast<double>(found.stats.size());
}

}  // namespace

TEST_SUITE("api/codes") {
  TEST_CASE("ranking by codes finds as much, with a fraction of the pages") {
    for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
      CAPTURE(name(metric));
      const auto by_code = open(world().path(metric), IoMode::kPread, Ranking::kCodes);
      const auto exactly = open(world().path(metric), IoMode::kPread, Ranking::kExact);
      REQUIRE_MESSAGE(by_code, message(by_code));
      REQUIRE_MESSAGE(exactly, message(exactly));
      CHECK(by_code->ranking() == Ranking::kCodes);
      CHECK(exactly->ranking() == Ranking::kExact);
      const auto a = *by_code->search(world().queries.view(), {.k = 10, .l = 60});
      const auto b = *exactly->search(world().queries.view(), {.k = 10, .l = 60});
      CHECK(testing::recall(world().base, world().queries, metric, a) > 0.95);
      CHECK(testing::recall(world().base, world().queries, metric, a) >
            testing::recall(world().base, world().queries, metric, b) - 0.03);
      CHECK(reads(a) < reads(b) / 3);
      CHECK(a.stats[0].estimates > 0);
      CHECK(b.stats[0].estimates == 0);
    }
  }

  TEST_CASE("answers by codes are the same in every mode, at every width of their own") {
    for (const std::uint32_t width : {1U, 4U, 64U}) {
      CAPTURE(width);
      std::vector<SearchResult> all;
      for (const IoMode io : io_modes()) {
        const auto index = open(world().path(Metric::kL2), io, Ranking::kCodes);
        REQUIRE_MESSAGE(index, message(index));
        all.push_back(*index->search(world().queries.view(), {.k = 10, .l = 40, .beam_width = width}));
      }
      for (const SearchResult& other : all) {
        CHECK(other.ids == all[0].ids);
        CHECK(other.distances == all[0].distances);
      }
    }
  }

  TEST_CASE("at exhaustive L both rankings give the exact answers") {
    const auto by_code = open(world().path(Metric::kL2), IoMode::kPread, Ranking::kCodes);
    REQUIRE_MESSAGE(by_code, message(by_code));
    const MatrixView few = world().queries.view(0, 5);
    const auto all = *by_code->search(few, {.k = 10, .l = 5'000});
    const auto exact = *by_code->search(few, {.k = 10, .exact = true});
    CHECK(all.ids == exact.ids);
    CHECK(all.distances == exact.distances);
  }

  TEST_CASE("left to itself an index ranks by codes only where pages must come from disk") {
    const auto path = world().path(Metric::kL2);
    CHECK(open(path, IoMode::kMapped, Ranking::kAuto)->ranking() == Ranking::kExact);
    CHECK(open(path, IoMode::kPread, Ranking::kAuto)->ranking() == Ranking::kExact);  // the cache holds all pages
    const auto small = open(path, IoMode::kPread, Ranking::kAuto, 1U << 20);
    REQUIRE_MESSAGE(small, message(small));
    CHECK(small->ranking() == Ranking::kCodes);
    CHECK(small->memory_usage().codes > 0);
    CHECK(small->memory_usage().total() <= 1U << 20);
  }

  TEST_CASE("what cannot be ranked by codes is refused when it is demanded") {
    TempDir folder;
    BuildOptions plain = quick_build();
    plain.code_bytes = 0;
    REQUIRE(build(folder / "x", {kDim, ElementType::kF32, Metric::kL2}, world().base.view(), {}, plain));
    CHECK(open(folder / "x", IoMode::kPread, Ranking::kAuto, 1U << 20)->ranking() == Ranking::kExact);
    const auto none = open(folder / "x", IoMode::kPread, Ranking::kCodes);
    REQUIRE_FALSE(none);
    CHECK(none.error().code == Code::kInvalidArgument);
    const auto tight = open(world().path(Metric::kL2), IoMode::kPread, Ranking::kCodes, 100'000);
    REQUIRE_FALSE(tight);
    CHECK(tight.error().code == Code::kOverBudget);
    CHECK(tight.error().what.find("at least ") != std::string::npos);
  }

  TEST_CASE("code bytes that fit neither the range nor the metric are refused") {
    TempDir folder;
    BuildOptions options = quick_build();
    for (const std::uint32_t bytes : {1U, 4U, 1029U}) {
      options.code_bytes = bytes;
      CHECK(Builder::create(folder / "x", {kDim, ElementType::kF32, Metric::kL2}, options).error().code ==
            Code::kInvalidArgument);
    }
    options.code_bytes = 20;
    CHECK(Builder::create(folder / "x", {kDim, ElementType::kB1, Metric::kHamming}, options).error().code ==
          Code::kInvalidArgument);
    CHECK(Builder::create(folder / "x", {4097, ElementType::kF32, Metric::kL2}, options).error().code ==
          Code::kInvalidArgument);
  }

  TEST_CASE("a damaged block of codes is an error that names its place, once it is needed") {
    TempDir folder;
    std::vector<char> bytes = contents(world().path(Metric::kL2));
    const auto good = open(world().path(Metric::kL2), IoMode::kPread, Ranking::kCodes);
    // The codes and their book are the last sections of the file.
    std::size_t refused = 0;
    for (std::size_t at = bytes.size() * 3 / 4; at + 4096 * 4 < bytes.size(); at += 4096) {
      bytes[at + 100] ^= 0x10;
      write(folder / "x", bytes);
      bytes[at + 100] ^= 0x10;
      const auto index = open(folder / "x", IoMode::kPread, Ranking::kCodes);
      if (!index) {
        CHECK(index.error().code == Code::kCorrupt);
        ++refused;
        continue;
      }
      const auto found = index->search(world().queries.view(), {.k = 10, .l = 60});
      if (!found) {
        CHECK(found.error().code == Code::kCorrupt);
        CHECK(found.error().at != Error::kNowhere);
        ++refused;
      } else {
        CHECK(found->ids == good->search(world().queries.view(), {.k = 10, .l = 60})->ids);
      }
    }
    CHECK(refused > 0);
  }
}

}  // namespace nearline
