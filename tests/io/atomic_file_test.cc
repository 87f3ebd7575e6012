// SPDX-License-Identifier: Apache-2.0
#include "io/atomic_file.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <set>
#include <vector>

#include "io/simulated_disk.h"
#include "tests/io/temp_dir.h"

namespace nearline::io {
namespace {

using Bytes = std::vector<std::byte>;

const std::filesystem::path kTarget = "dir/target";
const Bytes kOld(3000, std::byte{1});
const Bytes kNew(5000, std::byte{2});

/// Writes kNew under kTarget, as a program would.
Result<void> publish_new(FileSystem& fs, bool replace = true) {
  NEARLINE_TRY(file, AtomicFile::create(fs, kTarget, replace));
  NEARLINE_CHECK(file.file().allocate(0, kNew.size()));
  NEARLINE_CHECK(write_all(file.file(), 0, std::span(kNew).first(2000)));
  NEARLINE_CHECK(write_all(file.file(), 2000, std::span(kNew).subspan(2000)));
  return file.publish();
}

std::unique_ptr<SimulatedDisk> disk_with_old() {
  auto disk = std::make_unique<SimulatedDisk>();
  disk->put(kTarget, kOld);
  return disk;
}

}  // namespace

TEST_SUITE("io/atomic_file") {
  TEST_CASE("a published file stands under its name, and nothing else is left") {
    const TempDir dir;
    auto& fs = real_file_system();
    for (const bool replace : {false, true}) {
      auto file = AtomicFile::create(fs, dir / "a", replace);
      REQUIRE(file);
      REQUIRE(write_all(file->file(), 0, kNew));
      REQUIRE(file->publish());
      CHECK(std::filesystem::file_size(dir / "a") == kNew.size());
    }
    CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), {}) == 1);
  }

  TEST_CASE("a file that is not published leaves nothing, also when moved") {
    const TempDir dir;
    {
      auto file = AtomicFile::create(real_file_system(), dir / "a", false);
      REQUIRE(file);
      AtomicFile moved = std::move(file).value();
      CHECK_FALSE(std::filesystem::is_empty(dir.path()));
      auto other = AtomicFile::create(real_file_system(), dir / "b", false);
      REQUIRE(other);
      moved = std::move(other).value();
    }
    CHECK(std::filesystem::is_empty(dir.path()));
  }

  TEST_CASE("a target that exists is not replaced unasked, not even when it appears in the meantime") {
    auto disk = disk_with_old();
    CHECK(AtomicFile::create(*disk, kTarget, false).error().code == Code::kExists);
    SimulatedDisk empty;
    auto file = AtomicFile::create(empty, kTarget, false);
    REQUIRE(file);
    empty.put(kTarget, kOld);
    CHECK(file->publish().error().code == Code::kExists);
    CHECK(empty.contents(kTarget) == kOld);
    CHECK(empty.names().size() == 1);
  }

  TEST_CASE("whichever call fails, the old file or the new one stands there and no other name is left") {
    bool clean = false;
    for (std::uint64_t call = 1; !clean; ++call) {
      for (const int number : {EIO, ENOSPC}) {
        CAPTURE(call);
        CAPTURE(number);
        auto disk = disk_with_old();
        disk->set_faults({.fail_call = call, .error = number});
        auto result = publish_new(*disk);
        clean = disk->calls() < call;
        REQUIRE(result.has_value() == clean);
        const bool renamed = clean || result.error().code == Code::kCommitUnknown;
        CHECK(disk->contents(kTarget) == (renamed ? kNew : kOld));
        CHECK(disk->names() == std::vector{kTarget});
        if (!renamed) CHECK(result.error().code == (number == EIO ? Code::kIo : Code::kNoSpace));
      }
    }
  }

  TEST_CASE("when everything fails from some call on, the old file or the new one still stands there") {
    bool clean = false;
    for (std::uint64_t call = 1; !clean; ++call) {
      CAPTURE(call);
      auto disk = disk_with_old();
      disk->set_faults({.fail_call = call, .fail_for_ever = true});
      clean = publish_new(*disk).has_value();
      CHECK(clean == (disk->calls() < call));
      CHECK((disk->contents(kTarget) == kNew || (!clean && disk->contents(kTarget) == kOld)));
    }
  }

  TEST_CASE("short writes and a full disk are seen through") {
    auto disk = disk_with_old();
    disk->set_faults({.short_io = true});
    REQUIRE(publish_new(*disk));
    CHECK(disk->contents(kTarget) == kNew);

    auto full = disk_with_old();
    full->set_faults({.capacity = 7000});
    CHECK(publish_new(*full).error().code == Code::kNoSpace);
    CHECK(full->names() == std::vector{kTarget});
    full->set_faults({});
    CHECK(publish_new(*full));
  }

  TEST_CASE("a power cut at any call leaves the old file or the new one, never a mixture") {
    std::set<std::size_t> seen;
    auto disk = disk_with_old();
    disk->on_call([&](std::uint64_t call, Operation) {
      for (std::uint64_t seed = 0; seed < 200; ++seed) {
        CAPTURE(call);
        CAPTURE(seed);
        const auto after = disk->after_power_cut(seed)->contents(kTarget);
        REQUIRE((after == kOld || after == kNew));
        seen.insert(after.size());
      }
    });
    REQUIRE(publish_new(*disk));
    CHECK(seen.size() == 2);
    disk->on_call({});
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      CAPTURE(seed);
      REQUIRE(disk->after_power_cut(seed)->contents(kTarget) == kNew);  // acknowledged: durable
    }
  }
}

}  // namespace nearline::io
