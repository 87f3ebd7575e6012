// SPDX-License-Identifier: Apache-2.0
/// Headers of the exchange formats that neighbour tables and lists of ids come in, as pure functions of bytes. As with
/// vectors, a header that exists describes exactly the file's length.
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

enum class NeighborForm : std::uint8_t {
  kIbin,    ///< u32 queries, u32 k, u32 ids, f32 distances (the big-ann form)
  kIbin64,  ///< the same with u64 ids
  kIvecs,   ///< each row: u32 k, i32 ids
  kNpy,     ///< NumPy's own header, queries x k integers
};

std::optional<NeighborForm> neighbor_form(std::string_view extension) noexcept;

/// Where the parts of a neighbour table lie.
struct NeighborHeader {
  std::uint64_t queries = 0;
  std::uint32_t k = 0;
  std::uint32_t id_bytes = 4;
  bool has_sign = false;           ///< ids below -1, which is padding, are bad
  std::uint64_t ids_at = 0;        ///< offset of the first row of ids, its prefix included
  std::uint32_t row_prefix = 0;    ///< bytes before each row of ids
  std::uint64_t distances_at = 0;  ///< 0 when the file has none
};

/// head: the file's first min(file_bytes, kMaxVectorHeaderBytes) bytes (format/vector_header.h). The distances may be
/// missing as a whole. Errors: kBadInput as for vectors.
Result<NeighborHeader> decode_neighbor_header(NeighborForm form, std::span<const std::byte> head,
                                              std::uint64_t file_bytes);

std::vector<std::byte> encode_neighbor_header(NeighborForm form, std::uint32_t queries, std::uint32_t k);

enum class IdForm : std::uint8_t {
  kText,    ///< one number a line
  kU64bin,  ///< u32 count, u32 1, u64 values
  kNpy,     ///< NumPy's own header, integers in one row or one column
};

/// Text for any extension that does not say otherwise.
IdForm id_form(std::string_view extension) noexcept;

/// Where the ids of a binary file lie.
struct IdHeader {
  std::uint64_t count = 0;
  std::uint64_t ids_at = 0;
  std::uint32_t id_bytes = 8;
  bool has_sign = false;  ///< ids below 0 are bad
};

/// form: not kText. head: as for neighbours. Errors: kBadInput.
Result<IdHeader> decode_id_header(IdForm form, std::span<const std::byte> head, std::uint64_t file_bytes);
std::vector<std::byte> encode_id_header(IdForm form, std::uint64_t count);

}  // namespace nearline::format
