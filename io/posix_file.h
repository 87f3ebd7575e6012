// SPDX-License-Identifier: Apache-2.0
/// A file of the operating system.
#pragma once

#include "io/descriptor.h"
#include "io/file.h"

namespace nearline::io {

class PosixFile final : public File {
 public:
  PosixFile(Descriptor descriptor, std::filesystem::path path) noexcept
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  [[nodiscard]] const std::filesystem::path& path() const noexcept override { return path_; }
  Result<std::uint64_t> size() const override;
  Result<FileIdentity> identity() const override;
  Result<std::uint64_t> disk_bytes() const override;
  Result<std::size_t> read_some(std::uint64_t at, std::span<std::byte> out) const override;
  Result<std::size_t> write_some(std::uint64_t at, std::span<const std::byte> bytes) override;
  Result<void> allocate(std::uint64_t at, std::uint64_t bytes) override;
  Result<void> reserve(std::uint64_t at, std::uint64_t bytes) override;
  Result<void> punch(std::uint64_t at, std::uint64_t bytes) override;
  Result<void> truncate(std::uint64_t bytes) override;
  Result<void> sync() override;
  void will_need(std::uint64_t at, std::uint64_t bytes) const noexcept override;
  void start_flush(std::uint64_t at, std::uint64_t bytes) const noexcept override;
  Result<std::unique_ptr<Mapping>> map(std::uint64_t bytes, Access access) const override;
  Result<void> lock(std::uint64_t at, bool exclusive) override;
  Result<void> unlock(std::uint64_t at) override;
  Result<bool> locked_by_other(std::uint64_t at, std::uint64_t bytes) const override;
  [[nodiscard]] int descriptor() const noexcept override { return descriptor_.get(); }

 private:
  Result<bool> try_to_reserve(std::uint64_t at, std::uint64_t bytes);
  Result<void> fill_with_zeros(std::uint64_t at, std::uint64_t bytes);

  Descriptor descriptor_;
  std::filesystem::path path_;
};

}  // namespace nearline::io
