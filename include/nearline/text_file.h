// SPDX-License-Identifier: Apache-2.0
/// Writes texts that go with an index (a report, say) as safely as the index itself.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "nearline/export.h"
#include "nearline/result.h"

namespace nearline {

/// A text that appears under its name, whole and durable, when `finish` succeeds. Created before long work, it finds
/// out first whether there is a place for the result.
class NEARLINE_API TextFileWriter {
 public:
  /// Errors: kExists unless `replace`; kNotFound, kPermission, kIo.
  static Result<TextFileWriter> create(const std::filesystem::path& path, bool replace = false);
  TextFileWriter(TextFileWriter&&) noexcept;
  TextFileWriter& operator=(TextFileWriter&&) noexcept;
  ~TextFileWriter();  ///< without `finish`, nothing is left behind

  /// text: all of the file. The writer is spent afterwards.
  /// Errors: kIo, kNoSpace, kCommitUnknown; kExists when something has taken the name meanwhile.
  Result<void> finish(std::string_view text);

 private:
  class Impl;
  explicit TextFileWriter(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nearline
