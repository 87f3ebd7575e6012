// SPDX-License-Identifier: Apache-2.0
/// Power cuts: at every call that a workload makes of the disk, what is left there is exactly the last commit that was
/// acknowledged or the one in progress, whole. And faults: whichever call fails, the same holds, and work goes on.
#include "tests/engine/writer_world.h"

namespace nearline {
namespace {

using testing::check_holds;
using testing::Model;
using testing::small_writer;
using testing::WriterWorld;

constexpr std::uint64_t kCutsPerCall = 3;

/// One round of changes, as large as the round says.
void change(WriterWorld& world, Writer& writer, int round) {
  const auto first = static_cast<Id>(round) * 1000;
  world.put(writer, first, 5 + world.draw() % 30);
  world.erase(writer, world.some_ids(world.draw() % 9));
  world.put(writer, world.some_ids(world.draw() % 5), true);
}

/// Findings about what a crash may leave: a torn slot of the commit that was in progress, and bytes behind the commit.
bool is_expected(const std::string& what) {
  return what.find("superblock") != std::string::npos || what.find("that are committed") != std::string::npos ||
         what.find("does not begin as a nearline index") != std::string::npos;
}

struct Tally {
  std::uint64_t images = 0;
  std::uint64_t newer = 0;  ///< that held the commit in progress
};

/// Takes power cuts at the call that is about to happen.
void cut(const WriterWorld& world, const Model& acknowledged, const Model& coming, std::uint64_t call, Tally& tally) {
  for (std::uint64_t seed = 0; seed < kCutsPerCall; ++seed) {
    const auto left = world.disk.after_power_cut(call * kCutsPerCall + seed);
    const auto index = OnFileSystem::open(*left, "index", {.io = IoMode::kPread, .threads = 1});
    REQUIRE_MESSAGE(index, (index ? std::string() : index.error().message()));
    const Model held = testing::contents(index.value());
    const bool good = held == acknowledged || held == coming;
    REQUIRE(good);
    ++tally.images;
    if (held == coming && coming != acknowledged) ++tally.newer;
    const auto report = OnFileSystem::verify(*left, "index", true);
    REQUIRE(report);
    for (const VerifyFinding& finding : report.value().findings) {
      REQUIRE_MESSAGE(is_expected(finding.what), finding.what);
    }
  }
}

}  // namespace

TEST_SUITE("engine/commit_crash") {
  TEST_CASE("after a power cut at any call there is the commit before or the one in progress, whole") {
    Tally tally;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      WriterWorld world(seed);
      Model acknowledged, coming;
      auto writer = OnFileSystem::open_writer(world.disk, "index", small_writer()).value();
      bool cutting = false;
      world.disk.on_call([&](std::uint64_t call, io::Operation) {
        if (cutting) cut(world, acknowledged, coming, call, tally);
      });
      for (int round = 0; round < 8; ++round) {
        change(world, writer, round);
        coming = world.model;
        cutting = true;
        const auto committed = round == 6 ? writer.compact() : writer.commit();
        cutting = false;
        REQUIRE(committed);
        acknowledged = world.model;
        cut(world, acknowledged, coming, 0, tally);
      }
    }
    MESSAGE(tally.images, " images, ", tally.newer, " of them with the commit in progress");
    CHECK(tally.images > 1000);
    CHECK(tally.newer > 10);
  }

  TEST_CASE("a writer goes on from what a power cut left") {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
      WriterWorld world(seed);
      std::unique_ptr<io::SimulatedDisk> left;
      std::uint64_t calls = 0;
      {
        auto writer = OnFileSystem::open_writer(world.disk, "index", small_writer()).value();
        change(world, writer, 0);
        REQUIRE(writer.commit());
        change(world, writer, 1);
        const std::uint64_t at = 1 + seed * 3;
        world.disk.on_call([&](std::uint64_t, io::Operation) {
          if (++calls == at) left = world.disk.after_power_cut(seed);
        });
        REQUIRE(writer.commit());
        world.disk.on_call({});
      }
      if (!left) continue;
      auto index = OnFileSystem::open(*left, "index", {.io = IoMode::kPread, .threads = 1}).value();
      Model held = testing::contents(index);
      auto writer = OnFileSystem::open_writer(*left, "index", small_writer()).value();
      const std::vector<float> row{1, 2, 3, 4};
      const Id id = 77'777;
      REQUIRE(writer.insert({row.data(), 1, testing::kDim, ElementType::kF32}, std::span(&id, 1)));
      REQUIRE(writer.commit());
      held[id] = row;
      check_holds(*left, "index", held);
      // The slot of the commit that was in progress may still be torn; the next commit writes the other one.
      REQUIRE(writer.erase(std::span(&id, 1)));
      REQUIRE(writer.commit());
      held.erase(id);
      check_holds(*left, "index", held);
      CHECK(testing::findings(*left, "index") == "");
    }
  }

  TEST_CASE("whichever call fails, the commit before stands or the new one, and the next attempt works") {
    for (const bool for_ever : {false, true}) {
      for (const int error : {EIO, ENOSPC}) {
        for (std::uint64_t k = 1;; ++k) {
          WriterWorld world(k);
          auto writer = OnFileSystem::open_writer(world.disk, "index", small_writer()).value();
          change(world, writer, 0);
          REQUIRE(writer.commit());
          const Model before = world.model;
          change(world, writer, 1);
          const std::uint64_t start = world.disk.calls();
          world.disk.set_faults(
              {.fail_call = start + k, .fail_for_ever = for_ever, .error = error, .sync_drops = true});
          const auto failed = writer.commit();
          const bool reached = world.disk.calls() >= start + k;
          world.disk.set_faults({});
          if (!reached) {
            REQUIRE(failed);
            break;
          }
          if (failed) {  // after the superblock was durable nothing is lost any more
            check_holds(world.disk, "index", world.model);
            continue;
          }
          CHECK_FALSE(failed.error().message().empty());
          const auto index = OnFileSystem::open(world.disk, "index", {.io = IoMode::kPread, .threads = 1});
          REQUIRE(index);
          const Model held = testing::contents(index.value());
          const bool good = held == before || held == world.model;
          CHECK(good);
          const auto again = writer.commit();
          if (again) {
            check_holds(world.disk, "index", world.model);
          } else {  // nobody can say whether that commit is there: all must begin anew
            CHECK(writer.erase(std::vector<Id>{1}).error().code == again.error().code);
          }
        }
      }
    }
  }
}

}  // namespace nearline
