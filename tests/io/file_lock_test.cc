// SPDX-License-Identifier: Apache-2.0
#include "io/file_lock.h"

#include <doctest/doctest.h>

#include "io/file.h"
#include "io/simulated_disk.h"
#include "tests/io/child_process.h"
#include "tests/io/temp_dir.h"

namespace nearline::io {
namespace {

constexpr std::uint64_t kByte = std::uint64_t{1} << 62;

std::unique_ptr<File> opened(FileSystem& fs, const std::filesystem::path& path) {
  auto file = fs.open_write(path);
  REQUIRE(file);
  return std::move(file).value();
}

/// The same rules hold on the real and on the simulated disk.
void check_conflicts(FileSystem& fs, const std::filesystem::path& path) {
  REQUIRE(fs.create_new(path));
  const auto first = opened(fs, path);
  auto second = opened(fs, path);
  REQUIRE(first->lock(kByte, true));
  CHECK(second->lock(kByte, true).error().code == Code::kBusy);
  CHECK(second->lock(kByte, false).error().code == Code::kBusy);
  CHECK(second->lock(kByte + 1, true));  // another byte is another lock
  CHECK(first->lock(kByte, true));       // one's own is no obstacle

  REQUIRE(first->unlock(kByte));
  REQUIRE(second->lock(kByte, false));
  CHECK(first->lock(kByte, false));  // readers share
  CHECK(first->lock(kByte, true).error().code == Code::kBusy);

  CHECK(*first->locked_by_other(kByte, 1));
  CHECK(*first->locked_by_other(kByte - 5, 100));
  CHECK_FALSE(*first->locked_by_other(kByte + 2, 100));
  second.reset();  // closing lets go
  CHECK_FALSE(*first->locked_by_other(kByte - 5, 100));
  CHECK(first->lock(kByte, true));
}

}  // namespace

TEST_SUITE("io/file_lock") {
  TEST_CASE("locks of two opens conflict inside one process") {
    const TempDir dir;
    check_conflicts(real_file_system(), dir / "a");
    SimulatedDisk disk;
    check_conflicts(disk, "dir/a");
  }

  TEST_CASE("closing another descriptor of the file drops no lock") {
    const TempDir dir;
    auto& fs = real_file_system();
    REQUIRE(fs.create_new(dir / "a"));
    const auto holder = opened(fs, dir / "a");
    REQUIRE(holder->lock(kByte, true));
    opened(fs, dir / "a");
    CHECK(opened(fs, dir / "a")->lock(kByte, true).error().code == Code::kBusy);
  }

  TEST_CASE("a reader may share, but not exclude") {
    const TempDir dir;
    auto& fs = real_file_system();
    REQUIRE(fs.create_new(dir / "a"));
    SimulatedDisk disk;
    disk.put("a", {});
    const auto real = fs.open_read(dir / "a");
    const auto simulated = disk.open_read("a");
    for (const auto* file : {&real, &simulated}) {
      REQUIRE(*file);
      CHECK((**file)->lock(kByte, false));
      CHECK((**file)->lock(kByte + 1, true).error().code == Code::kIo);
    }
  }

  TEST_CASE("locks of two processes conflict, and go when a process is killed") {
    const TempDir dir;
    auto& fs = real_file_system();
    REQUIRE(fs.create_new(dir / "a"));
    std::unique_ptr<File> held;  // the child's copy: opened after the fork
    LingeringChild child([&] {
      auto file = fs.open_write(dir / "a");
      if (!file || !(*file)->lock(kByte, true)) return false;
      held = std::move(file).value();
      return true;
    });
    REQUIRE(child.good());
    const auto ours = opened(fs, dir / "a");
    CHECK(ours->lock(kByte, true).error().code == Code::kBusy);
    CHECK(*ours->locked_by_other(kByte, 1));
    child.kill();
    CHECK_FALSE(*ours->locked_by_other(kByte, 1));
    CHECK(ours->lock(kByte, true));
  }
}

}  // namespace nearline::io
