// SPDX-License-Identifier: Apache-2.0
#include "io/posix_file.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "tests/io/child_process.h"
#include "tests/io/temp_dir.h"

namespace nearline::io {
namespace {

std::vector<std::byte> bytes_of(const char* text) {
  std::vector<std::byte> bytes(std::strlen(text));
  std::memcpy(bytes.data(), text, bytes.size());
  return bytes;
}

std::unique_ptr<File> made(const std::filesystem::path& path) {
  auto file = real_file_system().create_new(path);
  REQUIRE(file);
  return std::move(file).value();
}

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

}  // namespace

TEST_SUITE("io/posix_file") {
  TEST_CASE("what was written is read back, and reading past the end says where the file ended") {
    const TempDir dir;
    const auto file = made(dir / "a");
    REQUIRE(write_all(*file, 10, bytes_of("hello")));
    REQUIRE(*file->size() == 15);
    std::vector<std::byte> out(15);
    REQUIRE(read_exact(*file, 0, out));
    CHECK(std::vector<std::byte>(out.begin() + 10, out.end()) == bytes_of("hello"));
    CHECK(out[0] == std::byte{0});

    const auto past = read_exact(*file, 12, out);
    REQUIRE_FALSE(past);
    CHECK(past.error().code == Code::kTruncated);
    CHECK(past.error().at == 15);
  }

  TEST_CASE("offsets that no file can have read nothing and cannot be written") {
    const TempDir dir;
    const auto file = made(dir / "a");
    std::byte byte{};
    for (const std::uint64_t at : {std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
      CAPTURE(at);
      const auto got = file->read_some(at, {&byte, 1});
      REQUIRE(got);
      CHECK(*got == 0);
      CHECK(file->write_some(at, {&byte, 1}).error().code == Code::kNoSpace);
      CHECK(file->allocate(at, 1).error().code == Code::kNoSpace);
      CHECK(file->truncate(at).error().code == Code::kNoSpace);
    }
  }

  TEST_CASE("allocate extends the file, keeps what stands there, and truncate cuts it") {
    const TempDir dir;
    const auto file = made(dir / "a");
    REQUIRE(write_all(*file, 0, bytes_of("abc")));
    REQUIRE(file->allocate(0, 10'000));
    CHECK(*file->size() == 10'000);
    std::vector<std::byte> out(3);
    REQUIRE(read_exact(*file, 0, out));
    CHECK(out == bytes_of("abc"));
    REQUIRE(file->allocate(0, 0));
    REQUIRE(file->truncate(2));
    CHECK(*file->size() == 2);
    CHECK(file->sync());
  }

  TEST_CASE("new files are private to their owner whatever the umask, and descriptors do not leak into programs") {
    const TempDir dir;
    const mode_t before = ::umask(0);
    const auto file = made(dir / "a");
    ::umask(before);
    CHECK(mode_of(dir / "a") == 0600);
    CHECK((::fcntl(file->descriptor(), F_GETFD) & FD_CLOEXEC) != 0);
    const auto reading = real_file_system().open_read(dir / "a");
    const auto writing = real_file_system().open_write(dir / "a");
    const auto unnamed = real_file_system().create_unnamed(dir.path());
    for (const auto* opened : {&reading, &writing, &unnamed}) {
      REQUIRE(*opened);
      CHECK((::fcntl((**opened)->descriptor(), F_GETFD) & FD_CLOEXEC) != 0);
    }
  }

  TEST_CASE("a symbolic link is not followed when creating or writing, but when reading") {
    const TempDir dir;
    std::filesystem::create_symlink(dir / "victim", dir / "link");
    CHECK(real_file_system().create_new(dir / "link").error().code == Code::kExists);
    CHECK_FALSE(std::filesystem::exists(dir / "victim"));
    CHECK(*real_file_system().exists(dir / "link"));
    made(dir / "victim");
    CHECK(real_file_system().open_write(dir / "link").error().code == Code::kBadInput);
    CHECK(real_file_system().open_read(dir / "link"));
  }

  TEST_CASE("directories and pipes are refused, without waiting for a writer") {
    const TempDir dir;
    REQUIRE(::mkfifo((dir / "pipe").c_str(), 0600) == 0);
    for (const auto& path : {dir / "pipe", dir.path()}) {
      CAPTURE(path);
      CHECK(real_file_system().open_read(path).error().code == Code::kBadInput);
      CHECK(real_file_system().open_write(path).error().code == Code::kBadInput);
    }
  }

  TEST_CASE("errors name the file, the errno and what was tried") {
    const TempDir dir;
    auto missing = real_file_system().open_read(dir / "none");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == Code::kNotFound);
    CHECK(missing.error().system == ENOENT);
    CHECK(missing.error().file == (dir / "none").string());
    CHECK(missing.error().what == "cannot open for reading");
    CHECK(real_file_system().open_write(dir / "none").error().code == Code::kNotFound);
    CHECK(real_file_system().create_new(dir.path() / "no" / "such").error().code == Code::kNotFound);
    CHECK(real_file_system().remove(dir / "none").error().code == Code::kNotFound);
    made(dir / "a");
    CHECK(real_file_system().create_new(dir / "a").error().code == Code::kExists);
    CHECK(real_file_system().open_read(dir.path() / "a" / "b").error().code == Code::kNotFound);
    CHECK(real_file_system().sync_directory(dir / "none").error().code == Code::kNotFound);
    CHECK(real_file_system().create_unnamed(dir / "none").error().code == Code::kNotFound);
  }

  TEST_CASE("without permission there is no opening") {
    const TempDir dir;
    made(dir / "a");
    std::filesystem::permissions(dir / "a", std::filesystem::perms::none);
    CHECK(in_child([&] {
            if (::geteuid() == 0 && (::chmod(dir.path().c_str(), 0711) != 0 || ::setuid(65534) != 0)) return false;
            const auto file = real_file_system().open_read(dir / "a");
            return !file && file.error().code == Code::kPermission;
          }) == 0);
  }

  TEST_CASE("rename replaces only when told to") {
    const TempDir dir;
    auto& fs = real_file_system();
    REQUIRE(write_all(*made(dir / "a"), 0, bytes_of("a")));
    REQUIRE(write_all(*made(dir / "b"), 0, bytes_of("bb")));
    CHECK(fs.rename(dir / "a", dir / "b", false).error().code == Code::kExists);
    CHECK(std::filesystem::file_size(dir / "b") == 2);
    CHECK(fs.rename(dir / "a", dir / "b", true));
    CHECK(std::filesystem::file_size(dir / "b") == 1);
    CHECK_FALSE(*fs.exists(dir / "a"));
    CHECK(fs.rename(dir / "b", dir / "c", false));
    CHECK(*fs.exists(dir / "c"));
    CHECK(fs.sync_directory(dir.path()));
  }

  TEST_CASE("holes take no disk, and reserved blocks do") {
    const TempDir dir;
    const auto file = made(dir / "a");
    REQUIRE(file->truncate(1U << 20));
    CHECK(*file->disk_bytes() < 1U << 20);
    REQUIRE(file->allocate(0, 1U << 20));
    CHECK(*file->disk_bytes() >= 1U << 20);
  }

  TEST_CASE("a link leads to the end of its chain, there or not, and circles are refused") {
    const TempDir dir;
    auto& fs = real_file_system();
    std::filesystem::create_directory(dir / "real");
    std::filesystem::create_symlink("real/x", dir / "relative");
    std::filesystem::create_symlink(dir / "relative", dir / "absolute");
    for (const bool there : {false, true}) {
      if (there) made(dir / "real/x");
      CHECK(*fs.resolve(dir / "absolute") == dir / "real/x");
      CHECK(fs.identity(dir / "absolute").has_value() == there);
    }
    CHECK(*fs.identity(dir / "absolute") == *fs.identity(dir / "real/x"));
    CHECK(*fs.resolve(dir / "real/x") == dir / "real/x");
    CHECK(*fs.resolve(dir / "none") == dir / "none");
    std::filesystem::create_symlink("b", dir / "a");
    std::filesystem::create_symlink("a", dir / "b");
    CHECK(fs.resolve(dir / "a").error().code == Code::kBadInput);
  }

  TEST_CASE("an unnamed file can be written and read, and leaves no name") {
    const TempDir dir;
    const auto file = real_file_system().create_unnamed(dir.path());
    REQUIRE(file);
    REQUIRE(write_all(**file, 0, bytes_of("xyz")));
    std::vector<std::byte> out(3);
    REQUIRE(read_exact(**file, 0, out));
    CHECK(out == bytes_of("xyz"));
    CHECK(std::filesystem::is_empty(dir.path()));
  }

  TEST_CASE("a file that may not grow is reported as lack of space, and no signal is sent") {
    const TempDir dir;
    CHECK(in_child([&] {
            const rlimit limit{8192, 8192};
            if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return false;
            auto file = real_file_system().create_new(dir / "a");
            const std::vector<std::byte> much(16'384);
            return file && write_all(**file, 0, much).error().code == Code::kNoSpace &&
                   (*file)->allocate(0, 16'384).error().code == Code::kNoSpace &&
                   (*file)->reserve(0, 16'384).error().code == Code::kNoSpace &&
                   (*file)->truncate(16'384).error().code == Code::kNoSpace && *(*file)->size() == 8192;
          }) == 0);
  }

  TEST_CASE("a map shows the file, follows its writer, and never reaches beyond the file's end") {
    const TempDir dir;
    const auto file = made(dir / "a");
    REQUIRE(write_all(*file, 0, bytes_of("hello")));
    for (const auto access : {Access::kNormal, Access::kRandom, Access::kSequential}) {
      const auto mapping = file->map(5, access);
      REQUIRE(mapping);
      REQUIRE((*mapping)->bytes().size() == 5);
      CHECK((*mapping)->bytes()[4] == std::byte{'o'});
      CHECK((*mapping)->populate(0, 5) == 0);
      REQUIRE(write_all(*file, 4, bytes_of("!")));
      CHECK((*mapping)->bytes()[4] == std::byte{'!'});
      REQUIRE(write_all(*file, 4, bytes_of("o")));
    }
    const auto nothing = file->map(0, Access::kNormal);
    REQUIRE(nothing);
    CHECK((*nothing)->bytes().empty());
    auto beyond = file->map(6, Access::kNormal);
    REQUIRE_FALSE(beyond);
    CHECK(beyond.error().code == Code::kTruncated);
    CHECK(beyond.error().at == 5);
  }

  TEST_CASE("the boot is what the kernel says, and stays the same") {
    std::ifstream in("/proc/sys/kernel/random/boot_id");
    std::string text;
    in >> text;
    std::erase(text, '-');
    std::string hex;
    for (const std::uint8_t byte : real_file_system().boot_id()) {
      hex += "0123456789abcdef"[byte >> 4];
      hex += "0123456789abcdef"[byte & 15];
    }
    CHECK(hex == text);
    CHECK(real_file_system().boot_id() == real_file_system().boot_id());
  }
}

}  // namespace nearline::io
