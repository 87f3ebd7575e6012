// SPDX-License-Identifier: Apache-2.0
#include "io/successor.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <system_error>

#include "io/file_lock.h"
#include "io/system_error.h"
#include "io/temporary_name.h"

namespace nearline::io {
namespace {

constexpr mode_t kOwnerOnly = 0600;
constexpr mode_t kByUmask = 0666;
constexpr mode_t kPermissions = 0777;
constexpr mode_t kGroup = 0070;
constexpr mode_t kOthers = 0007;
constexpr int kGroupShift = 3;
/// Far from the bytes by which indexes are locked.
constexpr std::uint64_t kLockedByte = std::uint64_t{1} << 61;

/// The file that has the name now, if there is one.
Result<std::optional<struct stat>> predecessor(const std::filesystem::path& target) {
  struct stat status {};
  if (::stat(target.c_str(), &status) != 0) return std::optional<struct stat>();  // whoever creates finds out why
  if (S_ISREG(status.st_mode)) return std::optional(status);
  return Error{.code = Code::kBadInput,
               .what = "the output is not a regular file: expected one, or a new name",
               .file = target.string()};
}

/// Where the group cannot be given, it is the file's group of this process that has no more right than all others.
bool protect_like(int descriptor, const struct stat& old) {
  mode_t mode = old.st_mode & kPermissions;
  struct stat mine {};
  if (::fstat(descriptor, &mine) != 0) return false;
  if (mine.st_uid != old.st_uid || mine.st_gid != old.st_gid) {
    const bool given = ::fchown(descriptor, old.st_uid, old.st_gid) == 0 ||
                       ::fchown(descriptor, static_cast<uid_t>(-1), old.st_gid) == 0;
    if (!given && mine.st_gid != old.st_gid) mode = (mode & ~kGroup) | (mode & ((mode & kOthers) << kGroupShift));
  }
  return ::fchmod(descriptor, mode) == 0;
}

/// False when somebody who removes what is stale was faster than the lock. Where there are no locks nobody removes.
bool keep(int descriptor, const std::filesystem::path& path) {
  const auto locked = lock_byte(descriptor, path, kLockedByte, true);
  if (!locked && locked.error().code == Code::kBusy) return false;
  struct stat status {};
  return ::fstat(descriptor, &status) != 0 || status.st_nlink > 0;
}

int open_retrying(const std::filesystem::path& path, int flags, mode_t mode) {
  int number = -1;
  do {
    number = ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, mode);
  } while (number < 0 && errno == EINTR);
  return number;
}

void remove_if_stale(const std::filesystem::path& path) {
  const Descriptor descriptor(open_retrying(path, O_RDWR, 0));
  struct stat status {};
  if (!descriptor || ::fstat(descriptor.get(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  if (lock_byte(descriptor.get(), path, kLockedByte, true)) ::unlink(path.c_str());
}

}  // namespace

Result<Descriptor> open_successor(const std::filesystem::path& path, const std::filesystem::path& target) {
  NEARLINE_TRY(old, predecessor(target));
  // Before its mode is known the file is for nobody else, so that nobody keeps it open from then.
  Descriptor descriptor(open_retrying(path, O_RDWR | O_CREAT | O_EXCL, old ? kOwnerOnly : kByUmask));
  if (!descriptor) return system_error(errno, "cannot create", target);
  if (!keep(descriptor.get(), path)) return system_error(EEXIST, "cannot create", target);
  if (!old || protect_like(descriptor.get(), *old)) return descriptor;
  const int number = errno;
  ::unlink(path.c_str());
  return system_error(number, "cannot give the mode of the file that is replaced", target);
}

void remove_stale_successors(const std::filesystem::path& directory) {
  // Not std::filesystem::directory_iterator: libstdc++'s ends the process where an allocation fails.
  const std::unique_ptr<DIR, decltype([](DIR* open) { ::closedir(open); })> folder(::opendir(directory.c_str()));
  if (!folder) return;
  while (const dirent* entry = ::readdir(folder.get())) {
    if (is_temporary_name(entry->d_name)) remove_if_stale(directory / entry->d_name);
  }
}

}  // namespace nearline::io
