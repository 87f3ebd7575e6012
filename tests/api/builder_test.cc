// SPDX-License-Identifier: Apache-2.0
#include "nearline/builder.h"
#include "nearline/verify.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include "tests/api/index_world.h"

namespace nearline {
namespace {

using io::TempDir;
using testing::Vectors;

/// Opens, searches, reads and verifies: everything must agree with the rows.
void check_index(const std::filesystem::path& path, const Vectors& base, const Vectors& queries, const Schema& schema) {
  const auto index = Index::open(path);
  REQUIRE_MESSAGE(index, message(index));
  CHECK(index->info().count == base.rows());
  CHECK(index->info().schema.dim == schema.dim);
  CHECK(index->info().schema.type == schema.type);
  CHECK(index->info().schema.metric == schema.metric);

  const auto k = static_cast<std::uint32_t>(std::min<std::size_t>(10, base.rows()));
  for (const bool exact : {false, true}) {
    // Inner products of vectors of all lengths are the hardest to walk towards.
    const std::uint32_t l = schema.metric == Metric::kIp ? 250 : 60;
    const auto found = index->search(queries.view(), {.k = k, .l = l, .exact = exact});
    REQUIRE_MESSAGE(found, message(found));
    CHECK(testing::recall(base, queries, schema.metric, *found) >= (exact ? 1.0 : 0.98));
    for (std::size_t q = 0; q < queries.rows(); ++q) {
      REQUIRE(found->counts[q] == k);
      for (std::size_t i = 0; i < k; ++i) {
        const Id id = found->ids[q * k + i];
        const double expected = testing::distance(schema.metric, queries.row(q), base.row(id));
        REQUIRE(found->distances[q * k + i] == doctest::Approx(expected).epsilon(1e-4));
      }
    }
  }

  // Every record can be had by id and in order, and both are the same bytes.
  const std::size_t bytes = vector_bytes(schema.type, schema.dim);
  std::vector<Id> ids(base.rows());
  std::iota(ids.rbegin(), ids.rend(), Id{0});
  std::vector<std::byte> backwards(ids.size() * bytes), forwards;
  REQUIRE(index->get(ids, backwards));
  Id next = 0;
  REQUIRE(index->for_each(7, [&](std::span<const Id> some, const MatrixView& rows) -> Result<void> {
    CHECK(rows.type == schema.type);
    for (const Id id : some) CHECK(id == next++);
    forwards.insert(forwards.end(), rows.row(0), rows.row(rows.rows));
    return {};
  }));
  CHECK(next == base.rows());
  for (std::size_t i = 0; i < base.rows(); ++i) {
    REQUIRE(std::memcmp(forwards.data() + i * bytes, backwards.data() + (base.rows() - 1 - i) * bytes, bytes) == 0);
  }
  if (base.type == schema.type) CHECK(forwards == base.bytes);

  const auto verified = verify(path, true);
  REQUIRE(verified);
  CHECK(verified->finding_count == 0);
  CHECK(verified->records_checked == base.rows());
}

void build_and_check(const Vectors& base, const Vectors& queries, const Schema& schema,
                     const BuildOptions& options = quick_build()) {
  const TempDir folder;
  const auto report = build(folder / "x.near", schema, base.view(), {}, options);
  REQUIRE_MESSAGE(report, message(report));
  CHECK(report->count == base.rows());
  CHECK(report->file_bytes == std::filesystem::file_size(folder / "x.near"));
  CHECK(entries(folder.path()) == 1);
  check_index(folder / "x.near", base, queries, schema);
}

}  // namespace

TEST_SUITE("api/builder") {
  TEST_CASE("an index of every metric and element type is built, opened, searched, read and verified") {
    for (const auto& kind : testing::all_kinds()) {
      const auto& metric = kind.metric;
      const auto& type = kind.type;
      CAPTURE(name(metric));
      CAPTURE(name(type));
      for (const std::uint32_t dim : {16U, 33U}) {
        build_and_check(testing::clusters(type, 900, dim), testing::clusters(type, 20, dim, 2), {dim, type, metric});
      }
    }
  }

  TEST_CASE("indexes of few records work: from none on") {
    for (const std::size_t rows : {1U, 2U, 3U, 20U}) {
      CAPTURE(rows);
      build_and_check(testing::clusters(ElementType::kF32, rows, 3), testing::clusters(ElementType::kF32, 4, 3, 2),
                      {3, ElementType::kF32, Metric::kIp});
    }
    const TempDir folder;
    const Schema schema{3, ElementType::kF32, Metric::kL2};
    REQUIRE(build(folder / "empty", schema, {std::span<const float>(), 3}));
    const auto index = Index::open(folder / "empty");
    REQUIRE(index);
    CHECK(index->info().count == 0);
    CHECK(index->info().schema.dim == 3);
    CHECK(index->memory_usage().total() == 0);
    const std::vector<float> query(3);
    const auto none = index->search({query.data(), 1, 3}, {.k = 2});
    REQUIRE(none);
    CHECK(none->counts == std::vector<std::uint32_t>{0});
    CHECK(none->ids == std::vector<Id>(2, kNoId));
    std::vector<std::byte> room(12);
    CHECK(index->get(std::vector<Id>{0}, room)->absent == std::vector<std::size_t>{0});
    CHECK(index->get({}, {})->absent.empty());
    CHECK(index->contains(std::vector<Id>{0, 1}).value() == std::vector<bool>{false, false});
    CHECK(index->for_each(10, [](std::span<const Id>, const MatrixView&) { return Result<void>{}; }));
    CHECK(verify(folder / "empty", true)->finding_count == 0);
  }

  TEST_CASE("the smallest and the largest dimension work, and records larger than a page") {
    build_and_check(testing::clusters(ElementType::kU8, 600, 1), testing::clusters(ElementType::kU8, 10, 1, 2),
                    {1, ElementType::kU8, Metric::kL2});
    build_and_check(testing::clusters(ElementType::kB1, 600, 1), testing::clusters(ElementType::kB1, 10, 1, 2),
                    {1, ElementType::kB1, Metric::kJaccard});
    build_and_check(testing::clusters(ElementType::kF32, 600, 3000), testing::clusters(ElementType::kF32, 5, 3000, 2),
                    {3000, ElementType::kF32, Metric::kCosine});
    BuildOptions options = quick_build();
    options.degree = 4;
    build_and_check(testing::clusters(ElementType::kF32, 20, kMaxDim), testing::clusters(ElementType::kF32, 2, kMaxDim),
                    {kMaxDim, ElementType::kF32, Metric::kL2}, options);
  }

  TEST_CASE("a degree far above the number of records, and the least one, work") {
    for (const std::uint32_t degree : {4U, 1024U}) {
      CAPTURE(degree);
      BuildOptions options = quick_build();
      options.degree = degree;
      options.l_build = 1024;
      build_and_check(testing::clusters(ElementType::kI8, 30, 8), testing::clusters(ElementType::kI8, 5, 8, 2),
                      {8, ElementType::kI8, Metric::kL2}, options);
    }
  }

  TEST_CASE("records keep the ids they are given, however large, and are found by them") {
    const Vectors base = testing::clusters(ElementType::kU8, 700, 8);
    const Schema schema{8, ElementType::kU8, Metric::kL2};
    for (const Id step : {Id{3}, Id{0x1'0000'0001}}) {
      CAPTURE(step);
      const TempDir folder;
      std::vector<Id> ids(700);
      for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = (i * 331 % 700) * step + 5;  // in no order
      REQUIRE(build(folder / "x", schema, base.view(), ids));
      const auto index = Index::open(folder / "x");
      REQUIRE(index);
      std::vector<std::byte> out(base.bytes.size());
      REQUIRE(index->get(ids, out));
      CHECK(out == base.bytes);
      const auto found = index->search(base.view(), {.k = 1});
      REQUIRE(found);
      for (std::size_t i = 0; i < ids.size(); ++i) {
        CHECK(found->distances[i] == 0);
        if (found->ids[i] == ids[i]) continue;  // else another row that is equal
        const auto other = std::find(ids.begin(), ids.end(), found->ids[i]) - ids.begin();
        CHECK(testing::distance(Metric::kL2, base.row(i), base.row(static_cast<std::size_t>(other))) == 0);
      }
      Id previous = 0;
      REQUIRE(index->for_each(100, [&](std::span<const Id> some, const MatrixView&) -> Result<void> {
        for (const Id id : some) {
          CHECK(id > previous);
          previous = id;
        }
        return {};
      }));
      for (const Id unknown : {Id{4}, Id{6}, 699 * step + 6, kNoId}) {
        std::vector<std::byte> room(16, std::byte{7});
        const auto got = index->get(std::vector<Id>{unknown, ids[0]}, room);
        REQUIRE(got);
        CHECK(got->absent == std::vector<std::size_t>{0});
        CHECK(std::all_of(room.begin(), room.begin() + 8, [](std::byte byte) { return byte == std::byte{0}; }));
        CHECK(std::equal(room.begin() + 8, room.end(), base.bytes.begin()));
        CHECK(index->contains(std::vector<Id>{unknown, ids[0]}).value() == std::vector<bool>{false, true});
      }
    }
  }

  TEST_CASE("an id given twice is refused at the end, and nothing is left") {
    const TempDir folder;
    const Vectors base = testing::clusters(ElementType::kU8, 3, 8);
    const auto report = build(folder / "x", {8, ElementType::kU8, Metric::kL2}, base.view(), std::vector<Id>{7, 8, 7});
    REQUIRE_FALSE(report);
    CHECK(report.error().code == Code::kInvalidArgument);
    CHECK(report.error().what.find("id 7 ") == 0);
    CHECK(entries(folder.path()) == 0);
  }

  TEST_CASE("a row that is no vector is named, counted from the first ever added, and its call adds nothing") {
    const TempDir folder;
    const Schema schema{4, ElementType::kF32, Metric::kCosine};
    auto builder = Builder::create(folder / "x", schema, quick_build());
    REQUIRE(builder);
    Vectors base = testing::clusters(ElementType::kF32, 100, 4);
    REQUIRE(builder->add(base.view()));
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity(), 0.0F}) {
      Vectors more = testing::clusters(ElementType::kF32, 50, 4, 3);
      for (std::size_t i = 0; i < 4; ++i) std::memcpy(more.bytes.data() + (30 * 4 + i) * sizeof bad, &bad, sizeof bad);
      const auto added = builder->add(more.view());
      REQUIRE_FALSE(added);
      CHECK(added.error().code == Code::kBadInput);
      CHECK(added.error().what.find("vector 130 ") == 0);
      CHECK(builder->count() == 100);
    }
    REQUIRE(builder->finish());
    check_index(folder / "x", base, testing::clusters(ElementType::kF32, 5, 4, 2), schema);
  }

  TEST_CASE("an output that exists is left alone, unless it may be replaced") {
    const TempDir folder;
    const Schema schema{8, ElementType::kU8, Metric::kL2};
    const Vectors one = testing::clusters(ElementType::kU8, 50, 8), two = testing::clusters(ElementType::kU8, 60, 8);
    REQUIRE(build(folder / "x", schema, one.view()));
    const auto before = contents(folder / "x");
    CHECK(build(folder / "x", schema, two.view()).error().code == Code::kExists);
    CHECK(contents(folder / "x") == before);
    BuildOptions options = quick_build();
    options.replace = true;
    // Who has the old file open goes on with it.
    const auto old = Index::open(folder / "x", with_io(IoMode::kPread));
    REQUIRE(old);
    REQUIRE(build(folder / "x", schema, two.view(), {}, options));
    CHECK(old->search(one.view(), {.k = 50, .exact = true}));
    CHECK(old->info().count == 50);
    CHECK(Index::open(folder / "x")->info().count == 60);
    CHECK(entries(folder.path()) == 1);
  }

  TEST_CASE("outputs that cannot be are refused at once") {
    const TempDir folder;
    const Schema schema{8, ElementType::kU8, Metric::kL2};
    const auto missing = Builder::create(folder / "none" / "x", schema);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == Code::kNotFound);
    CHECK(Builder::create(folder / "x", {0, ElementType::kU8, Metric::kL2}).error().code == Code::kInvalidArgument);
    CHECK(entries(folder.path()) == 0);
  }

  TEST_CASE("an output in the working folder needs no folder in its name") {
    const TempDir folder;
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    const Vectors base = testing::clusters(ElementType::kU8, 50, 8);
    const auto report = build("x.near", {8, ElementType::kU8, Metric::kL2}, base.view());
    const auto index = Index::open("x.near");
    std::filesystem::current_path(before);
    CHECK_MESSAGE(report, message(report));
    CHECK_MESSAGE(index, message(index));
  }

  TEST_CASE("a cancelled build leaves nothing") {
    const TempDir folder;
    const Vectors base = testing::clusters(ElementType::kU8, 500, 8);
    BuildOptions options = quick_build();
    options.progress = [](const Progress& progress) { return progress.phase != "link"; };
    const auto report = build(folder / "x", {8, ElementType::kU8, Metric::kL2}, base.view(), {}, options);
    REQUIRE_FALSE(report);
    CHECK(report.error().code == Code::kCancelled);
    CHECK(entries(folder.path()) == 0);
  }

  TEST_CASE("progress goes through every phase to its end, and never backwards within one") {
    const TempDir folder;
    const Vectors base = testing::clusters(ElementType::kU8, 3000, 8);
    std::vector<std::string> phases;
    std::uint64_t last = 0;
    BuildOptions options = quick_build();
    options.progress = [&](const Progress& progress) {
      if (phases.empty() || phases.back() != progress.phase) {
        phases.emplace_back(progress.phase);
        last = 0;
      }
      CHECK(progress.done >= last);
      CHECK((progress.total == 0 || progress.done <= progress.total));
      last = progress.done;
      return true;
    };
    REQUIRE(build(folder / "x", {8, ElementType::kU8, Metric::kL2}, base.view(), {}, options));
    auto sorted = phases;
    std::sort(sorted.begin(), sorted.end());
    CHECK(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
    CHECK(std::find(phases.begin(), phases.end(), "link") != phases.end());
    CHECK(std::find(phases.begin(), phases.end(), "write") != phases.end());
  }

  TEST_CASE("an estimate of the file is right to a few pages, and of the memory it names what a build accepts") {
    for (const std::size_t rows : {0U, 1U, 3'000U}) {
      CAPTURE(rows);
      const TempDir folder;
      const Schema schema{40, ElementType::kU8, Metric::kL2};
      const Vectors base = testing::clusters(ElementType::kU8, rows, 40);
      BuildOptions options = quick_build();
      const auto guess = estimate(rows, schema, options);
      REQUIRE(guess);
      const MatrixView all = rows == 0 ? MatrixView(std::span<const float>(), 40) : base.view();
      options.memory_bytes = guess->build_memory_bytes;
      const auto report = build(folder / "x", schema, all, {}, options);
      REQUIRE_MESSAGE(report, message(report));
      CHECK(report->file_bytes <= guess->file_bytes + 5 * 4096);
      CHECK(guess->file_bytes <= report->file_bytes + 5 * 4096);
      options.memory_bytes = guess->least_build_memory_bytes;
      const auto least = build(folder / "z", schema, all, {}, options);
      CHECK_MESSAGE(least, message(least));
      --options.memory_bytes;
      CHECK(build(folder / "y", schema, all, {}, options).error().code == Code::kOverBudget);
      if (rows == 0) continue;
      OpenOptions open{.io = IoMode::kPread, .memory_bytes = guess->search_memory_bytes, .threads = 1};
      const auto index = Index::open(folder / "x", open);
      CHECK_MESSAGE(index, message(index));
    }
  }
}

}  // namespace nearline
