// SPDX-License-Identifier: Apache-2.0
/// The simulator is itself believed only because of these: it must really lose, reorder and tear.
#include "io/simulated_disk.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <string_view>

namespace nearline::io {
namespace {

using Bytes = std::vector<std::byte>;

constexpr std::size_t kSector = 512;

Bytes filled(std::size_t count, int value) {
  return Bytes(count, static_cast<std::byte>(value));
}

std::unique_ptr<File> opened(SimulatedDisk& disk, const char* name) {
  auto file = disk.open_write(name);
  REQUIRE(file);
  return std::move(file).value();
}

/// One sector of each.
Bytes halves(int first, int second) {
  auto bytes = filled(2 * kSector, second);
  std::fill_n(bytes.begin(), kSector, static_cast<std::byte>(first));
  return bytes;
}

/// In an order: as text, which g++ 12 compares without a warning.
struct Before {
  bool operator()(const Bytes& a, const Bytes& b) const { return text(a) < text(b); }
  static std::string_view text(const Bytes& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};
using Images = std::set<Bytes, Before>;

/// The contents that power cuts can leave.
Images images(const SimulatedDisk& disk, const char* name, std::uint64_t seeds = 500) {
  Images all;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) all.insert(disk.after_power_cut(seed)->contents(name));
  return all;
}

bool any(const Images& all, auto holds) {
  return std::ranges::any_of(all, holds);
}

}  // namespace

TEST_SUITE("io/simulated_disk") {
  TEST_CASE("synced bytes survive every power cut, and the same seed gives the same disk") {
    SimulatedDisk disk;
    disk.put("a", filled(2000, 1));
    const auto file = opened(disk, "a");
    REQUIRE(write_all(*file, 100, filled(3000, 2)));
    REQUIRE(file->sync());
    CHECK(images(disk, "a") == Images{disk.contents("a")});

    REQUIRE(write_all(*file, 0, filled(3000, 3)));
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      CAPTURE(seed);
      CHECK(disk.after_power_cut(seed)->contents("a") == disk.after_power_cut(seed)->contents("a"));
    }
  }

  TEST_CASE("unsynced bytes are lost, kept, and kept in part") {
    SimulatedDisk disk;
    disk.put("a", filled(4 * kSector, 1));
    REQUIRE(write_all(*opened(disk, "a"), 0, filled(4 * kSector, 2)));
    const auto all = images(disk, "a");
    CHECK(all.contains(filled(4 * kSector, 1)));
    CHECK(all.contains(filled(4 * kSector, 2)));
    for (std::size_t sector = 0; sector < 4; ++sector) {
      CAPTURE(sector);
      auto only = filled(4 * kSector, 1);
      std::fill_n(only.begin() + static_cast<std::ptrdiff_t>(sector * kSector), kSector, std::byte{2});
      CHECK(all.contains(only));
    }
  }

  TEST_CASE("a later write may reach the disk before an earlier one, even on the same sector's neighbour") {
    SimulatedDisk disk;
    disk.put("a", filled(2 * kSector, 1));
    const auto file = opened(disk, "a");
    REQUIRE(write_all(*file, 0, filled(kSector, 2)));
    REQUIRE(write_all(*file, kSector, filled(kSector, 3)));
    CHECK(images(disk, "a").contains(halves(1, 3)));
  }

  TEST_CASE("a sector can be torn") {
    SimulatedDisk disk;
    disk.put("a", filled(kSector, 1));
    REQUIRE(write_all(*opened(disk, "a"), 0, filled(kSector, 2)));
    CHECK(any(images(disk, "a"),
              [](const Bytes& image) { return image.front() == std::byte{2} && image.back() == std::byte{1}; }));
  }

  TEST_CASE("a file may get its size without its data, and its data without its size") {
    SimulatedDisk disk;
    disk.put("a", filled(kSector, 1));
    REQUIRE(write_all(*opened(disk, "a"), kSector, filled(kSector, 2)));
    const auto all = images(disk, "a");
    CHECK(all.contains(halves(1, 0)));
    CHECK(all.contains(filled(kSector, 1)));
    CHECK(any(all, [](const Bytes& image) {  // or somebody's old data in the new space
      return image.size() == 2 * kSector && std::set(image.begin() + kSector, image.end()).size() > 50;
    }));
  }

