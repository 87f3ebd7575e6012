// SPDX-License-Identifier: Apache-2.0
#include "nearline/writer.h"
#include "engine/api/live_index.h"
#include "engine/write/index_writer.h"

#include <optional>

#include "format/superblock.h"
#include "tests/engine/write/writer_world.h"

namespace nearline {
namespace {

using testing::check_holds;
using testing::findings;
using testing::Model;
using testing::small_writer;
using testing::WriterWorld;

engine::IndexWriter open_writer(WriterWorld& world, const WriterOptions& options = small_writer()) {
  auto writer = engine::IndexWriter::open(world.disk, "index", options);
  REQUIRE_MESSAGE(writer, (writer ? std::string() : writer.error().message()));
  return std::move(writer).value();
}

CommitReport commit(engine::IndexWriter& writer) {
  auto report = writer.commit();
  REQUIRE_MESSAGE(report, (report ? std::string() : report.error().message()));
  return report.value();
}

/// What both superblocks' commits need of the file.
std::uint64_t verify_length(WriterWorld& world) {
  const auto report = engine::verify(world.disk, "index", true);
  return report && report.value().uncommitted_bytes == 0 ? world.disk.contents("index").size() : 0;
}

engine::LiveIndex open_index(WriterWorld& world) {
  return engine::LiveIndex::open(world.disk, "index", {.io = IoMode::kPread, .threads = 1}).value();
}

}  // namespace

TEST_SUITE("engine/write/writer") {
  TEST_CASE("what was inserted, replaced and deleted is what an index holds after each commit, and it is whole") {
    WriterWorld world;
    engine::IndexWriter writer = open_writer(world);
    Id next = 0;
    for (int round = 0; round < 30; ++round) {
      const std::size_t added = world.draw() % 40;
      world.put(writer, next, added);
      next += added;
      world.erase(writer, world.some_ids(world.draw() % 12));
      world.put(writer, world.some_ids(world.draw() % 8), true);
      const CommitReport report = commit(writer);
      CHECK(report.count == world.model.size());
      check_holds(world.disk, "index", world.model);
      REQUIRE(findings(world.disk, "index") == "");
    }
    CHECK(open_index(world).info().segments <= 4);
  }

  TEST_CASE("nobody sees changes before their commit, and a reader keeps the commit that it opened") {
    WriterWorld world;
    engine::IndexWriter writer = open_writer(world);
    world.put(writer, 0, 60);
    commit(writer);
    engine::LiveIndex before = open_index(world);
    const Model held = world.model;
    for (int round = 0; round < 12; ++round) {  // long enough for its space to be wanted
      world.put(writer, world.some_ids(30), true);
      world.erase(writer, world.some_ids(5));
      CHECK(testing::contents(open_index(world)).size() == open_index(world).info().count);
      commit(writer);
      REQUIRE(testing::contents(before) == held);
    }
    CHECK(before.refresh().value());
    CHECK(testing::contents(before) == world.model);
    CHECK_FALSE(before.refresh().value());
  }

  TEST_CASE("an index can be opened whichever call of opening it a commit overtakes") {
    WriterWorld world;
    engine::IndexWriter writer = open_writer(world);
    bool overtaken = true;
    for (int call = 1; overtaken; ++call) {
      CAPTURE(call);
      const Model before = world.model;
      world.put(writer, static_cast<Id>(call) * 1000, 300);  // the file grows
      int left = call;
      overtaken = false;
      world.disk.on_call([&](std::uint64_t, io::Operation) {
        if (overtaken || --left > 0) return;
        overtaken = true;
        commit(writer);
      });
      const auto index = engine::LiveIndex::open(world.disk, "index", {.io = IoMode::kPread, .threads = 1});
      world.disk.on_call({});
      REQUIRE_MESSAGE(index, (index ? std::string() : index.error().message()));
      const Model held = testing::contents(index.value());
      const bool good = held == before || held == world.model;
      CHECK(good);
      if (call > 200) break;
    }
    CHECK_FALSE(overtaken);
  }

  TEST_CASE("space that no commit in use needs is written again") {
    WriterWorld world;
    engine::IndexWriter writer = open_writer(world);
    world.put(writer, 0, 200);
    commit(writer);
    std::uint64_t largest = 0;
    for (int round = 0; round < 40; ++round) {
      world.put(writer, world.some_ids(40), true);
      const CommitReport report = commit(writer);
      if (round == 9) largest = report.file_bytes;
      if (round > 9) CHECK(report.file_bytes <= largest * 3 / 2);
    }
    check_holds(world.disk, "index", world.model);
  }

  TEST_CASE("abandoned changes are forgotten, and so are those of a writer that is gone") {
    WriterWorld world;
    {
      engine::IndexWriter writer = open_writer(world);
      world.put(writer, 0, 10);
      commit(writer);
      const Model held = world.model;
      world.put(writer, 10, 10);
      world.erase(writer, world.some_ids(4));
      CHECK(writer.dirty());
      writer.abandon();
      CHECK_FALSE(writer.dirty());
      world.model = held;
      CHECK(commit(writer).generation == 2);
      check_holds(world.disk, "index", held);
      world.put(writer, 20, 10);
      world.model = held;
    }
    check_holds(world.disk, "index", world.model);
  }

  TEST_CASE("there is one writer at a time, and the next one goes on where it left") {
    WriterWorld world;
    {
      const engine::IndexWriter first = open_writer(world);
      const auto second = engine::IndexWriter::open(world.disk, "index", small_writer());
      REQUIRE_FALSE(second);
      CHECK(second.error().code == Code::kBusy);
      CHECK(second.error().message().find("index: another writer") == 0);
    }
    engine::IndexWriter next = open_writer(world);
    world.put(next, 0, 3);
    commit(next);
    check_holds(world.disk, "index", world.model);
  }

  TEST_CASE("a file that a newer version allows only to be read is read, and left as it is") {
    WriterWorld world;
    std::vector<std::byte> bytes = world.disk.contents("index");
    for (std::uint32_t slot = 0; slot < 2; ++slot) {
      const auto block = std::span(bytes).subspan(std::size_t{slot} * format::kBlockBytes).first<format::kBlockBytes>();
      auto superblock = format::decode_superblock(block, slot, bytes.size()).value();
      superblock.features.ro_compat = std::uint64_t{1} << 40;
      std::ranges::copy(format::encode(superblock), block.begin());
    }
    world.disk.put("index", bytes);
    CHECK(open_index(world).info().count == 0);
    const auto refused = engine::IndexWriter::open(world.disk, "index", small_writer());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kUnsupported);
    CHECK(refused.error().message().find("index: ") == 0);
    CHECK(refused.error().message().find("feature 40") != std::string::npos);
    CHECK(world.disk.contents("index") == bytes);
  }

