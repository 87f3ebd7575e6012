// SPDX-License-Identifier: Apache-2.0
/// Ids of records that come without.
#include "engine/repair/salvage.h"
#include "tests/engine/write/writer_world.h"

namespace nearline {
namespace {

using testing::check_holds;
using testing::findings;
using testing::small_writer;
using testing::WriterWorld;

constexpr Id kFar = Id{1} << 63;

engine::IndexWriter open_writer(WriterWorld& world, const std::filesystem::path& path = "index") {
  return engine::IndexWriter::open(world.disk, path, small_writer()).value();
}

/// Adds records without ids and returns the first that was given.
Id give(WriterWorld& world, engine::IndexWriter& writer, std::size_t count) {
  std::vector<float> rows;
  for (std::size_t i = 0; i < count; ++i) {
    const auto made = world.vector();
    rows.insert(rows.end(), made.begin(), made.end());
  }
  const auto report = writer.insert({rows.data(), count, testing::kDim});
  REQUIRE_MESSAGE(report, (report ? std::string() : report.error().message()));
  CHECK(report.value().inserted == count);
  REQUIRE(report.value().first_id);
  const Id first = *report.value().first_id;
  for (std::size_t i = 0; i < count; ++i) {
    CHECK_FALSE(world.model.contains(first + i));
    const auto row = rows.begin() + static_cast<std::ptrdiff_t>(i * testing::kDim);
    world.model[first + i] = std::vector<float>(row, row + testing::kDim);
  }
  return first;
}

}  // namespace

TEST_SUITE("engine/write/ids") {
  TEST_CASE("an insert without ids tells which it gave, and one with ids that it gave none") {
    WriterWorld world;
    auto writer = open_writer(world);
    CHECK(give(world, writer, 3) == 0);
    CHECK(give(world, writer, 1) == 3);
    world.put(writer, 40, 2);
    CHECK(give(world, writer, 2) == 42);
    REQUIRE(writer.commit());
    CHECK(give(world, writer, 1) == 44);
    const auto none = writer.insert({static_cast<const float*>(nullptr), 0, testing::kDim});
    REQUIRE(none);
    CHECK_FALSE(none.value().first_id);
    REQUIRE(writer.commit());
    check_holds(world.disk, "index", world.model);
    CHECK(findings(world.disk, "index") == "");
  }

  TEST_CASE("no id is given twice, even when the largest was deleted, or all were, and the index is another file") {
    WriterWorld world;
    {
      auto writer = open_writer(world);
      give(world, writer, 50);
      REQUIRE(writer.commit());
      world.erase(writer, std::vector<Id>{49});
      CHECK(give(world, writer, 1) == 50);
      world.erase(writer, std::vector<Id>{50});  // never committed, and told to the caller
      REQUIRE(writer.commit());
      CHECK(give(world, writer, 1) == 51);
      REQUIRE(writer.commit());
      world.erase(writer, world.some_ids(52));
      REQUIRE(writer.commit());
    }
    auto writer = open_writer(world);
    REQUIRE(writer.compact());
    CHECK(give(world, writer, 1) == 52);
    REQUIRE(writer.commit());
    REQUIRE(engine::LiveIndex::open(world.disk, "index").value().snapshot("copy"));
    world.erase(writer, std::vector<Id>{52});
    REQUIRE(writer.commit());
    REQUIRE(engine::salvage(world.disk, "index", "saved", {}));
    REQUIRE(writer.compact_to("dense"));
    REQUIRE(writer.compact_to("index", true));
    for (const char* path : {"index", "dense", "copy", "saved"}) {
      CAPTURE(path);
      auto next = open_writer(world, path);
      const auto one = world.vector();
      CHECK(next.insert({one.data(), 1, testing::kDim}).value().first_id == 53);
    }
  }

  TEST_CASE("the ids of a build are not given again") {
    WriterWorld world;
    auto builder = engine::IndexMaker::create(world.disk, "built", testing::kSchema, {.threads = 1}).value();
    const auto one = world.vector();
    const MatrixView row{one.data(), 1, testing::kDim};
    REQUIRE(builder.add(row, std::vector<Id>{77}));
    REQUIRE(builder.add(row, std::vector<Id>{kNoId - 1}));
    REQUIRE(builder.finish());
    auto writer = open_writer(world, "built");
    REQUIRE(writer.erase(std::vector<Id>{77}));
    REQUIRE(writer.commit());
    CHECK(writer.insert(row).value().first_id == 78);
  }

  TEST_CASE("what was abandoned was not given") {
    WriterWorld world;
    auto writer = open_writer(world);
    const auto one = world.vector();
    const MatrixView row{one.data(), 1, testing::kDim};
    CHECK(writer.insert(row).value().first_id == 0);
    writer.abandon();
    CHECK(writer.insert(row).value().first_id == 0);
  }

  TEST_CASE("the largest ids that there are do not end those that are given") {
    WriterWorld world;
    auto writer = open_writer(world);
    world.put(writer, std::vector<Id>{kNoId - 1, kFar, 8});
    CHECK(give(world, writer, 2) == 9);
    REQUIRE(writer.commit());
    CHECK(give(world, writer, 1) == 11);
    // Behind the largest id that moves them come the far ones that are free.
    world.put(writer, std::vector<Id>{kFar - 1, kFar + 3});
    CHECK(give(world, writer, 2) == kFar + 1);
    CHECK(give(world, writer, 2) == kFar + 4);
    REQUIRE(writer.commit());
    world.erase(writer, std::vector<Id>{kFar + 5});
    REQUIRE(writer.commit());
    CHECK(give(world, writer, 1) == kFar + 6);
    REQUIRE(writer.commit());
    check_holds(world.disk, "index", world.model);
    CHECK(findings(world.disk, "index") == "");
  }

  TEST_CASE("a single insert costs the same however many came before") {
    WriterWorld world;
    auto writer = open_writer(world);
    give(world, writer, 1'000);
    REQUIRE(writer.commit());
    const auto calls_of = [&](std::size_t inserts) {
      const std::uint64_t before = world.disk.calls();
      for (std::size_t i = 0; i < inserts; ++i) give(world, writer, 1);
      return world.disk.calls() - before;
    };
    const std::uint64_t first = calls_of(1'000);
    CHECK(calls_of(4'000) <= 4 * first + 16);
    CHECK(first < 100);  // nothing is read
  }
}

}  // namespace nearline