  TEST_CASE("a failed sync may drop what was written while everybody goes on reading it") {
    SimulatedDisk disk;
    disk.put("a", filled(kSector, 1));
    const auto file = opened(disk, "a");
    REQUIRE(write_all(*file, 0, filled(kSector, 2)));
    disk.set_faults({.fail_call = disk.calls() + 1, .sync_drops = true});
    CHECK(file->sync().error().code == Code::kIo);
    CHECK(file->sync());  // a liar's success
    CHECK(disk.contents("a") == filled(kSector, 2));
    CHECK(images(disk, "a") == Images{filled(kSector, 1)});
  }

  TEST_CASE("names become durable with their directory only, and a rename whole or not at all") {
    SimulatedDisk disk;
    disk.put("dir/b", filled(5, 1));
    auto file = disk.create_new("dir/a");
    REQUIRE(file);
    REQUIRE(write_all(**file, 0, filled(5, 2)));
    REQUIRE((*file)->sync());
    REQUIRE(disk.rename("dir/a", "dir/b", true));
    CHECK(images(disk, "dir/b") == Images{filled(5, 1), filled(5, 2)});
    REQUIRE(disk.sync_directory("elsewhere"));
    CHECK(images(disk, "dir/b").size() == 2);
    REQUIRE(disk.sync_directory("dir"));
    CHECK(images(disk, "dir/b") == Images{filled(5, 2)});
    CHECK(disk.after_power_cut(1)->names() == std::vector<std::filesystem::path>{"dir/b"});
  }

  TEST_CASE("a new name without a sync of the file can stand for an empty file") {
    SimulatedDisk disk;
    auto file = disk.create_new("a");
    REQUIRE(file);
    REQUIRE(write_all(**file, 0, filled(100, 2)));
    REQUIRE(disk.sync_directory("."));
    const auto all = images(disk, "a");
    CHECK(all.contains(Bytes{}));
    CHECK(all.contains(filled(100, 2)));
  }

  TEST_CASE("removed and unnamed files stay readable while open") {
    SimulatedDisk disk;
    disk.put("a", filled(3, 1));
    const auto file = opened(disk, "a");
    REQUIRE(disk.remove("a"));
    CHECK_FALSE(*disk.exists("a"));
    Bytes out(3);
    CHECK(read_exact(*file, 0, out));
    CHECK(out == filled(3, 1));
    const auto unnamed = disk.create_unnamed(".");
    REQUIRE(unnamed);
    CHECK(write_all(**unnamed, 0, out));
    CHECK(disk.names().empty());
  }

  TEST_CASE("the chosen call fails, once or for ever, with the chosen errno") {
    SimulatedDisk disk;
    disk.put("a", filled(3, 1));
    Bytes out(3);
    const auto file = opened(disk, "a");
    disk.set_faults({.fail_call = disk.calls() + 2, .error = EMFILE});
    CHECK(read_exact(*file, 0, out));
    CHECK(read_exact(*file, 0, out).error().system == EMFILE);
    CHECK(read_exact(*file, 0, out));
    disk.set_faults({.fail_call = disk.calls() + 1, .fail_for_ever = true});
    CHECK_FALSE(read_exact(*file, 0, out));
    CHECK_FALSE(disk.open_read("a"));
    CHECK(disk.calls(Operation::kRead) == 4);
  }

  TEST_CASE("a bad place fails the reads that touch it and no others") {
    SimulatedDisk disk;
    disk.put("a", filled(3 * kSector, 1));
    const auto file = opened(disk, "a");
    disk.set_faults({.bad_at = kSector, .bad_bytes = 1});
    Bytes out(kSector);
    CHECK(read_exact(*file, 0, out));
    CHECK(read_exact(*file, 1, out).error().code == Code::kIo);
    CHECK(read_exact(*file, kSector, out).error().at == kSector);
    CHECK(read_exact(*file, kSector + 1, out));
  }

