// SPDX-License-Identifier: Apache-2.0
#include "io/simulated_file.h"

#include <algorithm>
#include <cerrno>

#include "io/system_error.h"

namespace nearline::io {
namespace {

/// A map that stands for the bytes of the moment.
class Snapshot final : public Mapping {
 public:
  explicit Snapshot(std::vector<std::byte> bytes) noexcept : bytes_(std::move(bytes)) {}
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept override { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace

SimulatedFile::~SimulatedFile() {
  const std::lock_guard guard(disk_->mutex);
  std::erase_if(inode_->locks, [this](const auto& lock) { return lock.owner == this; });
  --inode_->opens;
}

Result<void> SimulatedFile::step_writable(Operation operation, std::string_view what) const {
  NEARLINE_CHECK(disk_->step(operation, what, path_));
  if (!writable_) return system_error(EBADF, what, path_);
  return {};
}

Result<std::uint64_t> SimulatedFile::size() const {
  const std::lock_guard guard(disk_->mutex);
  return std::uint64_t{inode_->live().size()};
}

Result<std::size_t> SimulatedFile::read_some(std::uint64_t at, std::span<std::byte> out) const {
  NEARLINE_CHECK(disk_->step(Operation::kRead, "cannot read", path_));
  const std::size_t most = disk_->part(out.size());
  const std::lock_guard guard(disk_->mutex);
  const auto& bytes = inode_->live();
  if (at >= bytes.size()) return std::size_t{0};
  const std::size_t count = std::min<std::uint64_t>(most, bytes.size() - at);
  const auto& faults = disk_->faults;
  if (at < faults.bad_at + faults.bad_bytes && at + count > faults.bad_at) {
    return system_error(faults.error, "cannot read", path_, at);
  }
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), count, out.begin());
  return count;
}

Result<std::size_t> SimulatedFile::write_some(std::uint64_t at, std::span<const std::byte> bytes) {
  NEARLINE_CHECK(step_writable(Operation::kWrite, "cannot write"));
  std::size_t count = disk_->part(bytes.size());
  const std::lock_guard guard(disk_->mutex);
  const std::uint64_t end = inode_->live().size() + disk_->room();
  if (at + count > end) {
    if (at >= end) return system_error(ENOSPC, "cannot write", path_, at);
    count = static_cast<std::size_t>(end - at);
  }
  inode_->write(at, bytes.first(count));
  return count;
}

Result<void> SimulatedFile::allocate(std::uint64_t at, std::uint64_t bytes) {
  NEARLINE_CHECK(step_writable(Operation::kAllocate, "cannot reserve space"));
  const std::lock_guard guard(disk_->mutex);
  const std::uint64_t size = inode_->live().size();
  if (at + bytes <= size) return {};
  if (at + bytes > size + disk_->room()) return system_error(ENOSPC, "cannot reserve space", path_, at);
  inode_->resize(at + bytes);
  return {};
}

Result<void> SimulatedFile::punch(std::uint64_t at, std::uint64_t bytes) {
  NEARLINE_CHECK(step_writable(Operation::kPunch, "cannot give space back"));
  const std::lock_guard guard(disk_->mutex);
  const std::uint64_t size = inode_->live().size();
  if (at >= size) return {};
  inode_->write(at, std::vector<std::byte>(std::min(bytes, size - at)));
  return {};
}

Result<void> SimulatedFile::truncate(std::uint64_t bytes) {
  NEARLINE_CHECK(step_writable(Operation::kTruncate, "cannot set the size"));
  const std::lock_guard guard(disk_->mutex);
  if (bytes > inode_->live().size() + disk_->room()) return system_error(ENOSPC, "cannot set the size", path_, bytes);
  inode_->resize(bytes);
  return {};
}

Result<void> SimulatedFile::sync() {
  auto step = disk_->step(Operation::kSync, "cannot flush to the disk", path_);
  const std::lock_guard guard(disk_->mutex);
  if (step) {
    inode_->sync();
  } else if (disk_->faults.sync_drops) {
    inode_->drop_unsynced();
  }
  return step;
}

Result<std::unique_ptr<Mapping>> SimulatedFile::map(std::uint64_t bytes, Access) const {
  NEARLINE_CHECK(disk_->step(Operation::kMap, "cannot map into memory", path_));
  const std::lock_guard guard(disk_->mutex);
  const auto& live = inode_->live();
  if (bytes > live.size()) return ends_too_early(path_, live.size(), bytes - live.size());
  return std::unique_ptr<Mapping>(std::make_unique<Snapshot>(
      std::vector<std::byte>(live.begin(), live.begin() + static_cast<std::ptrdiff_t>(bytes))));
}

Result<void> SimulatedFile::lock(std::uint64_t at, bool exclusive) {
  NEARLINE_CHECK(disk_->step(Operation::kLock, "cannot lock", path_));
  if (exclusive && !writable_) return system_error(EBADF, "cannot lock", path_, at);
  const std::lock_guard guard(disk_->mutex);
  const bool conflict = std::ranges::any_of(inode_->locks, [&](const auto& lock) {
    return lock.at == at && lock.owner != this && (lock.exclusive || exclusive);
  });
  if (conflict) {
    auto error = system_error(EAGAIN, "locked by another user of the file", path_, at);
    error.code = Code::kBusy;
    return error;
  }
  std::erase_if(inode_->locks, [&](const auto& lock) { return lock.at == at && lock.owner == this; });
  inode_->locks.push_back({at, this, exclusive});
  return {};
}

Result<void> SimulatedFile::unlock(std::uint64_t at) {
  NEARLINE_CHECK(disk_->step(Operation::kLock, "cannot unlock", path_));
  const std::lock_guard guard(disk_->mutex);
  std::erase_if(inode_->locks, [&](const auto& lock) { return lock.at == at && lock.owner == this; });
  return {};
}

Result<bool> SimulatedFile::locked_by_other(std::uint64_t at, std::uint64_t bytes) const {
  NEARLINE_CHECK(disk_->step(Operation::kLock, "cannot ask for locks", path_));
  const std::lock_guard guard(disk_->mutex);
  return std::ranges::any_of(
      inode_->locks, [&](const auto& lock) { return lock.owner != this && lock.at >= at && lock.at - at < bytes; });
}

}  // namespace nearline::io
