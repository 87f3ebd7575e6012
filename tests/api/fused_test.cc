// SPDX-License-Identifier: Apache-2.0
/// An index with fused pages, as a user sees it.
#include <doctest/doctest.h>

#include <algorithm>

#include "nearline/verify.h"
#include "nearline/writer.h"
#include "tests/api/index_world.h"

namespace nearline {
namespace {

using io::TempDir;
using testing::Vectors;

constexpr std::uint32_t kDim = 48;
constexpr std::uint32_t kRows = 5'000;

BuildOptions fused() {
  BuildOptions options = quick_build();
  options.layout = Layout::kFused;
  return options;
}

Schema schema(Metric metric) {
  return {kDim, ElementType::kF32, metric};
}

struct World {
  World()
      : base(testing::clusters(ElementType::kF32, kRows, kDim)),
        queries(testing::clusters(ElementType::kF32, 100, kDim, 2)) {
    for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
      const auto report = build(path(metric), schema(metric), base.view(), {}, fused());
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

}  // namespace

TEST_SUITE("api/fused") {
  TEST_CASE("searching wide enough gives the exact answers, in every mode") {
    for (const IoMode io : io_modes()) {
      CAPTURE(name(io));
      const auto index = Index::open(world().path(Metric::kL2), with_io(io));
      REQUIRE_MESSAGE(index, message(index));
      CHECK(index->info().layout == Layout::kFused);
      CHECK(index->ranking() == Ranking::kCodes);
      const MatrixView few = world().queries.view(0, 5);
      const auto all = *index->search(few, {.k = 10, .l = kRows});
      const auto exact = *index->search(few, {.k = 10, .exact = true});
      CHECK(all.ids == exact.ids);
      CHECK(all.distances == exact.distances);
    }
  }

  TEST_CASE("a short list finds most of what is near, under every metric") {
    for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
      CAPTURE(name(metric));
      const auto index = Index::open(world().path(metric), with_io(IoMode::kPread));
      REQUIRE_MESSAGE(index, message(index));
      const auto found = *index->search(world().queries.view(), {.k = 10, .l = 80});
      CHECK(testing::recall(world().base, world().queries, metric, found) > 0.93);
      CHECK(found.stats[0].estimates > 0);
      CHECK(found.stats[0].distance_computations < kRows / 4);
    }
  }

  TEST_CASE("answers are the same in every mode, at every width of their own") {
    for (const std::uint32_t width : {1U, 4U, 64U}) {
      CAPTURE(width);
      std::vector<SearchResult> all;
      for (const IoMode io : io_modes()) {
        const auto index = Index::open(world().path(Metric::kL2), with_io(io));
        REQUIRE_MESSAGE(index, message(index));
        all.push_back(*index->search(world().queries.view(), {.k = 10, .l = 40, .beam_width = width}));
      }
      for (const SearchResult& other : all) {
        CHECK(other.ids == all[0].ids);
        CHECK(other.distances == all[0].distances);
      }
    }
  }

  TEST_CASE("one thread and two, whole and in parts, make files that are sound") {
    TempDir folder;
    BuildOptions options = fused();
    options.threads = 1;
    REQUIRE(build(folder / "one", schema(Metric::kL2), world().base.view(), {}, options));
    CHECK(contents(folder / "one") == contents(world().path(Metric::kL2)));

    const auto whole = *estimate(kRows, schema(Metric::kL2), options);
    options.memory_bytes = whole.least_build_memory_bytes;
    const auto parts = build(folder / "parts", schema(Metric::kL2), world().base.view(), {}, options);
    REQUIRE_MESSAGE(parts, message(parts));
    for (const char* file : {"one", "parts"}) {
      CAPTURE(file);
      const auto report = *verify(folder / file, true);
      CHECK_MESSAGE(report.findings.empty(), (report.findings.empty() ? "" : report.findings[0].what));
      const auto index = Index::open(folder / file, with_io(IoMode::kPread));
      REQUIRE(index);
      const auto found = *index->search(world().queries.view(), {.k = 10, .l = 80});
      CHECK(testing::recall(world().base, world().queries, Metric::kL2, found) > 0.9);
    }
  }

  TEST_CASE("whatever byte of the pages, codes or their book is damaged, a verification finds it") {
    TempDir folder;
    std::vector<char> bytes = contents(world().path(Metric::kL2));
    for (std::size_t at = 8192 + 17; at < bytes.size(); at += 4096 * 37 + 11) {
      CAPTURE(at);
      bytes[at] ^= 0x10;
      write(folder / "x", bytes);
      bytes[at] ^= 0x10;
      const auto report = verify(folder / "x", true);
      REQUIRE(report);
      CHECK_FALSE(report->findings.empty());
    }
  }

