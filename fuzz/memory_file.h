// SPDX-License-Identifier: Apache-2.0
/// A file in memory that has a path, for the parts that take paths: one per process, rewritten for every input.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace nearline::fuzzing {

class MemoryFile {
 public:
  /// extension: with its dot, where the reader goes by it; may be empty.
  explicit MemoryFile(const std::string& extension);
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile();

  /// Replaces the whole content.
  void write(std::span<const std::uint8_t> bytes);
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  int descriptor_ = -1;
  std::string path_;
};

}  // namespace nearline::fuzzing