  TEST_CASE("a full disk takes what fits, then says so; space comes back with the files that go") {
    SimulatedDisk disk;
    disk.set_faults({.capacity = 1000});
    auto file = disk.create_new("a");
    REQUIRE(file);
    CHECK(write_all(**file, 0, filled(1001, 1)).error().code == Code::kNoSpace);
    CHECK(*(*file)->size() == 1000);
    CHECK((*file)->allocate(0, 1001).error().code == Code::kNoSpace);
    auto other = disk.create_new("b");
    REQUIRE(other);
    CHECK((*other)->allocate(0, 1).error().code == Code::kNoSpace);
    REQUIRE(disk.remove("a"));
    CHECK((*other)->allocate(0, 1).error().code == Code::kNoSpace);  // still open
    file->reset();
    CHECK((*other)->allocate(0, 1000));
  }

  TEST_CASE("short reads and writes return a part, and repeating them gets there") {
    SimulatedDisk disk;
    disk.set_faults({.short_io = true});
    auto file = disk.create_new("a");
    REQUIRE(file);
    const auto bytes = filled(10'000, 7);
    REQUIRE(write_all(**file, 0, bytes));
    CHECK(disk.calls(Operation::kWrite) > 1);
    Bytes out(bytes.size());
    REQUIRE(read_exact(**file, 0, out));
    CHECK(disk.calls(Operation::kRead) > 1);
    CHECK(out == bytes);
  }

  TEST_CASE("a file opened for reading cannot be changed") {
    SimulatedDisk disk;
    disk.put("a", filled(3, 1));
    const auto file = disk.open_read("a");
    REQUIRE(file);
    CHECK((*file)->truncate(1).error().system == EBADF);
    CHECK(write_all(**file, 0, filled(1, 2)).error().system == EBADF);
    CHECK(disk.contents("a") == filled(3, 1));
  }

  TEST_CASE("the boot is another after a power cut, and each time") {
    const SimulatedDisk disk;
    CHECK(disk.boot_id() != BootId{});
    std::set<BootId> boots{disk.boot_id()};
    for (std::uint64_t seed = 0; seed < 10; ++seed) boots.insert(disk.after_power_cut(seed)->boot_id());
    CHECK(boots.size() == 11);
    CHECK(disk.clone()->boot_id() == disk.boot_id());
  }

  TEST_CASE("a clone has what is seen, what is not durable yet, and a life of its own") {
    SimulatedDisk disk;
    disk.put("a", filled(kSector, 1));
    auto file = opened(disk, "a");
    REQUIRE(file->lock(0, true));
    REQUIRE(write_all(*file, 0, filled(kSector, 2)));
    REQUIRE(disk.rename("a", "b", false));
    const auto clone = disk.clone();
    REQUIRE(file->sync());
    auto other = opened(*clone, "b");
    CHECK(other->lock(0, true));
    CHECK(clone->contents("b") == filled(kSector, 2));
    bool old = false, fresh = false;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      const auto left = clone->after_power_cut(seed);
      const Bytes bytes = left->contents(left->names().front());
      old = old || bytes == filled(kSector, 1);
      fresh = fresh || bytes == filled(kSector, 2);
    }
    CHECK(old);
    CHECK(fresh);
  }

  TEST_CASE("a length that was seen when a flush failed becomes durable by a write that reaches it, and by no other") {
    for (const bool reaches : {false, true}) {
      CAPTURE(reaches);
      SimulatedDisk disk;
      disk.put("a", filled(kSector, 1));
      auto file = opened(disk, "a");
      REQUIRE(write_all(*file, kSector, filled(kSector, 2)));
      disk.set_faults({.fail_call = disk.calls() + 1, .sync_drops = true});
      REQUIRE_FALSE(file->sync());
      disk.set_faults({});
      REQUIRE(write_all(*file, reaches ? kSector : 0, filled(kSector, 3)));
      REQUIRE(file->sync());
      CHECK(disk.after_power_cut(1)->contents("a").size() == (reaches ? 2 : 1) * kSector);
    }
  }
}

}  // namespace nearline::io
