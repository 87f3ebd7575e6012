// SPDX-License-Identifier: Apache-2.0
/// A file that appears under its name whole and durable, or not at all: temporary name beside the target, fsync,
/// rename, fsync of the directory (reliability: rename alone is not durable).
#pragma once

#include "io/file.h"

namespace nearline::io {

class AtomicFile {
 public:
  /// Creates the temporary file. Errors: kExists when `target` exists and not `replace`; those of create_new.
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
  std::filesystem::path target_;
  bool replace_ = false;
  bool temporary_ = true;  ///< the file has the name that it was made under
};

}  // namespace nearline::io
