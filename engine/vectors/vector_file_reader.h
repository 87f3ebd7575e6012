// SPDX-License-Identifier: Apache-2.0
/// The body of VectorFile over any file system, so that tests and fuzzers read from a simulated one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "format/vector_header.h"
#include "io/file.h"
#include "nearline/result.h"

namespace nearline::engine {

/// An open file of vectors; see nearline::VectorFile for what each member promises. Threads: reads from many.
class VectorFileReader {
 public:
  /// form: the extension to go by where that of the path names no file of vectors; or empty.
  static Result<VectorFileReader> open(io::FileSystem& fs, const std::filesystem::path& path,
                                       std::string_view form = {});
  /// Of a stream, whose rows are read once, in order.
  static Result<VectorFileReader> open_stream(std::unique_ptr<io::File> stream, std::string_view form = {});

  [[nodiscard]] const format::VectorHeader& header() const noexcept { return header_; }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return file_->path(); }
  [[nodiscard]] std::string_view conversion() const noexcept;

  Result<void> read(std::uint64_t first, std::uint64_t count, std::span<std::byte> out) const;

 private:
  VectorFileReader(std::unique_ptr<io::File> file, const format::VectorHeader& header, bool stream)
      : file_(std::move(file)), header_(header), stream_(stream) {}

  Result<void> read_rows(std::uint64_t first, std::uint64_t count, std::span<std::byte> out) const;
  Result<void> check_end() const;
  Result<void> read_prefixed(std::uint64_t first, std::uint64_t count, std::byte* out) const;
  Result<void> check_padding(std::uint64_t first, std::uint64_t count, const std::byte* rows) const;

  std::unique_ptr<io::File> file_;
  format::VectorHeader header_;
  bool stream_;
};

/// As many of a file's first bytes as headers take. Errors: those of read_input.
Result<std::vector<std::byte>> read_head(const io::File& file, std::uint64_t file_bytes);

/// Reads exactly out.size() bytes of an input file. Errors: kIo; kBadInput when the file has become shorter since it
/// was opened (for an index that would be kTruncated, for an input it is the input that is bad).
Result<void> read_input(const io::File& file, std::uint64_t at, std::span<std::byte> out);

}  // namespace nearline::engine
