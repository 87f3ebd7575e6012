// SPDX-License-Identifier: Apache-2.0
#include "io/file_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "io/system_error.h"

namespace nearline::io {
namespace {

struct flock range(int type, std::uint64_t at, std::uint64_t bytes) {
  struct flock lock {};  // l_pid must be 0 for open-file-description locks
  lock.l_type = static_cast<short>(type);
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(at);
  lock.l_len = static_cast<off_t>(bytes);
  return lock;
}

int control(int descriptor, int command, struct flock& lock) {
  int result = 0;
  do {
    result = ::fcntl(descriptor, command, &lock);
  } while (result < 0 && errno == EINTR);
  return result;
}

}  // namespace

Result<void> lock_byte(int descriptor, const std::filesystem::path& path, std::uint64_t at, bool exclusive) {
  auto lock = range(exclusive ? F_WRLCK : F_RDLCK, at, 1);
  if (control(descriptor, F_OFD_SETLK, lock) == 0) return {};
  const int number = errno;
  auto error = system_error(number, "cannot lock", path, at);
  if (number == EAGAIN || number == EACCES) {
    error.code = Code::kBusy;
    error.what = "locked by another user of the file";
  }
  return error;
}

Result<void> unlock_byte(int descriptor, const std::filesystem::path& path, std::uint64_t at) {
  auto lock = range(F_UNLCK, at, 1);
  if (control(descriptor, F_OFD_SETLK, lock) == 0) return {};
  return system_error(errno, "cannot unlock", path, at);
}

Result<bool> locked_by_other(int descriptor, const std::filesystem::path& path, std::uint64_t at, std::uint64_t bytes) {
  auto lock = range(F_WRLCK, at, bytes);  // an exclusive lock conflicts with every other lock
  if (control(descriptor, F_OFD_GETLK, lock) == 0) return lock.l_type != F_UNLCK;
  return system_error(errno, "cannot ask for locks", path, at);
}

}  // namespace nearline::io
