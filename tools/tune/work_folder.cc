// SPDX-License-Identifier: Apache-2.0
#include "tools/tune/work_folder.h"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

namespace nearline::tools {

Result<WorkFolder> WorkFolder::create(const std::filesystem::path& parent) {
  std::string name = (parent.empty() ? std::filesystem::path(".") : parent) / "nearline-tune-XXXXXX";
  if (::mkdtemp(name.data()) != nullptr) return WorkFolder(name);
  const int found = errno;
  const Code code = found == ENOENT || found == ENOTDIR ? Code::kNotFound
                    : found == EACCES || found == EROFS ? Code::kPermission
                                                        : Code::kIo;
  return Error{.code = code,
               .what = "cannot make a folder to work in: " + std::generic_category().message(found),
               .file = parent.string()};
}

WorkFolder::WorkFolder(WorkFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}

WorkFolder::~WorkFolder() {
  std::error_code ignored;  // a destructor has nobody to tell
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace nearline::tools
