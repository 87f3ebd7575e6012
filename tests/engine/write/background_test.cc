// SPDX-License-Identifier: Apache-2.0
/// Merges beside commits. Most writers here have no thread of their own: a merge that was begun writes all it has to
/// when `work` is called, and commits go on beside what it wrote until `work` is called again.
#include <cerrno>
#include <chrono>
#include <thread>

#include "tests/engine/write/writer_world.h"

namespace nearline {
namespace {

using engine::IndexWriter;
using engine::MergeThread;
using testing::check_holds;
using testing::findings;
using testing::WriterWorld;

WriterOptions beside() {
  WriterOptions options = testing::small_writer();
  options.background_merges = true;
  return options;
}

IndexWriter open(WriterWorld& world, MergeThread thread = MergeThread::kCallers,
                 const WriterOptions& options = beside()) {
  auto writer = IndexWriter::open(world.disk, "index", options, thread);
  REQUIRE_MESSAGE(writer, (writer ? std::string() : writer.error().message()));
  return *std::move(writer);
}

CommitReport commit(IndexWriter& writer, Durability durability = Durability::kDurable) {
  const auto report = writer.commit(durability);
  REQUIRE_MESSAGE(report, (report ? std::string() : report.error().message()));
  return *report;
}

/// Commits until a merge begins. Returns the next id.
Id begin_merge(WriterWorld& world, IndexWriter& writer, Id next = 0) {
  for (bool merging = false; !merging; next += 20) {
    world.put(writer, next, 20);
    merging = commit(writer).merging;
  }
  return next;
}

/// Any call, and what it leaves is checked now and then.
void do_anything(WriterWorld& world, IndexWriter& writer, Id& next) {
  switch (world.draw() % 12) {
    case 0:
    case 1:
    case 2: world.put(writer, next, 1 + world.draw() % 30); break;
    case 3: world.put(writer, world.some_ids(1 + world.draw() % 9), true); break;
    case 4: world.erase(writer, world.some_ids(1 + world.draw() % 9)); break;
    case 5: commit(writer, Durability::kRelaxed); break;
    case 6:
    case 7:
    case 8: commit(writer); break;
    default: writer.work();
  }
  next += 30;
}

}  // namespace

TEST_SUITE("engine/write/background") {
  TEST_CASE("a merge goes on while commits add, replace and delete, and one of them adopts what it made") {
    WriterWorld world;
    IndexWriter writer = open(world);
    const Id next = begin_merge(world, writer);
    writer.work();
    world.erase(writer, std::vector<Id>{1, 3, 39});
    world.put(writer, std::vector<Id>{0, 5}, true);
    CHECK(commit(writer).merging);
    world.put(writer, next, 10);
    CHECK(commit(writer).merging);
    check_holds(world.disk, "index", world.model);
    writer.work();
    world.erase(writer, std::vector<Id>{7});
    world.put(writer, std::vector<Id>{0, 8}, true);
    const CommitReport adopted = commit(writer);
    CHECK(adopted.merged_records > 0);
    check_holds(world.disk, "index", world.model);
    CHECK(findings(world.disk, "index") == "");
    const auto index = engine::LiveIndex::open(world.disk, "index").value();
    CHECK(index.info().deleted > 0);  // tombstones of the segment that was adopted
  }

  TEST_CASE("whatever is called while merges run, the index holds what it was told") {
    for (const MergeThread thread : {MergeThread::kCallers, MergeThread::kOwn}) {
      for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        CAPTURE(seed);
        CAPTURE(static_cast<int>(thread));
        WriterWorld world(seed);
        Id next = 0;
        for (int life = 0; life < 4; ++life) {
          IndexWriter writer = open(world, thread);
          auto reader = engine::LiveIndex::open(world.disk, "index", {.io = IoMode::kPread, .threads = 1}).value();
          const testing::Model held = testing::contents(reader);
          for (int i = 0; i < 60; ++i) do_anything(world, writer, next);
          CHECK(testing::contents(reader) == held);
          commit(writer);
          check_holds(world.disk, "index", world.model);
          CHECK(findings(world.disk, "index") == "");
          if (life % 2 == 0) continue;  // what runs is given up
          const auto report = writer.wait_for_merges();
          REQUIRE_MESSAGE(report, (report ? std::string() : report.error().message()));
          CHECK_FALSE(report->merging);
          CHECK(report->segments <= 5);
          check_holds(world.disk, "index", world.model);
          CHECK(findings(world.disk, "index") == "");
        }
      }
    }
  }

  TEST_CASE("a compaction and a calibration give a merge up, and what they make is whole") {
    for (const int what : {0, 1, 2}) {
      WriterWorld world;
      IndexWriter writer = open(world);
      begin_merge(world, writer);
      if (world.draw() % 2 == 0) writer.work();
      if (what == 0) REQUIRE(writer.compact());
      if (what == 1) REQUIRE(writer.compact_to("index", true));
      const std::vector<float> queries(40 * testing::kDim, 3.0F);
      if (what == 2) REQUIRE(writer.calibrate({std::span(queries), testing::kDim}));
      check_holds(world.disk, "index", world.model);
      CHECK(findings(world.disk, "index") == "");
    }
  }

  TEST_CASE("without a thread the same calls make the same bytes") {
    std::vector<std::byte> bytes;
    for (int run = 0; run < 2; ++run) {
      WriterWorld world(5);
      IndexWriter writer = open(world);
      Id next = 0;
      for (int i = 0; i < 80; ++i) do_anything(world, writer, next);
      commit(writer);
      REQUIRE(writer.wait_for_merges());
      if (run == 1) CHECK(world.disk.contents("index") == bytes);
      bytes = world.disk.contents("index");
    }
  }

