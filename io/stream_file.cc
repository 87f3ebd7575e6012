// SPDX-License-Identifier: Apache-2.0
#include "io/stream_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <system_error>
#include <vector>

#include "io/descriptor.h"
#include "io/system_error.h"

namespace nearline::io {
namespace {

class StreamFile final : public File {
 public:
  StreamFile(Descriptor descriptor, std::filesystem::path path) noexcept
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  [[nodiscard]] const std::filesystem::path& path() const noexcept override { return path_; }

  Result<std::size_t> read_some(std::uint64_t at, std::span<std::byte> out) const override {
    const std::scoped_lock lock(mutex_);
    if (at < head_.size()) {
      const auto from = head_.begin() + static_cast<std::ptrdiff_t>(at);
      const std::size_t bytes = std::min<std::size_t>(out.size(), head_.size() - static_cast<std::size_t>(at));
      std::copy_n(from, bytes, out.begin());
      return bytes;
    }
    if (at != place_) return no_file("reads that follow each other");
    ssize_t got = 0;
    do {
      got = ::read(descriptor_.get(), out.data(), out.size());
    } while (got < 0 && errno == EINTR);
    if (got < 0) return system_error(errno, "cannot read", path_, at);
    const auto bytes = static_cast<std::size_t>(got);
    if (place_ < kStreamHeadBytes) {
      const std::size_t kept = std::min(bytes, kStreamHeadBytes - head_.size());
      head_.insert(head_.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(kept));
    }
    place_ += bytes;
    return bytes;
  }

  Result<std::uint64_t> size() const override { return no_file("a size"); }
  Result<std::size_t> write_some(std::uint64_t, std::span<const std::byte>) override { return no_file("writes"); }
  Result<void> allocate(std::uint64_t, std::uint64_t) override { return no_file("writes"); }
  Result<void> punch(std::uint64_t, std::uint64_t) override { return no_file("writes"); }
  Result<void> truncate(std::uint64_t) override { return no_file("writes"); }
  Result<void> sync() override { return no_file("writes"); }
  Result<std::unique_ptr<Mapping>> map(std::uint64_t, Access) const override { return no_file("a map"); }
  Result<void> lock(std::uint64_t, bool) override { return no_file("locks"); }
  Result<void> unlock(std::uint64_t) override { return no_file("locks"); }
  Result<bool> locked_by_other(std::uint64_t, std::uint64_t) const override { return no_file("locks"); }
  [[nodiscard]] int descriptor() const noexcept override { return descriptor_.get(); }

 private:
  [[nodiscard]] Error no_file(const char* what) const {
    return {.code = Code::kInvalidArgument,
            .what = std::string("expected a file, which has ") + what + "; found a stream, which is read once",
            .file = path_.string()};
  }

  Descriptor descriptor_;
  std::filesystem::path path_;
  mutable std::mutex mutex_;  // guards the two below
  mutable std::uint64_t place_ = 0;
  mutable std::vector<std::byte> head_;
};

}  // namespace

bool is_stream(const std::filesystem::path& path) noexcept {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  return std::filesystem::is_fifo(status) || std::filesystem::is_character_file(status) ||
         std::filesystem::is_socket(status);
}

Result<std::unique_ptr<File>> open_stream(const std::filesystem::path& path) {
  int number = -1;
  do {
    number = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  } while (number < 0 && errno == EINTR);
  if (number < 0) return system_error(errno, "cannot open for reading", path);
  return std::unique_ptr<File>(std::make_unique<StreamFile>(Descriptor(number), path));
}

}  // namespace nearline::io
