// SPDX-License-Identifier: Apache-2.0
#include "io/temporary_name.h"

#include <atomic>
#include <string>

#include "io/process.h"

namespace nearline::io {

Result<std::unique_ptr<File>> create_temporary(FileSystem& fs, const std::filesystem::path& directory) {
  static std::atomic<std::uint64_t> next_number{0};
  // A name can only be taken by what a killed process of the same number left, or by somebody in our way: a guess that
  // comes true does no harm (the name is created exclusively), but trying for ever would.
  constexpr int kMaxTries = 1000;
  for (int left = kMaxTries;; --left) {
    const auto name = ".nearline-" + std::to_string(process_id()) + "-" + std::to_string(next_number++) + ".tmp";
    auto file = fs.create_new(directory / name);
    if (file || file.error().code != Code::kExists || left == 0) return file;
  }
}

std::filesystem::path directory_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : ".";
}

}  // namespace nearline::io
