// SPDX-License-Identifier: Apache-2.0
#include "io/symbolic_link.h"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "io/system_error.h"

namespace nearline::io {
namespace {

constexpr const char* kWhat = "cannot follow the symbolic link";
constexpr int kMostLinks = 40;  // as the kernel has it

bool is_link(const std::filesystem::path& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
}

}  // namespace

Result<std::filesystem::path> target_of_link(const std::filesystem::path& path) {
  if (!is_link(path)) return path;
  // The kernel goes first: it refuses links that somebody may have laid as a trap (fs.protected_symlinks).
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 && errno != ENOENT) return system_error(errno, kWhat, path);
  std::filesystem::path target = path;
  for (int links = 0; is_link(target); ++links) {
    if (links == kMostLinks) return system_error(ELOOP, kWhat, path);
    std::error_code error;
    const std::filesystem::path next = std::filesystem::read_symlink(target, error);
    if (error) return system_error(error.value(), kWhat, path);
    target = target.parent_path() / next;  // `next` alone where it is absolute
  }
  return target;
}

}  // namespace nearline::io
