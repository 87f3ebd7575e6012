// SPDX-License-Identifier: Apache-2.0
/// The body of VectorFileWriter over any file system.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "format/vector_header.h"
#include "io/atomic_file.h"
#include "nearline/result.h"
#include "nearline/types.h"

namespace nearline::engine {

/// Appends to a file through a buffer, so that small rows do not become small writes.
class BufferedAppender {
 public:
  explicit BufferedAppender(io::AtomicFile file) : file_(std::move(file)) {}

  Result<void> append(std::span<const std::byte> bytes);
  Result<void> flush();
  io::AtomicFile& file() noexcept { return file_; }
  /// Bytes that were flushed.
  [[nodiscard]] std::uint64_t written() const noexcept { return at_; }

 private:
  io::AtomicFile file_;
  std::uint64_t at_ = 0;
  std::vector<std::byte> buffer_;
};

/// See nearline::VectorFileWriter for what each member promises.
class VectorFileWriter {
 public:
  static Result<VectorFileWriter> create(io::FileSystem& fs, const std::filesystem::path& path, ElementType type,
                                         std::uint32_t dim, bool replace, std::uint64_t expected_rows = 0);
  Result<void> append(const MatrixView& vectors);
  Result<void> finish();

 private:
  VectorFileWriter(io::AtomicFile file, std::filesystem::path path, format::VectorForm form, ElementType type,
                   std::uint32_t dim)
      : out_(std::move(file)), path_(std::move(path)), form_(form), type_(type), dim_(dim) {}

  Result<void> append_rows(const MatrixView& rows);
  Result<void> reserve(std::uint64_t rows);

  BufferedAppender out_;
  std::filesystem::path path_;
  format::VectorForm form_;
  ElementType type_;  ///< as stored in the file
  std::uint32_t dim_;
  std::uint64_t rows_ = 0;
  std::uint64_t reserved_ = 0;  ///< bytes
  std::vector<std::byte> converted_;
};

}  // namespace nearline::engine
