// SPDX-License-Identifier: Apache-2.0
/// The counted (bin) and the per-row (vecs) forms. All products are formed in 64 bits from 32-bit counts and sizes
/// below 2^18 (kMaxDim components of 4 bytes), or checked, so that no sum here can wrap.
#include "format/vector_header.h"

#include <array>
#include <cstring>
#include <string>

namespace nearline::format {
namespace {

constexpr std::uint64_t kBinHeaderBytes = 8;

std::uint32_t load_u32(std::span<const std::byte> bytes, std::size_t at) noexcept {
  std::uint32_t value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

Error bad(std::string what, std::uint64_t at) {
  return {Code::kBadInput, std::move(what), {}, at, 0};
}

Error too_short(std::uint64_t needed, std::uint64_t found) {
  return bad("file ends inside its header: expected at least " + std::to_string(needed) + " bytes, found " +
                 std::to_string(found),
             0);
}

Result<void> check_dim(std::uint64_t dim, std::uint64_t at) {
  if (dim >= 1 && dim <= kMaxDim) return {};
  return bad("dimension: expected 1 to " + std::to_string(kMaxDim) + ", found " + std::to_string(dim), at);
}

/// The file must be as long as the header says, to the byte.
Result<void> check_length(const VectorHeader& header, std::uint64_t file_bytes) {
  std::uint64_t data = 0;
  std::uint64_t whole = 0;
  const bool wraps = __builtin_mul_overflow(header.rows, header.stride(), &data) ||
                     __builtin_add_overflow(data, header.data_at, &whole);
  if (!wraps && whole == file_bytes) return {};
  return bad("header says " + std::to_string(header.rows) + " rows of " + std::to_string(header.dim) + " " +
                 std::string(name(header.type)) + ": expected " + (wraps ? "more than 2^64" : std::to_string(whole)) +
                 " bytes, found " + std::to_string(file_bytes),
             0);
}

Result<VectorHeader> decode_bin(ElementType type, std::span<const std::byte> head) {
  if (head.size() < kBinHeaderBytes) return too_short(kBinHeaderBytes, head.size());
  VectorHeader header{load_u32(head, 0), load_u32(head, 4), type, kBinHeaderBytes, 0};
  NEARLINE_CHECK(check_dim(header.dim, 4));
  return header;
}

/// The number of rows follows from the file's length and the first row's dimension; each row repeats the dimension,
/// which whoever reads it compares.
Result<VectorHeader> decode_vecs(ElementType type, std::span<const std::byte> head, std::uint64_t file_bytes) {
  if (head.size() < 4) return too_short(4, head.size());
  VectorHeader header{0, load_u32(head, 0), type, 0, 4};
  NEARLINE_CHECK(check_dim(header.dim, 0));
  if (file_bytes % header.stride() != 0)
    return bad("rows of " + std::to_string(header.dim) + " " + std::string(name(type)) + ": expected a multiple of " +
                   std::to_string(header.stride()) + " bytes, found " + std::to_string(file_bytes),
               0);
  header.rows = file_bytes / header.stride();
  return header;
}

}  // namespace

std::optional<VectorKind> vector_kind(std::string_view extension) noexcept {
  struct Row {
    std::string_view extension;
    VectorKind kind;
  };
  static constexpr std::array kRows = {
      Row{".fbin", {VectorForm::kBin, ElementType::kF32}},  Row{".hbin", {VectorForm::kBin, ElementType::kF16}},
      Row{".u8bin", {VectorForm::kBin, ElementType::kU8}},  Row{".i8bin", {VectorForm::kBin, ElementType::kI8}},
      Row{".bbin", {VectorForm::kBin, ElementType::kB1}},   Row{".fvecs", {VectorForm::kVecs, ElementType::kF32}},
      Row{".bvecs", {VectorForm::kVecs, ElementType::kU8}}, Row{".npy", {VectorForm::kNpy, std::nullopt}},
  };
  for (const Row& row : kRows)
    if (row.extension == extension) return row.kind;
  return std::nullopt;
}

Result<VectorHeader> decode_vector_header(const VectorKind& kind, std::span<const std::byte> head,
                                          std::uint64_t file_bytes) {
  if (head.size() > file_bytes) head = head.first(static_cast<std::size_t>(file_bytes));
  const ElementType type = kind.type.value_or(ElementType::kF32);
  auto header = kind.form == VectorForm::kBin    ? decode_bin(type, head)
                : kind.form == VectorForm::kVecs ? decode_vecs(type, head, file_bytes)
                                                 : decode_npy_header(head);
  if (!header) return header;
  NEARLINE_CHECK(check_dim(header->dim, 0));
  NEARLINE_CHECK(check_length(*header, file_bytes));
  return header;
}

Result<std::vector<std::byte>> encode_vector_header(VectorForm form, ElementType type, std::uint64_t rows,
                                                    std::uint32_t dim) {
  if (form == VectorForm::kVecs) return std::vector<std::byte>{};
  if (form == VectorForm::kNpy) return encode_npy_header(type, rows, dim);
  if (rows > 0xFFFF'FFFF)
    return Error{Code::kInvalidArgument,
                 "rows: expected at most 4294967295, the most its header can count, found " + std::to_string(rows)};
  const std::array<std::uint32_t, 2> fields = {static_cast<std::uint32_t>(rows), dim};
  std::vector<std::byte> bytes(sizeof fields);
  std::memcpy(bytes.data(), fields.data(), sizeof fields);
  return bytes;
}

std::optional<NeighborForm> neighbor_form(std::string_view extension) noexcept {
  if (extension == ".ibin") return NeighborForm::kIbin;
  if (extension == ".ibin64") return NeighborForm::kIbin64;
  if (extension == ".ivecs") return NeighborForm::kIvecs;
  return std::nullopt;
}

Result<NeighborHeader> decode_neighbor_header(NeighborForm form, std::span<const std::byte> head,
                                              std::uint64_t file_bytes) {
  if (head.size() > file_bytes) head = head.first(static_cast<std::size_t>(file_bytes));
  const bool rows = form == NeighborForm::kIvecs;
  const std::size_t header_bytes = rows ? 4 : 8;
  if (head.size() < header_bytes) return too_short(header_bytes, head.size());
  NeighborHeader header;
  header.k = load_u32(head, rows ? 0 : 4);
  if (header.k == 0) return bad("k: expected at least 1, found 0", rows ? 0 : 4);
  if (rows) {
    const std::uint64_t stride = 4 + std::uint64_t{header.k} * 4;
    header.row_prefix = 4;
    header.queries = file_bytes / stride;
    if (file_bytes % stride == 0) return header;
    return bad("rows of " + std::to_string(header.k) + " ids: expected a multiple of " + std::to_string(stride) +
                   " bytes, found " + std::to_string(file_bytes),
               0);
  }
  header.queries = load_u32(head, 0);
  header.id_bytes = form == NeighborForm::kIbin64 ? 8 : 4;
  header.ids_at = header_bytes;
  // Below 2^64: (2^32 - 1)^2 cells of up to 12 bytes would not be, so cells are compared by division first.
  const std::uint64_t cells = header.queries * header.k;
  const std::uint64_t body = file_bytes - header_bytes;
  const std::uint64_t with_distances = header.id_bytes + 4;
  if (body % with_distances == 0 && body / with_distances == cells) {
    header.distances_at = header.ids_at + cells * header.id_bytes;
    return header;
  }
  if (body % header.id_bytes == 0 && body / header.id_bytes == cells) return header;
  const bool huge = cells > (~std::uint64_t{0} - header_bytes) / with_distances;
  return bad("header says " + std::to_string(header.queries) + " queries of " + std::to_string(header.k) +
                 " neighbours: expected " +
                 (huge ? "more than 2^64" : std::to_string(header_bytes + cells * with_distances)) + " bytes, found " +
                 std::to_string(file_bytes),
             0);
}

Result<std::uint64_t> decode_id_header(std::span<const std::byte> head, std::uint64_t file_bytes) {
  if (head.size() > file_bytes) head = head.first(static_cast<std::size_t>(file_bytes));
  if (head.size() < kIdsAt) return too_short(kIdsAt, head.size());
  const std::uint64_t count = load_u32(head, 0);
  if (load_u32(head, 4) != 1) return bad("ids a row: expected 1, found " + std::to_string(load_u32(head, 4)), 4);
  if (file_bytes != kIdsAt + count * 8)
    return bad("header says " + std::to_string(count) + " ids: expected " + std::to_string(kIdsAt + count * 8) +
                   " bytes, found " + std::to_string(file_bytes),
               0);
  return count;
}

}  // namespace nearline::format
