// SPDX-License-Identifier: Apache-2.0
/// Codes the records of a segment while their pages are written, and puts the codes into a section of their own
/// afterwards. They wait in a file without a name, so that they take no memory.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/codes/code_encoder.h"
#include "engine/file/index_file_writer.h"
#include "engine/make/spill.h"
#include "io/file.h"
#include "nearline/builder.h"

namespace nearline::engine {

/// A code book from an evenly spaced sample of what was taken in; none when nothing varies.
/// memory_bytes: bound on the sample. Errors: those of the spill.
Result<std::optional<format::CodeBook>> train_on(Spill& spill, const Schema& schema, std::uint32_t code_bytes,
                                                 std::uint64_t memory_bytes, std::uint32_t threads);

/// Records [first, last) of what was taken in.
struct RowRange {
  std::uint64_t first = 0, last = 0;
};

/// Whether the book tells the records that it does not know apart, as it does those that it knows: hardly more of a
/// sample of them are coded badly. memory_bytes: bound on the samples. Errors: those of the spill.
Result<bool> book_fits(const format::CodeBook& book, Spill& spill, const Schema& schema, RowRange known,
                       std::uint64_t memory_bytes);

/// Bytes that finding the axes allocates besides the sample.
std::uint64_t axes_bytes(std::uint32_t dim) noexcept;

/// Peak bytes of train_on.
std::uint64_t training_bytes(std::uint64_t count, std::uint32_t dim, std::uint32_t code_bytes,
                             std::uint64_t memory_bytes) noexcept;

/// Bytes that a code book and its CodeWriter hold while the build goes on.
std::uint64_t coding_bytes(std::uint32_t dim, std::uint32_t code_bytes) noexcept;

class CodeWriter {
 public:
  /// Borrows the book. file: without a name.
  CodeWriter(const format::CodeBook& book, const Schema& schema, std::uint32_t threads, std::unique_ptr<io::File> file);

  /// The next record by final ordinal. scale: as stored with it, 1 / |x| under cosine. code: what it was coded to by
  /// the same book; empty where it is not coded yet.
  Result<void> add(const std::byte* vector, float scale, std::span<const std::byte> code);

  /// All codes so far are in the file, one behind the other.
  Result<void> flush();
  [[nodiscard]] const io::File& file() const noexcept { return *file_; }

  /// Writes the sections of codes and of their book, and gives its memory back. Precondition: every record was added.
  Result<void> finish(IndexFileWriter& writer);
  /// As finish, with the codes of these records alone.
  Result<void> finish(IndexFileWriter& writer, std::span<const std::uint32_t> ordinals);

 private:
  [[nodiscard]] std::byte* code_at(std::size_t place) noexcept { return codes_.data() + place * book_.code_bytes(); }
  Result<void> begin(IndexFileWriter& writer, std::uint64_t count);
  Result<void> end(IndexFileWriter& writer) const;

  const format::CodeBook& book_;
  Schema schema_;
  std::uint32_t threads_;
  CodeEncoder encoder_;
  std::unique_ptr<io::File> file_;
  std::size_t batch_rows_;
  std::vector<float> rows_;            ///< waiting to be coded
  std::vector<std::uint32_t> row_at_;  ///< their places in the batch
  std::vector<std::byte> codes_;       ///< of one batch
  std::size_t waiting_ = 0;            ///< records of the batch, the others have codes
  std::uint64_t written_ = 0;          ///< codes in the file
};

}  // namespace nearline::engine
