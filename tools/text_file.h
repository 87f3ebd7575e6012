// SPDX-License-Identifier: Apache-2.0
/// Texts that the tool makes beside an index (a report, say), as safe as the index itself.
#pragma once

#include <filesystem>
#include <string_view>

#include "io/atomic_file.h"
#include "nearline/result.h"

namespace nearline::tools {

/// A text that appears under its name, whole and durable, when `finish` succeeds. Created before long work, it finds
/// out first whether there is a place for the result.
class TextFile {
 public:
  /// Errors: kExists unless `replace`; kNotFound, kPermission, kIo.
  static Result<TextFile> create(const std::filesystem::path& path, bool replace);

  /// text: all of the file. Errors: kIo, kNoSpace, kCommitUnknown; kExists when something has taken the name meanwhile.
  Result<void> finish(std::string_view text);

 private:
  explicit TextFile(io::AtomicFile file) : file_(std::move(file)) {}

  io::AtomicFile file_;
};

}  // namespace nearline::tools
