// SPDX-License-Identifier: Apache-2.0
/// A folder for files that nobody shall find afterwards: where its process is killed, the next one that works in the
/// same place removes it.
#pragma once

#include <filesystem>

#include "nearline/result.h"

namespace nearline::tools {

class WorkFolder {
 public:
  /// A new folder in `parent`. Errors: kNotFound, kPermission, kIo.
  static Result<WorkFolder> create(const std::filesystem::path& parent);

  WorkFolder(WorkFolder&& other) noexcept;
  WorkFolder& operator=(WorkFolder&&) = delete;
  ~WorkFolder();  ///< with all that is in it

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  WorkFolder(std::filesystem::path path, int lock) noexcept : path_(std::move(path)), lock_(lock) {}

  std::filesystem::path path_;  // empty once moved from
  int lock_;                    // descriptor of the folder, locked: one whose lock can be had is nobody's; or -1
};

}  // namespace nearline::tools
