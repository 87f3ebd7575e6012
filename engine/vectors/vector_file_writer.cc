// SPDX-License-Identifier: Apache-2.0
/// Writes rows behind a header whose count is filled in at the end.
#include "engine/vectors/vector_file_writer.h"

#include <algorithm>
#include <optional>
#include <string>

#include "engine/space/convert_rows.h"

namespace nearline::engine {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;

/// The element type of a file of this kind for vectors of `type`; none when it cannot hold them.
std::optional<ElementType> stored_type(const format::VectorKind& kind, ElementType type) {
  if (kind.type) return convertible(type, *kind.type) ? kind.type : std::nullopt;
  if (type == ElementType::kB1) return std::nullopt;             // NumPy has no bits
  return type == ElementType::kBF16 ? ElementType::kF32 : type;  // nor bf16
}

}  // namespace

Result<void> BufferedAppender::append(std::span<const std::byte> bytes) {
  if (buffer_.size() + bytes.size() > kBufferBytes) NEARLINE_CHECK(flush());
  if (bytes.size() < kBufferBytes) {
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    return {};
  }
  NEARLINE_CHECK(io::write_all(file_.file(), at_, bytes));
  at_ += bytes.size();
  return {};
}

Result<void> BufferedAppender::flush() {
  NEARLINE_CHECK(io::write_all(file_.file(), at_, buffer_));
  at_ += buffer_.size();
  buffer_.clear();
  return {};
}

Result<VectorFileWriter> VectorFileWriter::create(io::FileSystem& fs, const std::filesystem::path& path,
                                                  ElementType type, std::uint32_t dim, bool replace,
                                                  std::uint64_t expected_rows) {
  const std::string extension = path.extension().string();
  const auto kind = format::vector_kind(extension);
  if (!kind)
    return Error{Code::kInvalidArgument,
                 "extension: expected .fbin, .hbin, .u8bin, .i8bin, .bbin, .fvecs, .bvecs or .npy, found " +
                     (extension.empty() ? std::string("none") : extension),
                 path.string()};
  const auto stored = stored_type(*kind, type);
  if (!stored)
    return Error{Code::kInvalidArgument,
                 "expected an extension that can hold " + std::string(name(type)) + ", found " + extension,
                 path.string()};
  if (dim < 1 || dim > kMaxDim)
    return Error{Code::kInvalidArgument,
                 "dimension: expected 1 to " + std::to_string(kMaxDim) + ", found " + std::to_string(dim),
                 path.string()};
  NEARLINE_TRY(header, format::encode_vector_header(kind->form, *stored, 0, dim));
  NEARLINE_TRY(file, io::AtomicFile::create(fs, path, replace));
  VectorFileWriter writer(std::move(file), path, kind->form, *stored, dim);
  NEARLINE_CHECK(writer.out_.append(header));
  NEARLINE_CHECK(writer.reserve(expected_rows));
  return writer;
}

Result<void> VectorFileWriter::reserve(std::uint64_t rows) {
  const std::uint64_t row_bytes = vector_bytes(type_, dim_) + (form_ == format::VectorForm::kVecs ? sizeof dim_ : 0);
  reserved_ = rows * row_bytes;
  return out_.file().file().reserve(0, reserved_);
}

Result<void> VectorFileWriter::append(const MatrixView& vectors) {
  if (vectors.dim != dim_ || !convertible(vectors.type, type_))
    return Error{Code::kInvalidArgument,
                 "vectors: expected " + std::to_string(dim_) + " " + std::string(name(type_)) + ", found " +
                     std::to_string(vectors.dim) + " " + std::string(name(vectors.type)),
                 path_.string()};
  const std::size_t row_bytes = vector_bytes(type_, dim_);
  const std::size_t rows_at_once = std::max<std::size_t>(1, kBufferBytes / row_bytes);
  for (std::size_t first = 0; first < vectors.rows; first += rows_at_once) {
    const std::size_t now = std::min(rows_at_once, vectors.rows - first);
    NEARLINE_CHECK(append_rows({vectors.row(first), now, dim_, vectors.type}));
  }
  return {};
}

Result<void> VectorFileWriter::append_rows(const MatrixView& rows) {
  const std::size_t row_bytes = vector_bytes(type_, dim_);
  converted_.resize(rows.rows * row_bytes);
  if (const auto misfit = convert_rows(rows, type_, converted_.data()))
    return Error{Code::kBadInput,
                 "row " + std::to_string(rows_ + *misfit) + ": expected values that fit " + std::string(name(type_)) +
                     ", found one that does not",
                 path_.string()};
  const std::span<const std::byte> bytes(converted_);
  if (form_ == format::VectorForm::kVecs) {
    for (std::size_t i = 0; i < rows.rows; ++i) {
      NEARLINE_CHECK(out_.append(std::as_bytes(std::span(&dim_, 1))));
      NEARLINE_CHECK(out_.append(bytes.subspan(i * row_bytes, row_bytes)));
    }
  } else {
    NEARLINE_CHECK(out_.append(bytes));
  }
  rows_ += rows.rows;
  return {};
}

Result<void> VectorFileWriter::finish() {
  if (rows_ == 0 && form_ == format::VectorForm::kVecs)
    return Error{Code::kInvalidArgument, "rows: expected at least 1 in this form, which has no header, found 0",
                 path_.string()};
  auto header = format::encode_vector_header(form_, type_, rows_, dim_);
  if (!header) return std::move(header).error().in(path_.string());
  NEARLINE_CHECK(out_.flush());
  NEARLINE_CHECK(io::write_all(out_.file().file(), 0, *header));
  if (out_.written() < reserved_) NEARLINE_CHECK(out_.file().file().truncate(out_.written()));
  return out_.file().publish();
}

}  // namespace nearline::engine
