// SPDX-License-Identifier: Apache-2.0
/// Reads rows by a header that was checked against the file's length.
#include "engine/vectors/vector_file_reader.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <string>
#include <vector>

#include "engine/vectors/converted_rows.h"
#include "format/neighbor_header.h"

namespace nearline::engine {
namespace {

constexpr std::uint64_t kChunkBytes = 1 << 20;  // of rows with prefixes, read at once

/// What the path's extension says, or else the form.
Result<format::VectorKind> kind_of(const std::filesystem::path& path, std::string_view form) {
  const std::string own = path.extension().string();
  if (const auto kind = format::vector_kind(own)) return *kind;
  const std::string extension = form.empty() ? own : std::string(form);
  if (const auto kind = format::vector_kind(extension)) return *kind;
  if (format::neighbor_form(extension) == format::NeighborForm::kIvecs)
    return Error{Code::kInvalidArgument, "an .ivecs file holds ids: expected a file of vectors", path.string()};
  return Error{Code::kInvalidArgument,
               "extension: expected .fbin, .hbin, .u8bin, .i8bin, .bbin, .fvecs, .bvecs or .npy, found " +
                   (extension.empty() ? std::string("none") : extension),
               path.string()};
}

}  // namespace

Result<void> read_input(const io::File& file, std::uint64_t at, std::span<std::byte> out) {
  auto done = io::read_exact(file, at, out);
  if (done || done.error().code != Code::kTruncated) return done;
  return Error{Code::kBadInput, "ended while it was read: expected more bytes", file.path().string(), done.error().at,
               0};
}

Result<std::vector<std::byte>> read_head(const io::File& file, std::uint64_t file_bytes) {
  std::vector<std::byte> head(
      static_cast<std::size_t>(std::min<std::uint64_t>(file_bytes, format::kMaxVectorHeaderBytes)));
  NEARLINE_CHECK(read_input(file, 0, head));
  return head;
}

Result<VectorFileReader> VectorFileReader::open(io::FileSystem& fs, const std::filesystem::path& path,
                                                std::string_view form) {
  NEARLINE_TRY(kind, kind_of(path, form));
  NEARLINE_TRY(file, fs.open_read(path));
  NEARLINE_TRY(file_bytes, file->size());
  NEARLINE_TRY(head, read_head(*file, file_bytes));
  auto header = format::decode_vector_header(kind, head, file_bytes);
  if (!header) return std::move(header).error().in(path.string());
  return VectorFileReader(std::move(file), *header, false);
}

Result<VectorFileReader> VectorFileReader::open_stream(std::unique_ptr<io::File> stream, std::string_view form) {
  NEARLINE_TRY(kind, kind_of(stream->path(), form));
  std::vector<std::byte> head(format::kMaxVectorHeaderBytes);
  std::size_t known = 0;
  for (bool ended = false; !ended && known < head.size();) {
    NEARLINE_TRY(got, stream->read_some(known, std::span(head).subspan(known)));
    known += got;
    ended = got == 0;
  }
  head.resize(known);
  auto header = format::decode_stream_header(kind, head);
  if (!header) return std::move(header).error().in(stream->path().string());
  VectorFileReader reader(std::move(stream), *header, true);
  if (header->rows == 0) NEARLINE_CHECK(reader.check_end());
  return reader;
}

std::string_view VectorFileReader::conversion() const noexcept {
  if (header_.doubles && header_.columns) return "float64 in Fortran order, read as rows of f32";
  if (header_.doubles) return "float64, read as f32";
  return header_.columns ? "Fortran order, read as rows" : "";
}

Result<void> VectorFileReader::read(std::uint64_t first, std::uint64_t count, std::span<std::byte> out) const {
  NEARLINE_CHECK(read_rows(first, count, out));
  return stream_ && count > 0 && first + count == header_.rows ? check_end() : Result<void>();
}

/// A stream must end where its rows do.
Result<void> VectorFileReader::check_end() const {
  std::byte more{};
  NEARLINE_TRY(got, file_->read_some(header_.row_at(header_.rows), std::span(&more, 1)));
  if (got == 0) return {};
  return Error{Code::kBadInput, "expected the end of the stream behind its last row, found more", path().string(),
               header_.row_at(header_.rows), 0};
}

Result<void> VectorFileReader::read_rows(std::uint64_t first, std::uint64_t count, std::span<std::byte> out) const {
  const std::uint64_t row_bytes = vector_bytes(header_.type, header_.dim);
  assert(first <= header_.rows && count <= header_.rows - first && out.size() == count * row_bytes);
  if (header_.row_prefix > 0) return read_prefixed(first, count, out.data());
  if (header_.doubles || header_.columns) return read_converted(*file_, header_, first, count, out.data());
  NEARLINE_CHECK(read_input(*file_, header_.row_at(first), out.first(count * row_bytes)));
  return check_padding(first, count, out.data());
}

Result<void> VectorFileReader::read_prefixed(std::uint64_t first, std::uint64_t count, std::byte* out) const {
  const std::uint64_t stride = header_.stride();
  const std::uint64_t rows_at_once = std::max<std::uint64_t>(1, kChunkBytes / stride);
  std::vector<std::byte> chunk(static_cast<std::size_t>(std::min(count, rows_at_once) * stride));
  for (std::uint64_t done = 0; done < count;) {
    const std::uint64_t now = std::min(count - done, rows_at_once);
    NEARLINE_CHECK(read_input(*file_, header_.row_at(first + done), std::span(chunk).first(now * stride)));
    for (std::uint64_t i = 0; i < now; ++i, ++done) {
      const std::byte* row = chunk.data() + i * stride;
      std::uint32_t dim;
      std::memcpy(&dim, row, sizeof dim);
      if (dim != header_.dim)
        return Error{Code::kBadInput,
                     "dimension of row " + std::to_string(first + done) + ": expected " + std::to_string(header_.dim) +
                         " as in row 0, found " + std::to_string(dim),
                     path().string(), header_.row_at(first + done), 0};
      std::memcpy(out + done * (stride - header_.row_prefix), row + header_.row_prefix, stride - header_.row_prefix);
    }
  }
  return {};
}

/// Bits behind a row's last component must be zero: they would count as differences.
Result<void> VectorFileReader::check_padding(std::uint64_t first, std::uint64_t count, const std::byte* rows) const {
  if (header_.type != ElementType::kB1 || header_.dim % 8 == 0) return {};
  const std::size_t row_bytes = vector_bytes(header_.type, header_.dim);
  const std::byte padding = std::byte{0xFF} << (header_.dim % 8);
  for (std::uint64_t i = 0; i < count; ++i) {
    if ((rows[(i + 1) * row_bytes - 1] & padding) == std::byte{0}) continue;
    return Error{Code::kBadInput, "row " + std::to_string(first + i) + ": expected zero bits behind the last component",
                 path().string(), header_.row_at(first + i) + row_bytes - 1, 0};
  }
  return {};
}

}  // namespace nearline::engine
