// SPDX-License-Identifier: Apache-2.0
/// The counted (bin) and the per-row (vecs) forms. All products are formed in 64 bits from 32-bit counts and sizes
/// below 2^18 (kMaxDim components of 4 bytes), or checked, so that no sum here can wrap.
#include "format/vector_header.h"

#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "format/npy_header.h"

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

/// None beyond 64 bits.
std::optional<std::uint64_t> whole_length(const VectorHeader& header) noexcept {
  std::uint64_t data = 0;
  std::uint64_t whole = 0;
  if (__builtin_mul_overflow(header.rows, header.stride(), &data) ||
      __builtin_add_overflow(data, header.data_at, &whole))
    return std::nullopt;
  return whole;
}

std::string says(const VectorHeader& header) {
  return "header says " + std::to_string(header.rows) + " rows of " + std::to_string(header.dim) + " " +
         std::string(header.doubles ? "f64" : name(header.type));
}

/// The file must be as long as the header says, to the byte.
Result<void> check_length(const VectorHeader& header, std::uint64_t file_bytes) {
  const auto whole = whole_length(header);
  if (whole == file_bytes) return {};
  return bad(says(header) + ": expected " + (whole ? std::to_string(*whole) : "more than 2^64") + " bytes, found " +
                 std::to_string(file_bytes),
             0);
}

/// The type that rows are read as, and whether the file has doubles.
std::optional<std::pair<ElementType, bool>> npy_type(std::string_view descr) noexcept {
  if (descr == "<f4") return std::pair(ElementType::kF32, false);
  if (descr == "<f8") return std::pair(ElementType::kF32, true);
  if (descr == "<f2") return std::pair(ElementType::kF16, false);
  if (descr == "|u1" || descr == "<u1") return std::pair(ElementType::kU8, false);
  if (descr == "|i1" || descr == "<i1") return std::pair(ElementType::kI8, false);
  return std::nullopt;
}

/// (n,) is one vector of n components; (rows, dim) is a table.
Result<VectorHeader> decode_npy(std::span<const std::byte> head) {
  NEARLINE_TRY(array, decode_npy_array(head));
  const auto type = npy_type(array.descr);
  if (!type) return bad_npy_type(array, "<f4, <f2, <f8, |u1 or |i1");
  const std::uint64_t dim = array.sizes[array.dimensions - 1];
  if (dim < 1 || dim > kMaxDim)
    return bad_npy("dimension: expected 1 to " + std::to_string(kMaxDim) + ", found " + std::to_string(dim),
                   array.shape_at);
  VectorHeader header;
  header.rows = array.dimensions == 1 ? 1 : array.sizes[0];
  header.dim = static_cast<std::uint32_t>(dim);
  header.type = type->first;
  header.doubles = type->second;
  header.data_at = array.data_at;
  header.columns = array.columns;
  return header;
}

std::string_view npy_descr(ElementType type) noexcept {
  return type == ElementType::kF32   ? "<f4"
         : type == ElementType::kF16 ? "<f2"
         : type == ElementType::kU8  ? "|u1"
                                     : "|i1";
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
                                                 : decode_npy(head);
  if (!header) return header;
  NEARLINE_CHECK(check_dim(header->dim, 0));
  NEARLINE_CHECK(check_length(*header, file_bytes));
  return header;
}

Result<VectorHeader> decode_stream_header(const VectorKind& kind, std::span<const std::byte> head) {
  if (kind.form == VectorForm::kVecs)
    return bad("rows that are not counted: expected a file, or a form with a header, found a stream", 0);
  NEARLINE_TRY(header, kind.form == VectorForm::kBin ? decode_bin(*kind.type, head) : decode_npy(head));
  if (header.columns) return bad("Fortran order: expected a file, found a stream", 0);
  if (!whole_length(header)) return bad(says(header) + ": expected fewer than 2^64 bytes", 0);
  return header;
}

Result<std::vector<std::byte>> encode_vector_header(VectorForm form, ElementType type, std::uint64_t rows,
                                                    std::uint32_t dim) {
  if (form == VectorForm::kVecs) return std::vector<std::byte>{};
  if (form == VectorForm::kNpy) return encode_npy_array(npy_descr(type), rows, dim);
  if (rows > 0xFFFF'FFFF)
    return Error{Code::kInvalidArgument,
                 "rows: expected at most 4294967295, the most its header can count, found " + std::to_string(rows)};
  const std::array<std::uint32_t, 2> fields = {static_cast<std::uint32_t>(rows), dim};
  std::vector<std::byte> bytes(sizeof fields);
  std::memcpy(bytes.data(), fields.data(), sizeof fields);
  return bytes;
}

}  // namespace nearline::format
