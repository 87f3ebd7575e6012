// SPDX-License-Identifier: Apache-2.0
/// Builds on a disk that fails, fills up, or loses power: an error, and the old file or the new one, whole.
#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>

#include "engine/api/live_index.h"
#include "engine/make/index_maker.h"
#include "tests/engine/query/index_world.h"

namespace nearline::engine {
namespace {

using io::SimulatedDisk;

const Schema kSchema{8, ElementType::kU8, Metric::kL2};

const testing::Vectors& rows() {
  static const auto all = testing::clusters(ElementType::kU8, 300, 8);
  return all;
}

std::vector<std::byte> old_file() {
  static const auto bytes = index_bytes(testing::clusters(ElementType::kU8, 10, 8, 5), kSchema);
  return bytes;
}

BuildOptions replacing(bool replace) {
  BuildOptions options = quick_build();
  options.replace = replace;
  return options;
}

Result<BuildReport> build(SimulatedDisk& disk, bool replace) {
  return build_on(disk, "folder/index", rows(), kSchema, replacing(replace));
}

}  // namespace

TEST_SUITE("engine/make/build_faults") {
  TEST_CASE("whichever call fails, a build is an error that leaves what was there, and nothing else") {
    SimulatedDisk whole;
    REQUIRE(build(whole, false));
    const auto expected = whole.contents("folder/index");
    for (const int error : {EIO, ENOSPC}) {
      for (const bool replace : {false, true}) {
        for (const bool sync_drops : {false, true}) {
          std::uint64_t failures = 0;
          for (std::uint64_t call = 1;; ++call) {
            CAPTURE(error);
            CAPTURE(replace);
            CAPTURE(call);
            SimulatedDisk disk;
            if (replace) disk.put("folder/index", old_file());
            disk.set_faults({.fail_call = call, .error = error, .sync_drops = sync_drops});
            const auto report = build(disk, replace);
            if (disk.calls() < call) {
              REQUIRE(report);
              CHECK(disk.contents("folder/index") == expected);
              break;
            }
            ++failures;
            REQUIRE_FALSE(report);
            const Code code = report.error().code;
            if (code == Code::kCommitUnknown) {  // renamed, but for how long?
              CHECK(disk.contents("folder/index") == expected);
              CHECK(disk.names().size() == 1);
              continue;
            }
            CHECK(code == (error == EIO ? Code::kIo : Code::kNoSpace));
            CHECK(disk.contents("folder/index") == (replace ? old_file() : std::vector<std::byte>{}));
            CHECK(disk.names().size() == (replace ? 1 : 0));
          }
          CHECK(failures > 10);
        }
      }
    }
  }

  TEST_CASE("short reads and writes change nothing but the number of calls") {
    SimulatedDisk whole, slow(3);
    REQUIRE(build(whole, false));
    slow.set_faults({.short_io = true});
    REQUIRE(build(slow, false));
    CHECK(slow.contents("folder/index") == whole.contents("folder/index"));
    CHECK(slow.calls() > whole.calls());
  }

  TEST_CASE("a disk too small by any amount is full, not a source of half an index; with room enough it works") {
    SimulatedDisk whole;
    REQUIRE(build(whole, false));
    const std::uint64_t needed = whole.contents("folder/index").size() + 300 * 16;  // beside the rows, put aside
    std::size_t refused = 0;
    for (std::uint64_t capacity = 0; capacity < needed; capacity += 1'000) {
      CAPTURE(capacity);
      SimulatedDisk disk;
      disk.set_faults({.capacity = capacity});
      const auto report = build(disk, false);
      REQUIRE_FALSE(report);
      ++refused;
      CHECK(report.error().code == Code::kNoSpace);
      CHECK(disk.names().empty());
    }
    CHECK(refused > 10);
    SimulatedDisk disk;
    disk.set_faults({.capacity = needed});
    CHECK(build(disk, false));
  }

  TEST_CASE("a power cut at any moment leaves the old file or the new one, and after success the new one") {
    SimulatedDisk whole;
    REQUIRE(build(whole, false));
    const auto expected = whole.contents("folder/index");
    SimulatedDisk disk;
    disk.put("folder/index", old_file());
    REQUIRE(build(disk, true));
    for (std::uint64_t seed = 0; seed < 25; ++seed) {
      CHECK(disk.after_power_cut(seed)->contents("folder/index") == expected);
    }
    bool old_seen = false, new_seen = false;
    for (std::uint64_t call = disk.calls() - 15; call <= disk.calls(); ++call) {  // the last writes, and publishing
      CAPTURE(call);
      SimulatedDisk cut;
      cut.put("folder/index", old_file());
      std::vector<std::unique_ptr<SimulatedDisk>> after;
      cut.on_call([&](std::uint64_t now, io::Operation) {
        for (std::uint64_t seed = 0; now == call && seed < 25; ++seed) after.push_back(cut.after_power_cut(seed));
      });
      REQUIRE(build(cut, true));
      REQUIRE(after.size() == 25);
      for (const auto& left : after) {
        const auto found = left->contents("folder/index");
        (found == expected ? new_seen : old_seen) = true;
        CHECK((found == expected || found == old_file()));
      }
    }
    CHECK(old_seen);
    CHECK(new_seen);
  }

  TEST_CASE("cancelling at any report of progress leaves no file, nor anything else") {
    for (int calls = 0;; ++calls) {
      CAPTURE(calls);
      SimulatedDisk disk;
      BuildOptions options = quick_build();
      int seen = 0;
      options.progress = [&](const Progress&) { return ++seen <= calls; };
      const auto report = build_on(disk, "folder/index", rows(), kSchema, options);
      if (seen <= calls) {
        CHECK(report);
        CHECK(seen > 5);
        break;
      }
      REQUIRE_FALSE(report);
      CHECK(report.error().code == Code::kCancelled);
      CHECK(seen == calls + 1);
      CHECK(disk.names().empty());
    }
  }

  TEST_CASE("a builder that is dropped, or whose build failed, leaves nothing; a spent one says so") {
    SimulatedDisk disk;
    {
      auto builder = engine::IndexMaker::create(disk, "index", kSchema, quick_build());
      REQUIRE(builder);
      REQUIRE(builder->add(rows().view()));
    }
    CHECK(disk.names().empty());
    auto builder = engine::IndexMaker::create(disk, "index", kSchema, quick_build());
    REQUIRE(builder);
    REQUIRE(builder->add(rows().view()));
    REQUIRE(builder->finish());
    CHECK(builder->finish().error().code == Code::kInvalidArgument);
    CHECK(builder->add(rows().view()).error().code == Code::kInvalidArgument);
    CHECK(disk.names().size() == 1);
  }

  TEST_CASE("an output that appears while the index is built is not replaced") {
    SimulatedDisk disk;
    auto builder = engine::IndexMaker::create(disk, "index", kSchema, quick_build());
    REQUIRE(builder);
    REQUIRE(builder->add(rows().view()));
    disk.put("index", old_file());
    const auto report = builder->finish();
    REQUIRE_FALSE(report);
    CHECK(report.error().code == Code::kExists);
    CHECK(disk.contents("index") == old_file());
    CHECK(disk.names().size() == 1);
    CHECK(engine::IndexMaker::create(disk, "index", kSchema, quick_build()).error().code == Code::kExists);
  }

  TEST_CASE("an index on a failing disk gives errors and goes on when the disk does") {
    const auto base = testing::clusters(ElementType::kU8, 1500, 32);
    SimulatedDisk disk;
    disk.put("index", index_bytes(base, {32, ElementType::kU8, Metric::kL2}));
    const auto index = engine::LiveIndex::open(
        disk, "index", {.io = IoMode::kPread, .memory_bytes = 8U << 20, .threads = 1, .untrusted = false});
    REQUIRE(index);
    disk.set_faults({.fail_call = disk.calls() + 3, .fail_for_ever = true});
    const auto failed = index->search(base.view(0, 50), {.k = 5});
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == Code::kIo);
    CHECK(failed.error().system == EIO);
    CHECK_FALSE(index->for_each(10, [](std::span<const Id>, const MatrixView&) { return Result<void>{}; }));
    disk.set_faults({});
    const auto found = index->search(base.view(0, 50), {.k = 5});
    REQUIRE(found);
    for (std::size_t q = 0; q < 50; ++q) CHECK(found->distances[q * 5] == 0);
  }

  TEST_CASE("opening on a disk whose any call fails is an error that names the file") {
    SimulatedDisk good;
    good.put("index", old_file());
    REQUIRE(engine::LiveIndex::open(good, "index"));
    std::uint64_t refused = 0;
    for (std::uint64_t call = 1; call <= good.calls(); ++call) {
      CAPTURE(call);
      SimulatedDisk disk;
      disk.put("index", old_file());
      disk.set_faults({.fail_call = call});
      const auto index = engine::LiveIndex::open(disk, "index", {.io = IoMode::kMapped});
      if (index) continue;  // the call was one that opening can do without
      ++refused;
      CHECK(index.error().code == Code::kIo);
      CHECK(index.error().file == "index");
    }
    CHECK(refused > 3);
  }
}

}  // namespace nearline::engine