  TEST_CASE("a file that lost its name to another one gets no more commits, even if the other one is a copy of it") {
    WriterWorld world;
    engine::IndexWriter writer = open_writer(world);
    world.put(writer, 0, 20);
    commit(writer);
    const Model held = world.model;
    world.put(writer, 100, 1);
    REQUIRE(open_index(world).snapshot("copy"));
    REQUIRE(world.disk.rename("copy", "index", true));
    const auto refused = writer.commit();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message().find("another file took the index's name") != std::string::npos);
    CHECK(writer.erase(std::vector<Id>{0}).error().code == Code::kInvalidArgument);
    check_holds(world.disk, "index", held);
    REQUIRE(world.disk.remove("index"));
    CHECK(engine::IndexWriter::open(world.disk, "index").error().code == Code::kNotFound);
  }

  TEST_CASE("bad rows and ids are refused by name, and nothing of their call is kept") {
    WriterWorld world;
    engine::IndexWriter writer = open_writer(world);
    world.put(writer, 0, 5);
    commit(writer);
    world.put(writer, 100, 1);
    const std::vector<float> rows(3 * testing::kDim, 1.0F);
    const MatrixView three{rows.data(), 3, testing::kDim};
    struct Case {
      std::vector<Id> ids;
      Code code;
      const char* says;
    };
    for (const Case& bad : {Case{{7, 8, 7}, Code::kInvalidArgument, "id 7 was given twice"},
                            Case{{7, 8, 2}, Code::kExists, "a record has id 2 already"},
                            Case{{7, 8, 100}, Code::kExists, "a record has id 100 already"},
                            Case{{7, 8}, Code::kInvalidArgument, "2 ids for 3 vectors"},
                            Case{{7, 8, kNoId}, Code::kInvalidArgument, "expected one below"}}) {
      const auto refused = writer.insert(three, bad.ids);
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == bad.code);
      CHECK(refused.error().message().find(bad.says) != std::string::npos);
    }
    std::vector<float> nan = rows;
    nan[5] = std::numeric_limits<float>::quiet_NaN();
    const MatrixView bad_rows{nan.data(), 3, testing::kDim};
    const std::vector<Id> ids{7, 8, 9};
    CHECK(writer.insert(bad_rows, ids).error().code == Code::kBadInput);
    const MatrixView other{rows.data(), 2, testing::kDim + 1};
    CHECK(writer.upsert(other, std::vector<Id>{7, 8}).error().code == Code::kInvalidArgument);
    commit(writer);
    check_holds(world.disk, "index", world.model);
  }

  TEST_CASE("ids that are not given follow the largest, and the last row of a repeated id counts in an upsert") {
    WriterWorld world;
    engine::IndexWriter writer = open_writer(world);
    world.put(writer, 40, 2);
    const std::vector<float> rows{1, 1, 1, 1, 2, 2, 2, 2};
    const MatrixView two{rows.data(), 2, testing::kDim};
    REQUIRE(writer.insert(two));
    world.model[42] = {1, 1, 1, 1};
    world.model[43] = {2, 2, 2, 2};
    commit(writer);
    REQUIRE(writer.insert(two));
    world.model[44] = {1, 1, 1, 1};
    world.model[45] = {2, 2, 2, 2};
    REQUIRE(writer.upsert(two, std::vector<Id>{40, 40}));
    world.model[40] = {2, 2, 2, 2};
    commit(writer);
    check_holds(world.disk, "index", world.model);
  }

  TEST_CASE("a bound that is too small for a commit is told as the caller gave it, and the changes still wait") {
    WriterWorld world;
    {
      engine::IndexWriter writer = open_writer(world, {.memory_bytes = 4U << 20, .delta_records = 24, .threads = 1});
      world.put(writer, 0, 100);
      const auto refused = writer.commit();
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == Code::kOverBudget);
      CHECK(refused.error().message().find("index: ") == 0);
      CHECK(refused.error().what.find("at least") != std::string::npos);
      CHECK(refused.error().what.find(std::to_string(4U << 20)) != std::string::npos);
      CHECK(writer.dirty());
    }
    check_holds(world.disk, "index", {});
  }

  TEST_CASE("k answers come even where all that is near was deleted") {
    WriterWorld world;
    WriterOptions options = small_writer();
    options.merge = false;
    engine::IndexWriter writer = open_writer(world, options);
    world.put(writer, 0, 700);
    commit(writer);
    const std::vector<float> query(testing::kDim, 500.0F);
    world.erase(writer, testing::nearest_ids(world.model, query, 600));
    commit(writer);
    const engine::LiveIndex index = open_index(world);
    CHECK(index.info().deleted == 600);
    const auto found = index.search({query.data(), 1, testing::kDim}, {.k = 50, .l = 50}).value();
    CHECK(found.counts[0] == 50);
    CHECK(found.ids == testing::nearest_ids(world.model, query, 50));
  }

  TEST_CASE("a compaction leaves one segment of live records and as much space as a new file") {
    WriterWorld world;
    engine::IndexWriter writer = open_writer(world);
    for (Id first = 0; first < 400; first += 50) {
      world.put(writer, first, 50);
      commit(writer);
    }
    world.erase(writer, world.some_ids(100));
    world.put(writer, 1000, 10);
    const auto report = writer.compact();
    REQUIRE(report);
    CHECK(report.value().segments == 1);
    check_holds(world.disk, "index", world.model);
    CHECK(open_index(world).info().deleted == 0);
    REQUIRE(findings(world.disk, "index") == "");

    REQUIRE(writer.compact_to("other"));
    check_holds(world.disk, "other", world.model);
    CHECK(engine::LiveIndex::open(world.disk, "other").value().info().free_bytes == 0);
    world.put(writer, 2000, 1);
    CHECK(writer.compact_to("third").error().code == Code::kInvalidArgument);
    commit(writer);

    engine::LiveIndex reader = open_index(world);
    REQUIRE(writer.compact_to("index", true));
    CHECK(writer.erase(std::vector<Id>{1}).error().code == Code::kInvalidArgument);  // it writes to no name any more
    CHECK(testing::contents(reader) == world.model);
    CHECK(reader.refresh().value());
    CHECK(reader.info().generation == 1);
    check_holds(world.disk, "index", world.model);
  }

  TEST_CASE("a compaction makes the file shorter, unless a reader holds an older commit") {
    for (const bool held : {false, true}) {
      CAPTURE(held);
      WriterWorld world;
      engine::IndexWriter writer = open_writer(world);
      for (Id first = 0; first < 4'000; first += 500) {
        world.put(writer, first, 500);
        commit(writer);
      }
      world.erase(writer, world.some_ids(400));
      commit(writer);
      const Model before = world.model;
      std::optional<engine::LiveIndex> reader;
      if (held) reader.emplace(open_index(world));
      world.erase(writer, world.some_ids(10));
      const std::size_t longer = world.disk.contents("index").size();
      const auto report = writer.compact();
      REQUIRE(report);
      const std::size_t length = world.disk.contents("index").size();
      CHECK(report.value().file_bytes == length);
      CHECK(verify_length(world) == length);
      REQUIRE(findings(world.disk, "index") == "");
      check_holds(world.disk, "index", world.model);
      if (held) {
        CHECK(length >= longer);
        CHECK(testing::contents(*reader) == before);
        reader.reset();
        REQUIRE(writer.compact());
      }
      CHECK(world.disk.contents("index").size() < longer);
      REQUIRE(findings(world.disk, "index") == "");
      world.put(writer, 10'000, 100);
      commit(writer);
      check_holds(world.disk, "index", world.model);
      REQUIRE(findings(world.disk, "index") == "");
    }
  }

  TEST_CASE("a snapshot is the reader's commit, dense, whatever was written since") {
    WriterWorld world;
    engine::IndexWriter writer = open_writer(world);
    world.put(writer, 0, 90);
    commit(writer);
    world.erase(writer, world.some_ids(7));
    commit(writer);
    const engine::LiveIndex reader = open_index(world);
    const Model held = world.model;
    world.put(writer, 200, 40);
    commit(writer);
    REQUIRE(reader.snapshot("copy"));
    check_holds(world.disk, "copy", held);
    CHECK(findings(world.disk, "copy") == "");
    CHECK(engine::LiveIndex::open(world.disk, "copy").value().info().free_bytes == 0);
    CHECK(reader.snapshot("copy").error().code == Code::kExists);
    engine::IndexWriter next = engine::IndexWriter::open(world.disk, "copy", small_writer()).value();
    REQUIRE(next.erase(std::vector<Id>{held.begin()->first}));
    REQUIRE(next.commit());
    CHECK(findings(world.disk, "copy") == "");
  }
}

}  // namespace nearline
