// SPDX-License-Identifier: Apache-2.0
/// Tables of neighbours: .ibin, .ibin64, .ivecs, .npy.
#include "engine/vectors/neighbor_file.h"

#include <cstring>
#include <string>

#include "engine/vectors/vector_file_reader.h"
#include "engine/vectors/vector_file_writer.h"
#include "format/neighbor_header.h"

namespace nearline::engine {
namespace {

using format::NeighborForm;
using format::NeighborHeader;

Result<NeighborForm> form_of(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  if (const auto form = format::neighbor_form(extension)) return *form;
  return Error{Code::kInvalidArgument,
               "extension: expected .ibin, .ibin64, .ivecs or .npy, found " + (extension.empty() ? "none" : extension),
               path.string()};
}

Result<void> read_id_rows(const io::File& file, const NeighborHeader& header, std::vector<Id>& ids) {
  const std::size_t stride = header.row_prefix + std::size_t{header.k} * header.id_bytes;
  if (header.queries == 0) return {};  // then nothing bounds k
  const Id sign = Id{1} << (8 * header.id_bytes - 1);
  std::vector<std::byte> row(stride);
  for (std::uint64_t q = 0; q < header.queries; ++q) {
    const std::uint64_t at = header.ids_at + q * stride;
    NEARLINE_CHECK(read_input(file, at, row));
    std::uint32_t k = header.k;
    if (header.row_prefix > 0) std::memcpy(&k, row.data(), sizeof k);
    if (k != header.k)
      return Error{Code::kBadInput,
                   "ids in row " + std::to_string(q) + ": expected " + std::to_string(header.k) +
                       " as in row 0, found " + std::to_string(k),
                   file.path().string(), at, 0};
    for (std::uint32_t i = 0; i < header.k; ++i) {
      const std::byte* cell = row.data() + header.row_prefix + std::size_t{i} * header.id_bytes;
      Id id = 0;
      std::memcpy(&id, cell, header.id_bytes);
      if (header.id_bytes == 4 && id == 0xFFFF'FFFF) id = kNoId;
      if (header.has_sign && id != kNoId && (id & sign) != 0)
        return Error{Code::kBadInput, "id: expected -1 or more, found a smaller one", file.path().string(),
                     at + header.row_prefix + std::size_t{i} * header.id_bytes, 0};
      ids.push_back(id);
    }
  }
  return {};
}

/// The largest id that a form holds; four-byte forms write all ones for the padding of short rows.
Id largest_id(NeighborForm form) noexcept {
  switch (form) {
    case NeighborForm::kIbin: return 0xFFFF'FFFE;
    case NeighborForm::kIbin64:
    case NeighborForm::kNpy: return kNoId;
    case NeighborForm::kIvecs: return 0x7FFF'FFFF;
  }
  return 0;
}

/// The bytes of one row of ids, prefix included. Errors: kInvalidArgument when an id does not fit.
Result<void> append_id_row(NeighborForm form, std::span<const Id> row, std::vector<std::byte>& out) {
  const auto put = [&](const void* value, std::size_t bytes) {
    const auto* first = static_cast<const std::byte*>(value);
    out.insert(out.end(), first, first + bytes);
  };
  const auto k = static_cast<std::uint32_t>(row.size());
  if (form == NeighborForm::kIvecs) put(&k, sizeof k);
  for (const Id id : row) {
    if (id > largest_id(form) && id != kNoId)
      return Error{Code::kInvalidArgument, "id: expected at most " + std::to_string(largest_id(form)) +
                                               " in this form, found " + std::to_string(id) + " (.ibin64 holds any)"};
    put(&id, largest_id(form) == kNoId ? 8 : 4);
  }
  return {};
}

Result<void> check_table(const NeighborTable& table) {
  const std::uint64_t cells = table.queries * table.k;
  if (table.k > 0 && table.queries <= 0xFFFF'FFFF && table.ids.size() == cells &&
      (table.distances.empty() || table.distances.size() == cells))
    return {};
  return Error{Code::kInvalidArgument,
               "neighbour table: expected queries x k ids and as many distances or none, k of at least 1"};
}

}  // namespace

Result<NeighborTable> read_neighbors(io::FileSystem& fs, const std::filesystem::path& path) {
  NEARLINE_TRY(form, form_of(path));
  NEARLINE_TRY(file, fs.open_read(path));
  NEARLINE_TRY(file_bytes, file->size());
  NEARLINE_TRY(head, read_head(*file, file_bytes));
  auto decoded = format::decode_neighbor_header(form, head, file_bytes);
  if (!decoded) return std::move(decoded).error().in(path.string());
  const NeighborHeader header = *decoded;
  NeighborTable table{header.queries, header.k, {}, {}};
  const auto cells = static_cast<std::size_t>(header.queries * header.k);
  table.ids.reserve(cells);
  NEARLINE_CHECK(read_id_rows(*file, header, table.ids));
  if (header.distances_at > 0) {
    table.distances.resize(cells);
    NEARLINE_CHECK(read_input(*file, header.distances_at, std::as_writable_bytes(std::span(table.distances))));
  }
  return table;
}

Result<void> write_neighbors(io::FileSystem& fs, const std::filesystem::path& path, const NeighborTable& table,
                             bool replace) {
  NEARLINE_TRY(form, form_of(path));
  if (auto fits = check_table(table); !fits) return std::move(fits).error().in(path.string());
  NEARLINE_TRY(file, io::AtomicFile::create(fs, path, replace));
  BufferedAppender out(std::move(file));
  NEARLINE_CHECK(out.append(format::encode_neighbor_header(form, static_cast<std::uint32_t>(table.queries), table.k)));
  std::vector<std::byte> row;
  for (std::uint64_t q = 0; q < table.queries; ++q) {
    row.clear();
    auto fits = append_id_row(form, std::span(table.ids).subspan(q * table.k, table.k), row);
    if (!fits) return std::move(fits).error().in(path.string());
    NEARLINE_CHECK(out.append(row));
  }
  if (form == NeighborForm::kIbin || form == NeighborForm::kIbin64)
    NEARLINE_CHECK(out.append(std::as_bytes(std::span(table.distances))));
  NEARLINE_CHECK(out.flush());
  return out.file().publish();
}

}  // namespace nearline::engine

namespace nearline {

Result<NeighborTable> read_neighbors(const std::filesystem::path& path) {
  return engine::read_neighbors(io::real_file_system(), path);
}

Result<void> write_neighbors(const std::filesystem::path& path, const NeighborTable& table, bool replace) {
  return engine::write_neighbors(io::real_file_system(), path, table, replace);
}

}  // namespace nearline
