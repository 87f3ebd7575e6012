// SPDX-License-Identifier: Apache-2.0
#include "io/stream_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/io/temp_dir.h"

namespace nearline::io {
namespace {

/// Bytes that tell their place.
std::string some_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
  return bytes;
}

/// A pipe with a name, and a thread that writes to it.
class Fed {
 public:
  explicit Fed(std::string bytes) : path_(dir_ / "pipe") {
    REQUIRE(::mkfifo(path_.c_str(), 0600) == 0);
    feeder_ = std::thread([bytes = std::move(bytes), path = path_] {
      std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    });
  }
  Fed(const Fed&) = delete;
  Fed& operator=(const Fed&) = delete;
  ~Fed() { feeder_.join(); }

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  TempDir dir_;
  std::filesystem::path path_;
  std::thread feeder_;
};

std::string read(const File& file, std::uint64_t at, std::size_t count) {
  std::string bytes(count, '\0');
  const auto done = read_exact(file, at, std::as_writable_bytes(std::span(bytes)));
  return done ? bytes : done.error().message();
}

}  // namespace

TEST_SUITE("io/stream_file") {
  TEST_CASE("a pipe is a stream; a file, a folder and nothing are not") {
    const Fed fed("x");
    const TempDir dir;
    std::ofstream(dir / "file") << "x";
    CHECK(is_stream(fed.path()));
    CHECK(is_stream("/dev/null"));
    CHECK_FALSE(is_stream(dir / "file"));
    CHECK_FALSE(is_stream(dir / "none"));
    CHECK_FALSE(is_stream(dir / "file" / "below"));
    CHECK(open_stream(dir / "none").error().code == Code::kNotFound);
    CHECK(read(**open_stream(fed.path()), 0, 1) == "x");
  }

  TEST_CASE("reads follow each other; the head may be read again, as long as it is kept") {
    const std::string bytes = some_bytes(kStreamHeadBytes + 100'000);
    const Fed fed(bytes);
    const auto stream = open_stream(fed.path());
    REQUIRE(stream);
    const File& file = **stream;
    CHECK(read(file, 0, 100) == bytes.substr(0, 100));
    CHECK(read(file, 50, 1000) == bytes.substr(50, 1000));
    CHECK(read(file, 0, kStreamHeadBytes + 500) == bytes.substr(0, kStreamHeadBytes + 500));
    CHECK(read(file, 7, kStreamHeadBytes - 7) == bytes.substr(7, kStreamHeadBytes - 7));
    std::byte one{};
    for (const std::uint64_t at : {kStreamHeadBytes, kStreamHeadBytes + 499, kStreamHeadBytes + 501}) {
      CAPTURE(at);
      const auto again = file.read_some(at, {&one, 1});
      REQUIRE_FALSE(again);
      CHECK(again.error().code == Code::kInvalidArgument);
      CHECK(again.error().file == fed.path().string());
    }
    CHECK(read(file, kStreamHeadBytes + 500, 99'500) == bytes.substr(kStreamHeadBytes + 500));
    CHECK(file.read_some(bytes.size(), {&one, 1}).value() == 0);
  }

  TEST_CASE("what takes a file is refused") {
    const auto stream = open_stream("/dev/null");
    REQUIRE(stream);
    File& file = **stream;
    CHECK(file.size().error().code == Code::kInvalidArgument);
    CHECK(file.write_some(0, {}).error().code == Code::kInvalidArgument);
    CHECK(file.allocate(0, 1).error().code == Code::kInvalidArgument);
    CHECK(file.punch(0, 1).error().code == Code::kInvalidArgument);
    CHECK(file.truncate(0).error().code == Code::kInvalidArgument);
    CHECK(file.sync().error().code == Code::kInvalidArgument);
    CHECK(file.map(0, Access::kNormal).error().code == Code::kInvalidArgument);
    CHECK(file.lock(0, false).error().code == Code::kInvalidArgument);
    CHECK(file.unlock(0).error().code == Code::kInvalidArgument);
    CHECK(file.locked_by_other(0, 1).error().code == Code::kInvalidArgument);
  }
}

}  // namespace nearline::io
