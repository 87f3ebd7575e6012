// SPDX-License-Identifier: Apache-2.0
/// Promise 3: relaxed commits wait for no disk, lose nothing when the process dies, and when the power fails at most
/// themselves, whole.
#include "engine/api/live_index.h"
#include "engine/repair/salvage.h"
#include "engine/write/index_writer.h"
#include "format/superblock.h"
#include "nearline/writer.h"
#include "tests/engine/write/writer_world.h"

namespace nearline {
namespace {

using io::Operation;
using testing::check_holds;
using testing::findings;
using testing::Model;
using testing::small_writer;
using testing::WriterWorld;

engine::IndexWriter open_writer(io::FileSystem& fs) {
  auto writer = engine::IndexWriter::open(fs, "index", small_writer());
  REQUIRE_MESSAGE(writer, (writer ? std::string() : writer.error().message()));
  return std::move(writer).value();
}

CommitReport commit(engine::IndexWriter& writer, Durability durability = Durability::kDurable) {
  auto report = writer.commit(durability);
  REQUIRE_MESSAGE(report, (report ? std::string() : report.error().message()));
  return report.value();
}

engine::LiveIndex open_index(io::FileSystem& fs, const char* path = "index") {
  return engine::LiveIndex::open(fs, path, {.io = IoMode::kPread, .threads = 1}).value();
}

/// Of 20 power cuts now each leaves what the model says.
void check_cuts(const io::SimulatedDisk& disk, const Model& model) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    const auto left = disk.after_power_cut(seed);
    check_holds(*left, "index", model);
  }
}

}  // namespace

