// SPDX-License-Identifier: Apache-2.0
/// An open file of the simulated disk.
#pragma once

#include "io/simulated_state.h"

namespace nearline::io {

class SimulatedFile final : public File {
 public:
  /// The caller holds the disk's mutex.
  SimulatedFile(std::shared_ptr<SimulatedDisk::State> disk, InodePtr inode, std::filesystem::path path, bool writable)
      : disk_(std::move(disk)), inode_(std::move(inode)), path_(std::move(path)), writable_(writable) {
    ++inode_->opens;
  }
  ~SimulatedFile() override;

  [[nodiscard]] const std::filesystem::path& path() const noexcept override { return path_; }
  Result<std::uint64_t> size() const override;
  Result<FileIdentity> identity() const override {
    return FileIdentity{0, reinterpret_cast<std::uintptr_t>(inode_.get())};
  }
  Result<std::size_t> read_some(std::uint64_t at, std::span<std::byte> out) const override;
  Result<std::size_t> write_some(std::uint64_t at, std::span<const std::byte> bytes) override;
  Result<void> allocate(std::uint64_t at, std::uint64_t bytes) override;
  Result<void> punch(std::uint64_t at, std::uint64_t bytes) override;
  Result<void> truncate(std::uint64_t bytes) override;
  Result<void> sync() override;
  Result<std::unique_ptr<Mapping>> map(std::uint64_t bytes, Access access) const override;
  Result<void> lock(std::uint64_t at, bool exclusive) override;
  Result<void> unlock(std::uint64_t at) override;
  Result<bool> locked_by_other(std::uint64_t at, std::uint64_t bytes) const override;
  [[nodiscard]] int descriptor() const noexcept override { return -1; }

 private:
  Result<void> step_writable(Operation operation, std::string_view what) const;

  std::shared_ptr<SimulatedDisk::State> disk_;
  InodePtr inode_;
  std::filesystem::path path_;
  bool writable_;
};

}  // namespace nearline::io
