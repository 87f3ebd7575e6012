// SPDX-License-Identifier: Apache-2.0
/// Ids as the command line gives them: a file's name, or the ids themselves.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "nearline/result.h"
#include "nearline/types.h"

namespace nearline::tools {

class IdSource {
 public:
  /// text: numbers with commas between them, or the name of a file (./1,2 for one that looks like numbers). Returns
  /// what was expected where it is neither.
  std::optional<std::string> set(const std::string& text);

  [[nodiscard]] bool given() const noexcept { return !file_.empty() || !listed_.empty(); }
  /// Empty for ids that were listed.
  [[nodiscard]] const std::filesystem::path& file() const noexcept { return file_; }
  /// For errors about the ids: the file's name, or the option's.
  [[nodiscard]] std::string name() const { return file_.empty() ? "--ids" : file_.string(); }

  /// Errors: those of read_ids. Precondition: given().
  [[nodiscard]] Result<std::vector<Id>> read() const;

 private:
  std::filesystem::path file_;
  std::vector<Id> listed_;
};

}  // namespace nearline::tools
