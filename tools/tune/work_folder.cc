// SPDX-License-Identifier: Apache-2.0
#include "tools/tune/work_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace nearline::tools {
namespace {

constexpr std::string_view kPrefix = ".nearline-tune.tmp-";

/// The folder's descriptor, or -1 where somebody else holds it.
int locked(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0 || ::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
  ::close(descriptor);
  return -1;
}

/// A folder that is made at this moment and not yet locked is younger than this.
constexpr auto kNew = std::chrono::minutes(1);

void remove_stale(const std::filesystem::path& place) {
  std::error_code error;
  const auto now = std::filesystem::file_time_type::clock::now();
  for (std::filesystem::directory_iterator entry(place, error), end; !error && entry != end; entry.increment(error)) {
    if (!entry->path().filename().native().starts_with(kPrefix)) continue;
    std::error_code ignored;
    if (now - std::filesystem::last_write_time(entry->path(), ignored) < kNew || ignored) continue;
    const int descriptor = locked(entry->path());
    if (descriptor < 0) continue;
    std::filesystem::remove_all(entry->path(), ignored);
    ::close(descriptor);
  }
}

}  // namespace

Result<WorkFolder> WorkFolder::create(const std::filesystem::path& parent) {
  const std::filesystem::path place = parent.empty() ? std::filesystem::path(".") : parent;
  remove_stale(place);
  std::string name = place / (std::string(kPrefix) + "XXXXXX");
  if (::mkdtemp(name.data()) != nullptr) return WorkFolder(name, locked(name));
  const int found = errno;
  const Code code = found == ENOENT || found == ENOTDIR ? Code::kNotFound
                    : found == EACCES || found == EROFS ? Code::kPermission
                                                        : Code::kIo;
  return Error{.code = code,
               .what = "cannot make a folder to work in: " + std::generic_category().message(found),
               .file = parent.string()};
}

WorkFolder::WorkFolder(WorkFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})), lock_(std::exchange(other.lock_, -1)) {}

WorkFolder::~WorkFolder() {
  std::error_code ignored;  // a destructor has nobody to tell
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  if (lock_ >= 0) ::close(lock_);
}

}  // namespace nearline::tools
