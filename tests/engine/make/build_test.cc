// SPDX-License-Identifier: Apache-2.0
/// Whole builds, by what they must not depend on: threads, the order of the input, copies among the records, and the
/// memory that they are given.
#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "engine/api/live_index.h"
#include "engine/kernels/kernels.h"
#include "engine/make/index_maker.h"
#include "engine/make/plan.h"
#include "engine/repair/verify.h"
#include "tests/engine/query/index_world.h"
#include "tests/support/allocations.h"
#include "tests/support/one_file.h"

namespace nearline::engine {
namespace {

using testing::Vectors;

/// An index whose file is in memory.
struct Built {
  Built(const Vectors& vectors, const Schema& schema, const BuildOptions& options = quick_build(),
        std::span<const Id> ids = {}) {
    io::SimulatedDisk disk;
    auto built = build_on(disk, "index", vectors, schema, options, ids);
    REQUIRE_MESSAGE(built, (built ? std::string() : built.error().message()));
    report = *built;
    fs.bytes = disk.contents("index");
    index = std::make_unique<engine::LiveIndex>(
        engine::LiveIndex::open(fs, "index", {.io = IoMode::kPread, .memory_bytes = 64U << 20, .threads = 1}).value());
  }

  void check_whole() {
    const auto verified = engine::verify(fs, "index", true);
    REQUIRE(verified);
    for (const VerifyFinding& finding : verified->findings) FAIL_CHECK(finding.what << " at " << finding.at);
    CHECK(verified->records_checked == report.count);
  }

  testing::OneFile fs{{}};
  BuildReport report;
  std::unique_ptr<engine::LiveIndex> index;
};

double recall_of(const Built& built, const Vectors& base, const Vectors& queries, Metric metric, std::uint32_t l) {
  const auto found = built.index->search(queries.view(), {.k = 10, .l = l});
  REQUIRE(found);
  return testing::recall(base, queries, metric, *found);
}

}  // namespace

TEST_SUITE("engine/make/build") {
  TEST_CASE("a file is the same to the byte with 1, 2, 3 and 8 threads; another seed gives another one") {
    const auto rows = testing::clusters(ElementType::kF32, 2'500, 16);
    for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
      CAPTURE(name(metric));
      const Schema schema{16, ElementType::kF32, metric};
      BuildOptions options = quick_build();
      options.calibrate = metric == Metric::kIp;
      const auto one = index_bytes(rows, schema, options);
      for (const std::uint32_t threads : {2U, 3U, 8U}) {
        options.threads = threads;
        CHECK(index_bytes(rows, schema, options) == one);
      }
      options.seed = 2;
      CHECK(index_bytes(rows, schema, options) != one);
    }
  }

  TEST_CASE("a file is the same to the byte on every target with fused multiply-add") {
    std::vector<float> values;  // sums of whole numbers would be exact in any order
    for (const float value : testing::clusters(ElementType::kF32, 600, 45).values) values.push_back(value / 7);
    const MatrixView rows{values.data(), values.size() / 45, 45};
    for (const ElementType type : {ElementType::kF32, ElementType::kF16, ElementType::kBF16}) {
      for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
        CAPTURE(name(type));
        CAPTURE(name(metric));
        BuildOptions options = quick_build();
        options.calibrate = true;
        std::vector<std::byte> best;  // where there is but one such target, its sums are what kernels_test.cc holds
        for (const char* target : kernels::targets()) {
          REQUIRE(kernels::use_target(target));
          if (!kernels::fused()) continue;
          CAPTURE(target);
          io::SimulatedDisk disk;
          auto maker = engine::IndexMaker::create(disk, "index", {45, type, metric}, options).value();
          REQUIRE(maker.add(rows));
          REQUIRE(maker.finish());
          if (best.empty()) best = disk.contents("index");
          CHECK(disk.contents("index") == best);
        }
        kernels::use_target(nullptr);
      }
    }
  }

