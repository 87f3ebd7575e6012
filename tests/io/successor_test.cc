// SPDX-License-Identifier: Apache-2.0
#include "io/successor.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <optional>

#include "io/atomic_file.h"
#include "io/temporary_name.h"
#include "tests/io/child_process.h"
#include "tests/io/temp_dir.h"

namespace nearline::io {
namespace {

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

std::size_t entries(const TempDir& dir) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(dir.path()), {}));
}

}  // namespace

TEST_SUITE("io/successor") {
  TEST_CASE("only names that temporary files have are taken for theirs") {
    CHECK(is_temporary_name(".nearline-1-0.tmp"));
    for (const char* other :
         {".nearline-1-0", ".nearline--0.tmp", ".nearline-1-.tmp", ".nearline-x-0.tmp", ".nearline.tmp",
          "nearline-1-0.tmp", ".nearline-1-0.tmp~", ".nearline-tmp", ".nearline-.tmp", ""}) {
      CAPTURE(other);
      CHECK_FALSE(is_temporary_name(other));
    }
  }

  TEST_CASE("what a process left is removed by the next one once it is dead, and nothing before") {
    const TempDir dir;
    LingeringChild child([&] {
      static auto file = AtomicFile::create(real_file_system(), dir / "theirs", false);
      return file.has_value();
    });
    REQUIRE(child.good());
    REQUIRE(entries(dir) == 1);
    const auto publish = [&](const char* name) {
      auto file = AtomicFile::create(real_file_system(), dir / name, false);
      REQUIRE(file);
      REQUIRE(file->publish());
    };
    publish("a");
    CHECK(entries(dir) == 2);
    child.kill();
    std::ofstream(dir / ".nearline-mine.tmp") << "a user's";
    publish("b");
    CHECK(entries(dir) == 3);
    CHECK(std::filesystem::exists(dir / "a"));
    CHECK(std::filesystem::exists(dir / "b"));
    CHECK(std::filesystem::exists(dir / ".nearline-mine.tmp"));
  }

  TEST_CASE(
      "a successor is as its predecessor was from the moment it is there, and by the umask where there was none") {
    const TempDir dir;
    const mode_t before = ::umask(0022);
    std::optional<Result<Descriptor>> made;
    made.emplace(open_successor(dir / "new", dir / "target"));
    REQUIRE(*made);
    CHECK(mode_of(dir / "new") == 0644);
    for (const mode_t mode : {0600U, 0640U, 0666U, 0444U, 0755U}) {
      std::ofstream(dir / "target") << "old";
      REQUIRE(::chmod((dir / "target").c_str(), mode) == 0);
      std::filesystem::remove(dir / "new");
      made.emplace(open_successor(dir / "new", dir / "target"));
      REQUIRE(*made);
      CHECK(mode_of(dir / "new") == mode);
      std::filesystem::remove(dir / "target");
    }
    ::umask(before);
  }

  TEST_CASE("where the group cannot be given it has no right that others do not have") {
    if (::geteuid() != 0) return;  // only root can make a file of another group
    const TempDir dir;
    REQUIRE(::chmod(dir.path().c_str(), 0777) == 0);
    std::ofstream(dir / "target") << "old";
    REQUIRE(::chown((dir / "target").c_str(), 0, 12'345) == 0);
    for (const auto& [old, expected] : {std::pair<mode_t, mode_t>{0660, 0600}, {0664, 0644}, {0640, 0600}}) {
      REQUIRE(::chmod((dir / "target").c_str(), old) == 0);
      CHECK(in_child([&] {
              if (::setgid(65'534) != 0 || ::setuid(65'534) != 0) return false;
              return open_successor(dir / "new", dir / "target").has_value();
            }) == 0);
      CHECK(mode_of(dir / "new") == expected);
      std::filesystem::remove(dir / "new");
    }
  }

  TEST_CASE("what is no regular file is not replaced, and errors name the target") {
    const TempDir dir;
    REQUIRE(::mkfifo((dir / "pipe").c_str(), 0600) == 0);
    for (const auto& target : {dir / "pipe", dir.path()}) {
      const auto refused = AtomicFile::create(real_file_system(), target, true);
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == Code::kBadInput);
      CHECK(refused.error().file == target.string());
    }
    CHECK(entries(dir) == 1);
    const auto nowhere = AtomicFile::create(real_file_system(), dir / "no/such", true);
    REQUIRE_FALSE(nowhere);
    CHECK(nowhere.error().code == Code::kNotFound);
    CHECK(nowhere.error().file == (dir / "no/such").string());
  }
}

}  // namespace nearline::io
