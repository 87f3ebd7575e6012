// SPDX-License-Identifier: Apache-2.0
/// A folder for files that nobody shall find afterwards.
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
  explicit WorkFolder(std::filesystem::path path) noexcept : path_(std::move(path)) {}

  std::filesystem::path path_;  // empty once moved from
};

}  // namespace nearline::tools
