// SPDX-License-Identifier: Apache-2.0
/// Headers of the exchange formats that vectors come in, as pure functions of bytes. Decoding is validation: a header
/// that exists describes exactly the file's length, so whoever reads rows by it stays inside the file. Nothing here is
/// part of nearline's own format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "nearline/result.h"
#include "nearline/types.h"

namespace nearline::format {

enum class VectorForm : std::uint8_t {
  kBin,   ///< u32 rows, u32 dim, rows
  kVecs,  ///< each row: u32 dim, components
  kNpy,   ///< NumPy's own header
};

/// What a file's extension says of it.
struct VectorKind {
  VectorForm form = VectorForm::kBin;
  std::optional<ElementType> type;  ///< none for .npy: the header says
};

/// extension: with its dot, ".fbin". None for one that does not name a form of vectors.
std::optional<VectorKind> vector_kind(std::string_view extension) noexcept;

/// Where the rows of a file lie.
struct VectorHeader {
  std::uint64_t rows = 0;
  std::uint32_t dim = 0;
  ElementType type = ElementType::kF32;
  std::uint64_t data_at = 0;     ///< offset of the first row, its prefix included
  std::uint32_t row_prefix = 0;  ///< bytes before each row's components: 4 in the vecs forms, else 0
  bool doubles = false;          ///< components stand there as f64; `type` is f32, which they are read as
  bool columns = false;          ///< Fortran order: one component of all rows after the other

  [[nodiscard]] std::uint64_t stride() const noexcept {
    return row_prefix + (doubles ? std::uint64_t{dim} * sizeof(double) : vector_bytes(type, dim));
  }
  /// Where a row starts; with `columns` only where all of them start and end.
  [[nodiscard]] std::uint64_t row_at(std::uint64_t row) const noexcept { return data_at + row * stride(); }
};

/// As many of a file's first bytes as any header takes.
inline constexpr std::size_t kMaxVectorHeaderBytes = 12 + 65'536;

/// head: the file's first min(file_bytes, kMaxVectorHeaderBytes) bytes.
/// Errors: kBadInput when the header is malformed, names a dimension of 0 or above kMaxDim or an element type that
/// nearline does not have, or describes another length than `file_bytes`.
Result<VectorHeader> decode_vector_header(const VectorKind& kind, std::span<const std::byte> head,
                                          std::uint64_t file_bytes);

/// The same for a stream, whose length nobody knows: where its rows should end is row_at(rows).
/// Errors: also kBadInput for a form that does not count its rows, or has them by columns.
Result<VectorHeader> decode_stream_header(const VectorKind& kind, std::span<const std::byte> head);

/// The bytes before the first row; their number does not depend on `rows`. Empty for the vecs forms.
/// Errors: kInvalidArgument for more rows than the form can count.
Result<std::vector<std::byte>> encode_vector_header(VectorForm form, ElementType type, std::uint64_t rows,
                                                    std::uint32_t dim);

}  // namespace nearline::format