  TEST_CASE("however rows are shared out over calls, the file is the same") {
    const auto rows = testing::clusters(ElementType::kU8, 700, 8);
    const Schema schema{8, ElementType::kU8, Metric::kL2};
    io::SimulatedDisk disk;
    auto builder = engine::IndexMaker::create(disk, "index", schema, quick_build()).value();
    for (std::size_t first = 0, step = 0; first < 700; first += step) {
      step = std::min<std::size_t>(step * 2 + 1, 700 - first);
      REQUIRE(builder.add(rows.view(first, step)));
      REQUIRE(builder.add(rows.view(first, 0)));
    }
    CHECK(builder.count() == 700);
    REQUIRE(builder.finish());
    CHECK(disk.contents("index") == index_bytes(rows, schema));
  }

  TEST_CASE("shuffled, sorted and reversed rows give recalls within a point, and all records are reachable") {
    const auto sorted = testing::clusters(ElementType::kU8, 4'000, 24);
    const auto queries = testing::clusters(ElementType::kU8, 200, 24, 2);
    const Schema schema{24, ElementType::kU8, Metric::kL2};
    std::vector<std::uint32_t> backwards(4'000);
    std::iota(backwards.rbegin(), backwards.rend(), 0U);
    const Vectors orders[] = {sorted, testing::in_order(sorted, testing::shuffled_rows(4'000)),
                              testing::in_order(sorted, backwards)};
    double least = 1, most = 0;
    for (const Vectors& rows : orders) {
      BuildOptions options;  // those of a user
      options.threads = 2;
      Built built(rows, schema, options);
      built.check_whole();
      const double found = recall_of(built, rows, queries, Metric::kL2, 32);
      least = std::min(least, found);
      most = std::max(most, found);
    }
    CHECK(least > 0.97);
    CHECK(most - least <= 0.01);
  }

  TEST_CASE("a thousand exact copies trap no search: other records are found, and copies are answers too") {
    Vectors rows = testing::clusters(ElementType::kF32, 3'000, 16);
    const std::vector<float> copied(rows.row(1'500).begin(), rows.row(1'500).end());
    for (int i = 0; i < 999; ++i) rows.push_back(copied);
    const auto order = testing::shuffled_rows(rows.rows());
    rows = testing::in_order(rows, order);
    Built built(rows, {16, ElementType::kF32, Metric::kL2});
    built.check_whole();

    // The records around the copies are the ones in danger.
    Vectors queries = testing::no_vectors(ElementType::kF32, 16);
    for (const auto& near : testing::nearest(rows, copied, Metric::kL2, 1'080)) {
      if (near.distance > 0) queries.push_back(rows.row(near.row));
    }
    REQUIRE(queries.rows() == 80);
    const auto themselves = built.index->search(queries.view(), {.k = 1, .l = 40});
    REQUIRE(themselves);
    CHECK(testing::recall(rows, queries, Metric::kL2, *themselves) > 0.97);
    const auto others = testing::clusters(ElementType::kF32, 100, 16, 2);
    CHECK(recall_of(built, rows, others, Metric::kL2, 40) > 0.9);

    Vectors copy = testing::no_vectors(ElementType::kF32, 16);
    copy.push_back(copied);
    const auto copies = built.index->search(copy.view(), {.k = 10, .l = 40});
    REQUIRE(copies);
    CHECK(copies->counts[0] == 10);
    for (std::size_t i = 0; i < 10; ++i) CHECK(copies->distances[i] == 0);
  }

  TEST_CASE("records that are all alike make an index too") {
    Vectors rows = testing::no_vectors(ElementType::kI8, 5);
    for (int i = 0; i < 2'000; ++i) rows.push_back(std::vector<float>{1, -2, 3, -4, 5});
    Built built(rows, {5, ElementType::kI8, Metric::kCosine});
    built.check_whole();
    const auto found = built.index->search(rows.view(0, 1), {.k = 50, .l = 50});
    REQUIRE(found);
    CHECK(found->counts[0] == 50);
  }

  TEST_CASE(
      "a build in parts keeps to its memory, loses little recall, and is the same in any order, with any number of "
      "threads") {
    const std::uint32_t dim = 512;
    const std::uint32_t count = 8'500;
    const auto rows = testing::clusters(ElementType::kF32, count, dim);
    const auto queries = testing::clusters(ElementType::kF32, 40, dim, 2);
    const Schema schema{dim, ElementType::kF32, Metric::kL2};
    BuildOptions options = quick_build();
    options.memory_bytes = ~std::uint64_t{0};
    const auto plan = plan_build(count, schema, options, 4);
    REQUIRE(plan);
    Built whole(rows, schema, options);
    CHECK(whole.report.partitions == 1);

    options.memory_bytes = plan->least_bytes;
    REQUIRE(plan->least_bytes < plan->memory_bytes);
    Built parts(rows, schema, options);
    CHECK(parts.report.partitions > 1);
    parts.check_whole();
    const double in_one = recall_of(whole, rows, queries, Metric::kL2, 40);
    const double in_parts = recall_of(parts, rows, queries, Metric::kL2, 40);
    CHECK(in_one > 0.95);
    CHECK(in_parts > in_one - 0.03);

    options.threads = 2;
    const auto order = testing::shuffled_rows(count);
    const std::vector<Id> ids(order.begin(), order.end());
    CHECK(index_bytes(testing::in_order(rows, order), schema, options, ids) == parts.fs.bytes);
  }

  TEST_CASE("a budget below the least is refused and named, and nothing is left") {
    const auto rows = testing::clusters(ElementType::kU8, 500, 8);
    const Schema schema{8, ElementType::kU8, Metric::kL2};
    BuildOptions options = quick_build();
    const std::uint64_t least = plan_build(500, schema, options, 4)->least_bytes;
    options.memory_bytes = least - 1;
    io::SimulatedDisk disk;
    const auto refused = build_on(disk, "index", rows, schema, options);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kOverBudget);
    CHECK(refused.error().what.find(std::to_string(least)) != std::string::npos);
    CHECK(disk.names().empty());
    options.memory_bytes = least;
    CHECK(build_on(disk, "index", rows, schema, options));
  }

  TEST_CASE("what a build allocates stays within its bound, whole and in parts" * doctest::skip(testing::kSanitized)) {
    const std::uint32_t dim = 512;
    const std::uint32_t count = 18'000;
    const auto rows = testing::clusters(ElementType::kU8, count, dim);
    const Schema schema{dim, ElementType::kU8, Metric::kL2};
    BuildOptions options = quick_build();
    options.degree = 8;
    options.l_build = 16;
    options.threads = 2;
    const auto whole = plan_build(count, schema, options, 4);
    REQUIRE(whole);
    for (const std::uint64_t bound : {whole->memory_bytes, whole->least_bytes}) {
      CAPTURE(bound);
      options.memory_bytes = bound;
      const auto plan = plan_build(count, schema, options, 4);
      REQUIRE(plan);
      CHECK((plan->parts == 1) == (bound == whole->memory_bytes));
      std::uint64_t sorting = 0;  // the peak before there is an image
      options.progress = [&](const Progress& progress) {
        if (sorting == 0 && progress.phase != "sort") {
          sorting = testing::peak_bytes();
          testing::reset_peak();
        }
        return true;
      };
      const io::TempDir folder;
      auto builder = Builder::create(folder / "index", schema, options);
      REQUIRE(builder);
      REQUIRE(builder->add(rows.view()));
      const std::uint64_t before = testing::bytes_in_use();
      testing::reset_peak();
      REQUIRE(builder->finish());
      CHECK(sorting - before <= bound);
      // Images are taken from calloc, which is not counted: they are as large as their pages.
      const std::uint64_t image = plan->image_shape.pages(plan->part_records) * plan->image_shape.page_bytes;
      CHECK(testing::peak_bytes() - before + image <= bound);
    }
  }

  TEST_CASE("a division into many parts of small records takes no more memory either" *
            doctest::skip(testing::kSanitized)) {
    const auto rows = testing::clusters(ElementType::kU8, 60'000, 4);
    const Schema schema{4, ElementType::kU8, Metric::kL2};
    BuildOptions options;
    options.degree = 4;
    options.l_build = 8;
    options.threads = 2;
    options.memory_bytes = plan_build(60'000, schema, options, 4)->least_bytes;
    const io::TempDir folder;
    auto builder = Builder::create(folder / "index", schema, options);
    REQUIRE(builder);
    REQUIRE(builder->add(rows.view()));
    const std::uint64_t before = testing::bytes_in_use();
    testing::reset_peak();
    const auto report = builder->finish();
    REQUIRE(report);
    CHECK(testing::peak_bytes() - before <= options.memory_bytes);
  }
}

}  // namespace nearline::engine
