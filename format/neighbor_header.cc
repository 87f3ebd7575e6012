// SPDX-License-Identifier: Apache-2.0
/// The counted (bin), the per-row (ivecs) and NumPy's forms. No product here can wrap that was not compared by division
/// first.
#include "format/neighbor_header.h"

#include <array>
#include <cstring>
#include <string>

#include "format/npy_header.h"

namespace nearline::format {
namespace {

constexpr std::uint64_t kBinHeaderBytes = 8;
constexpr std::string_view kNpyIds = "<u8";

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

std::vector<std::byte> two_counts(std::uint32_t first, std::uint32_t second) {
  const std::array<std::uint32_t, 2> fields = {first, second};
  std::vector<std::byte> bytes(sizeof fields);
  std::memcpy(bytes.data(), fields.data(), sizeof fields);
  return bytes;
}

/// An array of ids, and how its numbers are stored.
struct NpyIds {
  NpyArray array;
  std::uint32_t bytes = 8;
  bool has_sign = false;
};

/// Errors: for other numbers, another order, or a file of another length.
Result<NpyIds> decode_npy_ids(std::span<const std::byte> head, std::uint64_t file_bytes) {
  NEARLINE_TRY(array, decode_npy_array(head));
  NpyIds ids{.array = array};
  const std::string_view descr = array.descr;
  if (descr != "<u8" && descr != "<i8" && descr != "<u4" && descr != "<i4")
    return bad_npy_type(array, "<u8, <i8, <u4 or <i4");
  ids.bytes = descr[2] == '8' ? 8 : 4;
  ids.has_sign = descr[1] == 'i';
  if (array.columns && array.dimensions == 2)
    return bad_npy("fortran_order: expected False for ids, found True", array.order_at);
  std::uint64_t cells = 0, data = 0, whole = 0;
  const bool wraps = __builtin_mul_overflow(array.sizes[0], array.sizes[1], &cells) ||
                     __builtin_mul_overflow(cells, std::uint64_t{ids.bytes}, &data) ||
                     __builtin_add_overflow(data, array.data_at, &whole);
  if (!wraps && whole == file_bytes) return ids;
  return bad("header says " + std::to_string(array.sizes[0]) + " x " + std::to_string(array.sizes[1]) +
                 " ids: expected " + (wraps ? "more than 2^64" : std::to_string(whole)) + " bytes, found " +
                 std::to_string(file_bytes),
             0);
}

/// (k,) is one query; (queries, k) is a table.
Result<NeighborHeader> decode_npy_neighbors(std::span<const std::byte> head, std::uint64_t file_bytes) {
  NEARLINE_TRY(ids, decode_npy_ids(head, file_bytes));
  const NpyArray& array = ids.array;
  const std::uint64_t k = array.sizes[array.dimensions - 1];
  const std::uint64_t queries = array.dimensions == 1 ? 1 : array.sizes[0];
  if (k < 1 || k > 0xFFFF'FFFF || queries > 0xFFFF'FFFF)
    return bad_npy("shape: expected at most 4294967295 queries of 1 to 4294967295 ids, found " +
                       std::to_string(queries) + " of " + std::to_string(k),
                   array.shape_at);
  NeighborHeader header;
  header.queries = queries;
  header.k = static_cast<std::uint32_t>(k);
  header.id_bytes = ids.bytes;
  header.has_sign = ids.has_sign;
  header.ids_at = array.data_at;
  return header;
}

Result<IdHeader> decode_npy_list(std::span<const std::byte> head, std::uint64_t file_bytes) {
  NEARLINE_TRY(ids, decode_npy_ids(head, file_bytes));
  const NpyArray& array = ids.array;
  if (array.dimensions == 2 && array.sizes[0] != 1 && array.sizes[1] != 1)
    return bad_npy("shape: expected one row or one column of ids, found " + std::to_string(array.sizes[0]) + " x " +
                       std::to_string(array.sizes[1]),
                   array.shape_at);
  return IdHeader{array.sizes[0] * array.sizes[1], array.data_at, ids.bytes, ids.has_sign};
}

}  // namespace

std::optional<NeighborForm> neighbor_form(std::string_view extension) noexcept {
  if (extension == ".ibin") return NeighborForm::kIbin;
  if (extension == ".ibin64") return NeighborForm::kIbin64;
  if (extension == ".ivecs") return NeighborForm::kIvecs;
  if (extension == ".npy") return NeighborForm::kNpy;
  return std::nullopt;
}

Result<NeighborHeader> decode_neighbor_header(NeighborForm form, std::span<const std::byte> head,
                                              std::uint64_t file_bytes) {
  if (head.size() > file_bytes) head = head.first(static_cast<std::size_t>(file_bytes));
  if (form == NeighborForm::kNpy) return decode_npy_neighbors(head, file_bytes);
  const bool rows = form == NeighborForm::kIvecs;
  const std::size_t header_bytes = rows ? 4 : 8;
  if (head.size() < header_bytes) return too_short(header_bytes, head.size());
  NeighborHeader header;
  header.k = load_u32(head, rows ? 0 : 4);
  if (header.k == 0) return bad("k: expected at least 1, found 0", rows ? 0 : 4);
  if (rows) {
    const std::uint64_t stride = 4 + std::uint64_t{header.k} * 4;
    header.row_prefix = 4;
    header.has_sign = true;
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

std::vector<std::byte> encode_neighbor_header(NeighborForm form, std::uint32_t queries, std::uint32_t k) {
  switch (form) {
    case NeighborForm::kIvecs: return {};
    case NeighborForm::kNpy: return encode_npy_array(kNpyIds, queries, k);
    case NeighborForm::kIbin:
    case NeighborForm::kIbin64: return two_counts(queries, k);
  }
  return {};
}

IdForm id_form(std::string_view extension) noexcept {
  if (extension == ".u64bin") return IdForm::kU64bin;
  return extension == ".npy" ? IdForm::kNpy : IdForm::kText;
}

Result<IdHeader> decode_id_header(IdForm form, std::span<const std::byte> head, std::uint64_t file_bytes) {
  if (head.size() > file_bytes) head = head.first(static_cast<std::size_t>(file_bytes));
  if (form == IdForm::kNpy) return decode_npy_list(head, file_bytes);
  if (head.size() < kBinHeaderBytes) return too_short(kBinHeaderBytes, head.size());
  const std::uint64_t count = load_u32(head, 0);
  if (load_u32(head, 4) != 1) return bad("ids a row: expected 1, found " + std::to_string(load_u32(head, 4)), 4);
  const std::uint64_t whole = kBinHeaderBytes + count * 8;
  if (file_bytes != whole)
    return bad("header says " + std::to_string(count) + " ids: expected " + std::to_string(whole) + " bytes, found " +
                   std::to_string(file_bytes),
               0);
  return IdHeader{count, kBinHeaderBytes, 8, false};
}

std::vector<std::byte> encode_id_header(IdForm form, std::uint64_t count) {
  if (form == IdForm::kNpy) return encode_npy_array(kNpyIds, count, 0);
  return two_counts(static_cast<std::uint32_t>(count), 1);
}

}  // namespace nearline::format