  TEST_CASE("a merge that never ends is waited for once commits have left as many segments as everyone can open") {
    WriterWorld world;
    WriterOptions options = beside();
    options.delta_records = 6;
    IndexWriter writer = open(world, MergeThread::kCallers, options);
    std::uint32_t most = 0;
    std::uint64_t waited = 0;
    Id next = 0;
    for (int i = 0; i < 400; ++i, next += 5) {
      world.put(writer, next, 5);
      const CommitReport report = commit(writer, i % 10 == 0 ? Durability::kDurable : Durability::kRelaxed);
      most = std::max(most, report.segments);
      if (report.merged_records > 200) ++waited;
      if (i % 50 == 0) {
        const auto index = engine::LiveIndex::open(world.disk, "index", {.memory_bytes = 16U << 20});
        REQUIRE_MESSAGE(index, (index ? std::string() : index.error().message()));
      }
    }
    MESSAGE("at most ", most, " segments; ", waited, " merges were waited for");
    CHECK(most <= 24);
    commit(writer);
    check_holds(world.disk, "index", world.model);
  }

  TEST_CASE("commits beside a merge write their own space again and again, and leave the merge's alone") {
    WriterWorld world;
    IndexWriter writer = open(world);
    begin_merge(world, writer);
    writer.work();  // the merge holds space, and is not adopted
    world.put(writer, 5'000, 1);
    const std::uint64_t before = commit(writer).file_bytes;
    std::uint64_t after = 0;
    for (int i = 0; i < 100; ++i) {
      world.put(writer, std::vector<Id>{5'000}, true);
      after = commit(writer).file_bytes;
    }
    CHECK(after < before + (256U << 10));
    writer.work();
    CHECK(commit(writer).merged_records > 0);
    check_holds(world.disk, "index", world.model);
    CHECK(findings(world.disk, "index") == "");
  }

  TEST_CASE("space of a merge that its writer gave up is free for the next one") {
    WriterWorld world;
    std::uint64_t first = 0, last = 0;
    for (int life = 0; life < 30; ++life) {
      IndexWriter writer = open(world);
      if (life == 0) begin_merge(world, writer);
      world.put(writer, std::vector<Id>{0}, true);
      CHECK(commit(writer).merging);
      writer.work();
      world.put(writer, std::vector<Id>{0}, true);
      last = commit(writer).file_bytes;
      if (life == 3) first = last;
    }
    CHECK(last <= first + (128U << 10));
    check_holds(world.disk, "index", world.model);
    CHECK(findings(world.disk, "index") == "");
  }

  TEST_CASE("a merge that fails is done by the next commit, which tells when it fails, too") {
    WriterWorld world;
    IndexWriter writer = open(world);
    begin_merge(world, writer);
    world.disk.set_faults({.capacity = world.disk.contents("index").size()});
    writer.work();
    writer.work();
    const auto full = writer.commit();
    REQUIRE_FALSE(full);
    CHECK(full.error().code == Code::kNoSpace);
    world.disk.set_faults({});
    CHECK(commit(writer).merged_records > 0);
    check_holds(world.disk, "index", world.model);
    CHECK(findings(world.disk, "index") == "");
  }

  TEST_CASE("changes that are not committed are not waited with") {
    WriterWorld world;
    IndexWriter writer = open(world);
    world.put(writer, 0, 3);
    CHECK(writer.wait_for_merges().error().code == Code::kInvalidArgument);
    commit(writer);
    CHECK(writer.wait_for_merges());
  }

  TEST_CASE("a memory in which a merge beside commits has no room is enough for one inside them") {
    WriterWorld world;
    WriterOptions options = beside();
    options.memory_bytes = 20U << 20;
    IndexWriter writer = open(world, MergeThread::kOwn, options);
    std::uint32_t most = 0;
    for (Id id = 0; id < 3'000; id += 20) {
      world.put(writer, id, 20);
      most = std::max(most, commit(writer, Durability::kRelaxed).segments);
    }
    CHECK(most <= 7);
    CHECK(writer.wait_for_merges().value().segments <= 5);
    check_holds(world.disk, "index", world.model);
  }

  TEST_CASE("a batch that is linked at once takes in what is no more than twice as much, beside a merge or not") {
    WriterWorld world;
    IndexWriter writer = open(world);
    world.put(writer, 0, 300);
    CHECK(commit(writer).segments == 1);
    world.put(writer, 1'000, 200);
    CHECK(commit(writer).segments == 1);
    world.put(writer, 2'000, 30);
    const CommitReport small = commit(writer);
    CHECK(small.segments == 2);
    CHECK(small.merged_records == 0);
    check_holds(world.disk, "index", world.model);
  }

  TEST_CASE("a writer waits for the one before, as long as it is told, and says so when that was too short") {
    using namespace std::chrono_literals;
    WriterWorld world;
    WriterOptions options = beside();
    options.lock_timeout = 30ms;
    std::optional<IndexWriter> first(open(world));
    const auto refused = IndexWriter::open(world.disk, "index", options);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kBusy);
    CHECK(refused.error().what.find("lock timeout of 30 ms") != std::string::npos);
    options.lock_timeout = 60s;
    int asked = 0;
    options.progress = [&](const Progress&) { return ++asked < 3; };
    CHECK(IndexWriter::open(world.disk, "index", options).error().code == Code::kCancelled);
    options.progress = {};
    std::thread ends([&] {
      std::this_thread::sleep_for(50ms);
      first.reset();
    });
    const auto second = IndexWriter::open(world.disk, "index", options);
    ends.join();
    CHECK(second);
  }
}

}  // namespace nearline