TEST_SUITE("engine/write/relaxed") {
  TEST_CASE("a relaxed commit flushes nothing, is seen at once, and a loss of power leaves the last durable one") {
    WriterWorld world;
    engine::IndexWriter writer = open_writer(world.disk);
    world.put(writer, 0, 40);
    CHECK(commit(writer).durable);
    const Model durable = world.model;
    const auto flushes = world.disk.calls(Operation::kSync) + world.disk.calls(Operation::kSyncDirectory);
    for (int round = 0; round < 12; ++round) {  // enough for merges, and for space to be wanted again
      world.put(writer, world.some_ids(10), true);
      world.put(writer, static_cast<Id>(100 + round * 10), 7);
      world.erase(writer, world.some_ids(3));
      const CommitReport report = commit(writer, Durability::kRelaxed);
      CHECK_FALSE(report.durable);
      CHECK(report.generation == static_cast<std::uint64_t>(3 + 2 * round));
      check_holds(world.disk, "index", world.model);
      CHECK_FALSE(open_index(world.disk).info().durable);
      CHECK_FALSE(open_index(world.disk).info().rolled_back);
      CHECK(findings(world.disk, "index").empty());
      check_cuts(world.disk, durable);
    }
    CHECK(world.disk.calls(Operation::kSync) + world.disk.calls(Operation::kSyncDirectory) == flushes);
    world.put(writer, 1000, 3);
    CHECK(commit(writer).durable);
    check_cuts(world.disk, world.model);
  }

  TEST_CASE("a commit of nothing makes the relaxed ones before it durable, and whoever has them open can see it") {
    WriterWorld world;
    engine::IndexWriter writer = open_writer(world.disk);
    world.put(writer, 0, 10);
    const std::uint64_t generation = commit(writer, Durability::kRelaxed).generation;
    engine::LiveIndex index = open_index(world.disk);
    CHECK_FALSE(index.info().durable);
    CHECK_FALSE(commit(writer, Durability::kRelaxed).durable);
    const CommitReport report = commit(writer);
    CHECK(report.durable);
    CHECK(report.generation == generation);
    check_cuts(world.disk, world.model);
    CHECK_FALSE(index.refresh().value());
    CHECK(index.info().durable);
    CHECK(findings(world.disk, "index").empty());
    world.put(writer, 100, 5);
    CHECK(commit(writer).generation == generation + 1);
    check_cuts(world.disk, world.model);
  }

  TEST_CASE("the death of the process loses no relaxed commit, and the next writer makes them durable") {
    WriterWorld world;
    Model durable;
    {
      engine::IndexWriter writer = open_writer(world.disk);
      world.put(writer, 0, 30);
      commit(writer);
      durable = world.model;
      for (int round = 0; round < 3; ++round) {
        world.put(writer, static_cast<Id>(100 + round * 10), 9);
        commit(writer, Durability::kRelaxed);
      }
    }
    check_holds(world.disk, "index", world.model);
    check_cuts(world.disk, durable);  // the destructor flushes nothing
    engine::IndexWriter next = open_writer(world.disk);
    const Model relaxed = world.model;
    world.put(next, 500, 1);
    commit(next, Durability::kRelaxed);
    check_cuts(world.disk, relaxed);
  }

  TEST_CASE("after a flush that failed the next writer writes again what the page cache alone may know") {
    WriterWorld world;
    Model durable;
    {
      engine::IndexWriter writer = open_writer(world.disk);
      world.put(writer, 0, 60);
      commit(writer);
      durable = world.model;
      world.put(writer, 100, 30);
      commit(writer, Durability::kRelaxed);
      world.disk.set_faults({.fail_call = world.disk.calls() + 2, .sync_drops = true});
      CHECK(writer.commit().error().code == Code::kCommitUnknown);
      world.disk.set_faults({});
      CHECK_FALSE(writer.commit(Durability::kRelaxed));
    }
    check_holds(world.disk, "index", world.model);
    check_cuts(world.disk, durable);
    engine::IndexWriter next = open_writer(world.disk);
    CHECK(commit(next).durable);
    check_cuts(world.disk, world.model);
    world.put(next, 900, 4);
    commit(next);
    check_cuts(world.disk, world.model);
  }

  TEST_CASE("space that relaxed commits took and left is written again before a durable one comes") {
    WriterWorld world;
    engine::IndexWriter writer = open_writer(world.disk);
    world.put(writer, 0, 200);
    commit(writer);
    const Model durable = world.model;
    std::uint64_t largest = 0;
    for (int round = 0; round < 40; ++round) {
      world.put(writer, world.some_ids(40), true);
      const CommitReport report = commit(writer, Durability::kRelaxed);
      if (round == 9) largest = report.file_bytes;
      if (round > 9) CHECK(report.file_bytes <= largest * 3 / 2);
    }
    check_cuts(world.disk, durable);
    check_holds(world.disk, "index", world.model);
  }

  TEST_CASE("a reader keeps the relaxed commit that it opened, whatever follows") {
    WriterWorld world;
    engine::IndexWriter writer = open_writer(world.disk);
    world.put(writer, 0, 60);
    commit(writer);
    for (const Durability first : {Durability::kRelaxed, Durability::kDurable}) {
      world.put(writer, world.some_ids(20), true);
      commit(writer, Durability::kRelaxed);
      const engine::LiveIndex index = open_index(world.disk);
      const Model held = world.model;
      for (int round = 0; round < 10; ++round) {
        world.put(writer, world.some_ids(20), true);
        commit(writer, round % 2 == 0 ? first : Durability::kRelaxed);
        CHECK(testing::contents(index) == held);
      }
      REQUIRE(writer.compact());
      CHECK(testing::contents(index) == held);
    }
  }

  TEST_CASE("compactions and snapshots are durable, whatever they are made from") {
    WriterWorld world;
    engine::IndexWriter writer = open_writer(world.disk);
    world.put(writer, 0, 60);
    commit(writer, Durability::kRelaxed);
    REQUIRE(open_index(world.disk).snapshot("copy"));
    check_holds(*world.disk.after_power_cut(1), "copy", world.model);
    CHECK(open_index(world.disk, "copy").info().durable);
    world.put(writer, 100, 10);
    CHECK(writer.compact().value().durable);
    check_cuts(world.disk, world.model);
    world.put(writer, 200, 10);
    commit(writer, Durability::kRelaxed);
    REQUIRE(writer.compact_to("index", true));
    check_cuts(world.disk, world.model);
  }

  TEST_CASE("after a restart the file says that it fell back, and is written to as before") {
    WriterWorld world;
    Model durable;
    {
      engine::IndexWriter writer = open_writer(world.disk);
      world.put(writer, 0, 30);
      commit(writer);
      durable = world.model;
      world.put(writer, 100, 30);
      commit(writer, Durability::kRelaxed);
    }
    io::SimulatedDisk moved;  // all of it is there, on a machine that cannot know it
    moved.put("index", world.disk.contents("index"));
    const auto restarted = moved.after_power_cut(1);
    CHECK(open_index(*restarted).info().rolled_back);
    CHECK(open_index(*restarted).info().durable);
    CHECK(findings(*restarted, "index").find("relaxed commit that a restart") != std::string::npos);
    check_holds(*restarted, "index", durable);
    const auto saved = engine::salvage(*restarted, "index", "saved");
    REQUIRE(saved);
    CHECK(saved.value().complete());
    check_holds(*restarted, "saved", durable);
    world.model = durable;
    engine::IndexWriter writer = open_writer(*restarted);
    world.put(writer, 700, 10);
    commit(writer);
    check_holds(*restarted, "index", world.model);
    CHECK_FALSE(open_index(*restarted).info().rolled_back);
    CHECK(findings(*restarted, "index").empty());
  }
}

}  // namespace nearline
