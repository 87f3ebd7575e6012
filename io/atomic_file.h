// SPDX-License-Identifier: Apache-2.0
/// A file that appears under its name whole and durable, or not at all: temporary name beside the target, fsync,
/// rename, fsync of the directory (reliability: rename alone is not durable). Where the target is a symbolic link, what
/// it leads to is made or replaced.
#pragma once

#include "io/file.h"

namespace nearline::io {

class AtomicFile {
 public:
  /// Creates the temporary file, and removes those that processes left there which died.
  /// Errors: kExists when `target` exists and not `replace`; those of create_successor.
  static Result<AtomicFile> create(FileSystem& fs, const std::filesystem::path& target, bool replace);

  AtomicFile(AtomicFile&&) noexcept;
  AtomicFile& operator=(AtomicFile&&) noexcept;
  ~AtomicFile();  ///< unpublished: removes the temporary file

  [[nodiscard]] File& file() noexcept { return *file_; }

  /// sync, rename, sync_directory. Errors: theirs; kCommitUnknown when the directory could not be synced.
  /// On failure before the rename nothing stands under the target's name that was not there before.
  Result<void> publish();

 private:
  AtomicFile() = default;
  void discard() noexcept;

  FileSystem* fs_ = nullptr;
  std::unique_ptr<File> file_;
  std::filesystem::path name_;  ///< of the file until it is published
  std::filesystem::path target_;
  bool replace_ = false;
  bool temporary_ = true;  ///< the file has the name that it was made under
};

/// An output must not take the place of what it is made from. Errors: kInvalidArgument when `output` leads to `input`,
/// whatever its name; those of FileSystem::identity, but for kNotFound.
Result<void> check_not_input(FileSystem& fs, const std::filesystem::path& output, const FileIdentity& input);

}  // namespace nearline::io
