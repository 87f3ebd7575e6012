// SPDX-License-Identifier: Apache-2.0
/// Reads and writes files of vectors in the field's exchange formats. The extension names the format:
///   .fbin .hbin .u8bin .i8bin .bbin   u32 count, u32 dim, rows (f32, f16, u8, i8, bits), little-endian
///   .fvecs .bvecs                     each row: u32 dim, then dim f32, u8
///   .npy                              NumPy 1.0 to 3.0, f4 f2 u1 i1; two dimensions, or one: a single vector; read and
///                                     not written: f8, rounded to f32, and Fortran order
/// Nothing is trusted: counts are checked against the file's length, to the byte, before anything is allocated. A file
/// of no rows is legal where a header can say so.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "nearline/export.h"
#include "nearline/result.h"
#include "nearline/types.h"

namespace nearline {

/// An open file of vectors. Threads: `read` may be called from many, unless it is a stream.
class NEARLINE_API VectorFile {
 public:
  /// path: a file; or a stream (a pipe, /dev/stdin) of a form with a header, whose rows can be read once, front to
  /// back. form: the extension to go by where the name is none of a file of vectors: ".fbin"; empty where there is no
  /// need. Errors: kNotFound, kPermission, kIo; kInvalidArgument for an unknown extension; kBadInput (offset in
  /// Error::at) when the header and the file's length do not agree, or the dimension is 0 or above kMaxDim.
  static Result<VectorFile> open(const std::filesystem::path& path, std::string_view form = {});

  VectorFile(VectorFile&&) noexcept;
  VectorFile& operator=(VectorFile&&) noexcept;
  ~VectorFile();

  [[nodiscard]] const std::filesystem::path& path() const noexcept;
  [[nodiscard]] std::uint64_t rows() const noexcept;
  [[nodiscard]] std::uint32_t dim() const noexcept;
  [[nodiscard]] ElementType type() const noexcept;
  /// What `read` does to a file whose values are not stored as it gives them, for people: "float64, read as f32"; empty
  /// for all others. Rows of a file in Fortran order take a read for each component: ask for many at once.
  [[nodiscard]] std::string_view conversion() const noexcept;

  /// Copies rows [first, first + count) to `out`, which holds count * vector_bytes(type(), dim()) bytes.
  /// Precondition: the range is inside rows().  Errors: kIo; kBadInput when a row's own
  /// header disagrees, padding bits are set, a float64 is finite and beyond f32, the file has become shorter, or a
  /// stream ends before its last row or goes on behind it; kInvalidArgument for rows of a stream that were read before.
  Result<void> read(std::uint64_t first, std::uint64_t count, std::span<std::byte> out) const;

  /// All rows at once. Errors: as read; kNoMemory.
  Result<std::vector<std::byte>> read_all() const;

 private:
  class Impl;
  explicit VectorFile(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

/// Writes a file of vectors row by row; it appears under its name, whole and durable, when `finish` succeeds. The
/// extension names the form and the element type of the file (.npy keeps that of the vectors; bf16 becomes f32).
/// Values change type where they keep their meaning: any float type to any other, rounded to nearest; integers to
/// floats; between other types only what fits exactly.
class NEARLINE_API VectorFileWriter {
 public:
  /// type: of the vectors that will come. expected_rows: how many will, if it is known: a disk that has no room for
  /// them is found at once.
  /// Errors: kInvalidArgument for an unknown extension, or bits where it holds numbers or the reverse; kExists unless
  /// `replace`; kIo, kNoSpace, kPermission.
  static Result<VectorFileWriter> create(const std::filesystem::path& path, ElementType type, std::uint32_t dim,
                                         bool replace = false, std::uint64_t expected_rows = 0);
  VectorFileWriter(VectorFileWriter&&) noexcept;
  VectorFileWriter& operator=(VectorFileWriter&&) noexcept;
  ~VectorFileWriter();  ///< without `finish`, nothing is left behind

  /// vectors: of the file's dimension.
  /// Errors: kInvalidArgument; kBadInput naming the first row with a value that does not fit; kIo, kNoSpace.
  Result<void> append(const MatrixView& vectors);

  /// Errors: kInvalidArgument for more rows than the form counts, or none in a form without a header (.fvecs, .bvecs);
  /// kIo, kNoSpace, kCommitUnknown.
  Result<void> finish();

 private:
  class Impl;
  explicit VectorFileWriter(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

/// Exact or found neighbours of a set of queries. `.ibin`: u32 queries, u32 k, u32 ids[queries x k],
/// f32 distances[queries x k] (the big-ann form; files without the distances are read too); `.ibin64` has u64 ids;
/// `.ivecs` has rows of u32 k and i32 ids, and no distances; `.npy` is an array [queries x k] of ids, no distances
/// (read: i4 u4 i8 u8; written: u8). Padding of short rows is kNoId here, all ones (-1) in the file. Some published
/// truth files hold inner products, largest first, where others hold distances: they are not touched.
struct NeighborTable {
  std::uint64_t queries = 0;
  std::uint32_t k = 0;
  std::vector<Id> ids;           ///< [queries x k]
  std::vector<float> distances;  ///< [queries x k]; empty when the file has none
};

/// Errors: kNotFound, kPermission, kIo, kInvalidArgument (extension), kBadInput.
NEARLINE_API Result<NeighborTable> read_neighbors(const std::filesystem::path& path);

/// Atomic and durable. `.ivecs` and `.npy` leave the distances out.
/// Errors: kInvalidArgument when an id does not fit the form; kExists unless `replace`; kIo, kNoSpace.
NEARLINE_API Result<void> write_neighbors(const std::filesystem::path& path, const NeighborTable& table,
                                          bool replace = false);

/// Reads ids: `.u64bin` (u32 count, u32 1, u64 values), `.npy` (one dimension; read: i4 u4 i8 u8, written: u8) or,
/// under any other extension, text with one number a line, which may come from a stream. Errors: kNotFound,
/// kPermission, kIo; kBadInput naming the line or the byte.
NEARLINE_API Result<std::vector<Id>> read_ids(const std::filesystem::path& path);

/// The reverse, by the same extensions. Atomic and durable. Errors: kExists unless `replace`; kIo, kNoSpace.
NEARLINE_API Result<void> write_ids(const std::filesystem::path& path, std::span<const Id> ids, bool replace = false);

/// Copies a file of vectors into another form, streaming; VectorFileWriter says how values change type.
/// Returns the number of rows. Errors: as VectorFile and VectorFileWriter; kInvalidArgument when `out` is `in`;
/// kCancelled.
NEARLINE_API Result<std::uint64_t> convert_vectors(const VectorFile& in, const std::filesystem::path& out,
                                                   bool replace = false, const ProgressFn& progress = {});

}  // namespace nearline
