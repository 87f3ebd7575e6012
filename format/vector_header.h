// SPDX-License-Identifier: Apache-2.0
/// Headers of the exchange formats that vectors, neighbour tables and ids come in, as pure functions of bytes.
/// Decoding is validation: a header that exists describes exactly the file's length, so whoever reads rows by it stays
/// inside the file. Nothing here is part of nearline's own format.
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

  [[nodiscard]] std::uint64_t stride() const noexcept { return row_prefix + vector_bytes(type, dim); }
  [[nodiscard]] std::uint64_t row_at(std::uint64_t row) const noexcept { return data_at + row * stride(); }
};

/// As many of a file's first bytes as any header takes.
inline constexpr std::size_t kMaxVectorHeaderBytes = 12 + 65'536;

/// head: the file's first min(file_bytes, kMaxVectorHeaderBytes) bytes.
/// Errors: kBadInput when the header is malformed, names a dimension of 0 or above kMaxDim or an element type that
/// nearline does not have, or describes another length than `file_bytes`.
Result<VectorHeader> decode_vector_header(const VectorKind& kind, std::span<const std::byte> head,
                                          std::uint64_t file_bytes);

/// The bytes before the first row; their number does not depend on `rows`. Empty for the vecs forms.
/// Errors: kInvalidArgument for more rows than the form can count.
Result<std::vector<std::byte>> encode_vector_header(VectorForm form, ElementType type, std::uint64_t rows,
                                                    std::uint32_t dim);

/// NumPy format 1.0 to 3.0: the part of decode_vector_header for .npy.
Result<VectorHeader> decode_npy_header(std::span<const std::byte> head);
std::vector<std::byte> encode_npy_header(ElementType type, std::uint64_t rows, std::uint32_t dim);

enum class NeighborForm : std::uint8_t {
  kIbin,    ///< u32 queries, u32 k, u32 ids, f32 distances (the big-ann form)
  kIbin64,  ///< the same with u64 ids
  kIvecs,   ///< each row: u32 k, i32 ids
};

std::optional<NeighborForm> neighbor_form(std::string_view extension) noexcept;

/// Where the parts of a neighbour table lie.
struct NeighborHeader {
  std::uint64_t queries = 0;
  std::uint32_t k = 0;
  std::uint32_t id_bytes = 4;
  std::uint64_t ids_at = 0;        ///< offset of the first row of ids, its prefix included
  std::uint32_t row_prefix = 0;    ///< bytes before each row of ids
  std::uint64_t distances_at = 0;  ///< 0 when the file has none
};

/// head: at least the file's first 8 bytes, if it has them. The distances may be missing as a whole.
/// Errors: kBadInput as for vectors.
Result<NeighborHeader> decode_neighbor_header(NeighborForm form, std::span<const std::byte> head,
                                              std::uint64_t file_bytes);

/// `.u64bin`: u32 count, u32 1, u64 values. Returns the count. Errors: kBadInput.
inline constexpr std::uint64_t kIdsAt = 8;
Result<std::uint64_t> decode_id_header(std::span<const std::byte> head, std::uint64_t file_bytes);

}  // namespace nearline::format