  TEST_CASE("memory stays within a few MiB that do not grow with the records") {
    for (const std::uint64_t rows : {std::uint64_t{1'000'000}, kMaxRecords}) {
      CAPTURE(rows);
      const auto needs = estimate(rows, {128, ElementType::kU8, Metric::kL2}, fused());
      REQUIRE_MESSAGE(needs, message(needs));
      CHECK(needs->search_memory_bytes < 8U << 20);
    }
    for (const IoMode io : io_modes()) {
      for (const std::uint64_t budget : {std::uint64_t{4} << 20, std::uint64_t{16} << 20}) {
        CAPTURE(name(io));
        const auto index = Index::open(world().path(Metric::kL2), with_io(io, budget));
        REQUIRE_MESSAGE(index, message(index));
        for (const std::uint32_t width : {1U, 64U}) {
          REQUIRE(index->search(world().queries.view(), {.k = 10, .l = 400, .beam_width = width}));
        }
        CHECK(index->memory_usage().total() <= budget);
        CHECK(index->memory_usage().codes < kRows * 16 + (64U << 10));
      }
    }
  }

  TEST_CASE("a recall that is asked for is reached") {
    TempDir folder;
    BuildOptions options = fused();
    options.calibrate = true;
    REQUIRE(build(folder / "x", schema(Metric::kL2), world().base.view(), {}, options));
    const auto index = Index::open(folder / "x", with_io(IoMode::kPread));
    REQUIRE(index);
    CHECK(index->info().calibration_queries > 0);
    const auto queries = testing::clusters(ElementType::kF32, 1'000, kDim, 2);  // fewer come from too few clusters
    for (const float recall : {0.8F, 0.95F}) {
      CAPTURE(recall);
      const auto found = index->search(queries.view(), {.k = 10, .recall = recall});
      REQUIRE_MESSAGE(found, message(found));
      CHECK(testing::recall(world().base, queries, Metric::kL2, *found) > recall - 0.02);
    }
  }

  TEST_CASE("records come and go; merges and compactions keep the pages fused") {
    TempDir folder;
    REQUIRE(build(folder / "x", schema(Metric::kL2), world().base.view(0, 3'000), {}, fused()));
    auto writer = Writer::open(folder / "x", {.delta_records = 100, .background_merges = false});
    REQUIRE_MESSAGE(writer, message(writer));
    std::vector<Id> gone;
    for (Id id = 0; id < 1'000; ++id) gone.push_back(id * 2);
    REQUIRE(writer->erase(gone));
    REQUIRE(writer->insert(world().base.view(3'000, 100)));
    REQUIRE(writer->commit());
    for (const bool compacted : {false, true}) {
      CAPTURE(compacted);
      if (compacted) REQUIRE(writer->compact());
      const auto index = Index::open(folder / "x", with_io(IoMode::kPread));
      REQUIRE_MESSAGE(index, message(index));
      CHECK(index->info().layout == Layout::kFused);
      CHECK(index->info().count == 2'100);
      const auto found = *index->search(world().queries.view(0, 20), {.k = 10, .l = 2'000});
      const auto exact = *index->search(world().queries.view(0, 20), {.k = 10, .exact = true});
      CHECK(found.ids == exact.ids);
      CHECK(std::none_of(found.ids.begin(), found.ids.end(), [](Id id) { return id < 2'000 && id % 2 == 0; }));
    }
    CHECK(verify(folder / "x", true)->findings.empty());
  }

  TEST_CASE("few records and equal ones are no trouble") {
    TempDir folder;
    for (const std::size_t rows : {1U, 2U, 7U}) {
      CAPTURE(rows);
      const auto path = folder / std::to_string(rows).c_str();
      REQUIRE(build(path, schema(Metric::kL2), world().base.view(0, rows), {}, fused()));
      const auto index = Index::open(path);
      REQUIRE_MESSAGE(index, message(index));
      CHECK(index->search(world().base.view(0, 1), {.k = 1, .l = 10})->ids == std::vector<Id>{0});
      CHECK(verify(path, true)->findings.empty());
    }
    Vectors same = testing::no_vectors(ElementType::kF32, kDim);
    for (int i = 0; i < 50; ++i) same.push_back(world().base.row(0));
    REQUIRE(build(folder / "same", schema(Metric::kL2), same.view(), {}, fused()));
    CHECK(Index::open(folder / "same")->info().layout == Layout::kLean);
  }

  TEST_CASE("what cannot be fused is refused") {
    TempDir folder;
    const auto refused = [&](const Schema& s, const BuildOptions& options) {
      const auto got = Builder::create(folder / "x", s, options);
      return !got && got.error().code == Code::kInvalidArgument;
    };
    CHECK(refused({kDim, ElementType::kB1, Metric::kHamming}, fused()));
    CHECK(refused({4'097, ElementType::kF32, Metric::kL2}, fused()));
    BuildOptions options = fused();
    options.code_bytes = 0;
    CHECK(refused(schema(Metric::kL2), options));
    options = quick_build();
    options.page_records = 3;
    CHECK(refused(schema(Metric::kL2), options));
    options = fused();
    options.page_records = 1'000;
    CHECK(build(folder / "x", schema(Metric::kL2), world().base.view(0, 10), {}, options).error().code ==
          Code::kInvalidArgument);
  }
}

}  // namespace nearline
