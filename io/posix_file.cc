// SPDX-License-Identifier: Apache-2.0
#include "io/posix_file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "io/file_lock.h"
#include "io/mapping.h"
#include "io/system_error.h"

namespace nearline::io {
namespace {

/// Calls until a signal does not interrupt.
template <class Call>
auto without_interruption(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

/// Offsets above this do not fit off_t and could not be in a file.
constexpr std::uint64_t kMaxOffset = 0x7FFF'FFFF'FFFF'FFFF;

bool beyond_any_file(std::uint64_t at, std::uint64_t bytes) {
  return at > kMaxOffset || bytes > kMaxOffset - at;
}

/// No file may become longer. Asked before each write: the kernel would send SIGXFSZ, which ends a process that did not
/// expect it, and signals are not the library's.
std::uint64_t size_limit() {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kMaxOffset;
  return std::min<std::uint64_t>(limit.rlim_cur, kMaxOffset);
}

}  // namespace

Result<std::uint64_t> PosixFile::size() const {
  struct stat status {};
  if (::fstat(descriptor_.get(), &status) != 0) return system_error(errno, "cannot ask for the size", path_);
  return static_cast<std::uint64_t>(status.st_size);
}

Result<FileIdentity> PosixFile::identity() const {
  struct stat status {};
  if (::fstat(descriptor_.get(), &status) != 0) return system_error(errno, "cannot ask which file it is", path_);
  return FileIdentity{status.st_dev, status.st_ino};
}

Result<std::uint64_t> PosixFile::disk_bytes() const {
  struct stat status {};
  if (::fstat(descriptor_.get(), &status) != 0) return system_error(errno, "cannot ask what it takes on disk", path_);
  constexpr std::uint64_t kUnit = 512;  // of st_blocks, whatever the file system's blocks are
  return kUnit * static_cast<std::uint64_t>(status.st_blocks);
}

Result<std::size_t> PosixFile::read_some(std::uint64_t at, std::span<std::byte> out) const {
  if (beyond_any_file(at, out.size())) return std::size_t{0};
  const auto got =
      without_interruption([&] { return ::pread(descriptor_.get(), out.data(), out.size(), static_cast<off_t>(at)); });
  if (got < 0) return system_error(errno, "cannot read", path_, at);
  return static_cast<std::size_t>(got);
}

Result<std::size_t> PosixFile::write_some(std::uint64_t at, std::span<const std::byte> bytes) {
  if (bytes.empty()) return std::size_t{0};
  const std::uint64_t limit = size_limit();
  if (beyond_any_file(at, bytes.size()) || at >= limit) return system_error(EFBIG, "cannot write", path_, at);
  bytes = bytes.first(std::min<std::uint64_t>(bytes.size(), limit - at));
  const auto put = without_interruption(
      [&] { return ::pwrite(descriptor_.get(), bytes.data(), bytes.size(), static_cast<off_t>(at)); });
  if (put < 0) return system_error(errno, "cannot write", path_, at);
  if (put == 0) return system_error(ENOSPC, "the system wrote nothing", path_, at);
  return static_cast<std::size_t>(put);
}

Result<void> PosixFile::allocate(std::uint64_t at, std::uint64_t bytes) {
  NEARLINE_TRY(supported, try_to_reserve(at, bytes));
  return supported ? Result<void>{} : fill_with_zeros(at, bytes);
}

Result<void> PosixFile::reserve(std::uint64_t at, std::uint64_t bytes) {
  NEARLINE_TRY(supported, try_to_reserve(at, bytes));
  static_cast<void>(supported);
  return {};
}

/// Returns whether the file system can.
Result<bool> PosixFile::try_to_reserve(std::uint64_t at, std::uint64_t bytes) {
  if (bytes == 0) return true;
  if (beyond_any_file(at, bytes) || at + bytes > size_limit())
    return system_error(EFBIG, "cannot reserve space", path_, at);
  const int failed = without_interruption(
      [&] { return ::fallocate(descriptor_.get(), 0, static_cast<off_t>(at), static_cast<off_t>(bytes)); });
  if (failed == 0) return true;
  if (errno == EOPNOTSUPP || errno == ENOSYS) return false;
  return system_error(errno, "cannot reserve space", path_, at);
}

/// Takes real space where fallocate is missing. What the file holds already is left alone.
Result<void> PosixFile::fill_with_zeros(std::uint64_t at, std::uint64_t bytes) {
  NEARLINE_TRY(end, size());
  const std::uint64_t target = at + bytes;
  const std::vector<std::byte> zeros(std::min<std::uint64_t>(bytes, 1 << 20));
  for (at = std::max(at, end); at < target;) {
    const std::size_t step = std::min<std::uint64_t>(zeros.size(), target - at);
    NEARLINE_CHECK(write_all(*this, at, std::span(zeros).first(step)));
    at += step;
  }
  return {};
}

Result<void> PosixFile::punch(std::uint64_t at, std::uint64_t bytes) {
  const int failed = without_interruption([&] {
    return ::fallocate(descriptor_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(at),
                       static_cast<off_t>(bytes));
  });
  if (failed == 0 || errno == EOPNOTSUPP || errno == ENOSYS) return {};
  return system_error(errno, "cannot give space back", path_, at);
}

Result<void> PosixFile::truncate(std::uint64_t bytes) {
  NEARLINE_TRY(now, size());
  if (bytes > now && bytes > size_limit()) return system_error(EFBIG, "cannot set the size", path_, bytes);
  const int failed = without_interruption([&] { return ::ftruncate(descriptor_.get(), static_cast<off_t>(bytes)); });
  if (failed != 0) return system_error(errno, "cannot set the size", path_, bytes);
  return {};
}

Result<void> PosixFile::sync() {
  // Never retried: after a failure Linux forgets what it could not write, and a second call would report success.
  if (::fdatasync(descriptor_.get()) != 0) return system_error(errno, "cannot flush to the disk", path_);
  return {};
}

void PosixFile::will_need(std::uint64_t at, std::uint64_t bytes) const noexcept {
  ::posix_fadvise(descriptor_.get(), static_cast<off_t>(at), static_cast<off_t>(bytes), POSIX_FADV_WILLNEED);
}

void PosixFile::start_flush(std::uint64_t at, std::uint64_t bytes) const noexcept {
  // Without the flags that wait: these would take an error that the next fdatasync is to report.
  ::sync_file_range(descriptor_.get(), static_cast<off_t>(at), static_cast<off_t>(bytes), SYNC_FILE_RANGE_WRITE);
}

Result<std::unique_ptr<Mapping>> PosixFile::map(std::uint64_t bytes, Access access) const {
  NEARLINE_TRY(end, size());
  if (bytes > end) {
    return Error{
        .code = Code::kTruncated,
        .what = "cannot map into memory: expected " + std::to_string(bytes) + " bytes, found " + std::to_string(end),
        .file = path_.string(),
        .at = end};
  }
  return map_descriptor(descriptor_.get(), path_, bytes, access);
}

Result<void> PosixFile::lock(std::uint64_t at, bool exclusive) {
  return lock_byte(descriptor_.get(), path_, at, exclusive);
}

Result<void> PosixFile::unlock(std::uint64_t at) {
  return unlock_byte(descriptor_.get(), path_, at);
}

Result<bool> PosixFile::locked_by_other(std::uint64_t at, std::uint64_t bytes) const {
  return io::locked_by_other(descriptor_.get(), path_, at, bytes);
}

}  // namespace nearline::io
