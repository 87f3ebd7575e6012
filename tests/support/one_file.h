// SPDX-License-Identifier: Apache-2.0
/// A file system that holds one file, to be read: its bytes are a vector that a test changes as it likes, so that an
/// index can be opened hundreds of thousands of times.
#pragma once

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "io/file.h"
#include "io/system_error.h"

namespace nearline::testing {

class OneFile final : public io::FileSystem {
 public:
  explicit OneFile(std::vector<std::byte> content) : bytes(std::move(content)) {}

  std::vector<std::byte> bytes;
  std::atomic<std::uint64_t> reads = 0;  ///< blocks of 4 KiB that were asked for, by calls of read_some

  Result<std::unique_ptr<io::File>> open_read(const std::filesystem::path& path) override {
    return std::unique_ptr<io::File>(std::make_unique<Open>(*this, path));
  }
  Result<std::unique_ptr<io::File>> open_write(const std::filesystem::path& path) override { return refused(path); }
  Result<std::unique_ptr<io::File>> create_new(const std::filesystem::path& path) override { return refused(path); }
  Result<std::unique_ptr<io::File>> create_unnamed(const std::filesystem::path& path) override { return refused(path); }
  Result<bool> exists(const std::filesystem::path&) override { return true; }
  Result<void> rename(const std::filesystem::path& path, const std::filesystem::path&, bool) override {
    return refused(path);
  }
  Result<void> remove(const std::filesystem::path& path) override { return refused(path); }
  Result<void> sync_directory(const std::filesystem::path& path) override { return refused(path); }

 private:
  static Error refused(const std::filesystem::path& path) { return io::system_error(EROFS, "cannot write", path); }

  class Open final : public io::File {
   public:
    Open(OneFile& owner, std::filesystem::path path) : owner_(owner), path_(std::move(path)) {}

    [[nodiscard]] const std::filesystem::path& path() const noexcept override { return path_; }
    Result<std::uint64_t> size() const override { return std::uint64_t{owner_.bytes.size()}; }
    Result<std::size_t> read_some(std::uint64_t at, std::span<std::byte> out) const override {
      owner_.reads += (out.size() + 4095) / 4096;
      if (at >= owner_.bytes.size()) return std::size_t{0};
      const std::size_t count = std::min<std::uint64_t>(out.size(), owner_.bytes.size() - at);
      std::copy_n(owner_.bytes.begin() + static_cast<std::ptrdiff_t>(at), count, out.begin());
      return count;
    }
    Result<std::size_t> write_some(std::uint64_t, std::span<const std::byte>) override { return refused(path_); }
    Result<void> allocate(std::uint64_t, std::uint64_t) override { return refused(path_); }
    Result<void> punch(std::uint64_t, std::uint64_t) override { return refused(path_); }
    Result<void> truncate(std::uint64_t) override { return refused(path_); }
    Result<void> sync() override { return refused(path_); }
    /// The bytes themselves: they must not change their number while they are mapped.
    Result<std::unique_ptr<io::Mapping>> map(std::uint64_t length, io::Access) const override {
      if (length > owner_.bytes.size()) return io::ends_too_early(path_, owner_.bytes.size(), length);
      return std::unique_ptr<io::Mapping>(std::make_unique<View>(std::span(owner_.bytes).first(length)));
    }
    Result<void> lock(std::uint64_t, bool) override { return {}; }
    Result<void> unlock(std::uint64_t) override { return {}; }
    Result<bool> locked_by_other(std::uint64_t, std::uint64_t) const override { return false; }
    [[nodiscard]] int descriptor() const noexcept override { return -1; }

   private:
    class View final : public io::Mapping {
     public:
      explicit View(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}
      [[nodiscard]] std::span<const std::byte> bytes() const noexcept override { return bytes_; }

     private:
      std::span<const std::byte> bytes_;
    };

    OneFile& owner_;
    std::filesystem::path path_;
  };
};

}  // namespace nearline::testing
