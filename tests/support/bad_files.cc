// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cassert>
#include <cstring>
#include <functional>

#include "format/column.h"
#include "format/fields.h"
#include "format/manifest_layout.h"
#include "format/payload.h"
#include "tests/support/golden_files.h"
#include "tests/support/restamp.h"
#include "tests/support/tiny_columns.h"
#include "tests/support/tiny_index.h"

namespace nearline::testing {
namespace {

using Bytes = std::vector<std::byte>;

const format::FieldInfo& field_of(const format::StructInfo& info, std::string_view name) {
  for (const format::FieldInfo& field : info.fields) {
    if (field.name == name) return field;
  }
  assert(false);
  return info.fields.front();
}

/// Writes a field's low bytes.
void set(Bytes& file, std::uint64_t struct_at, const format::StructInfo& info, std::string_view name,
         std::uint64_t value) {
  const format::FieldInfo& field = field_of(info, name);
  std::memcpy(file.data() + struct_at + field.offset, &value, std::min<std::size_t>(field.bytes, sizeof value));
}

void set_in_superblocks(Bytes& file, std::string_view name, std::uint64_t value) {
  set(file, 0, format::kSuperblockInfo, name, value);
  set(file, format::kBlockBytes, format::kSuperblockInfo, name, value);
}

/// Start of a table's first row, from the file's start, for the last manifest of a file.
std::uint64_t row_of(const Bytes& file, std::uint64_t format::ManifestTables::*table) {
  const std::uint64_t at = file.size() - format::kBlockBytes;
  return at + format::ManifestTables::of(format::row_at<format::ManifestHeader>(file, at)).*table;
}

Bytes changed(Bytes file, const std::function<void(Bytes&)>& change) {
  change(file);
  restamp(file);
  return file;
}

/// What a transfer in text mode does.
Bytes without_carriage_returns(const Bytes& file) {
  Bytes out;
  for (std::size_t i = 0; i < file.size(); ++i) {
    const bool line_end = file[i] == std::byte{'\r'} && i + 1 < file.size() && file[i + 1] == std::byte{'\n'};
    if (!line_end) out.push_back(file[i]);
  }
  return out;
}

Bytes text(std::string_view words) {
  Bytes bytes(words.size());
  std::memcpy(bytes.data(), words.data(), words.size());
  return bytes;
}

Bytes with_flipped(Bytes file, std::initializer_list<std::size_t> places) {
  for (const std::size_t at : places) file[at] ^= std::byte{0x10};
  return file;
}

Bytes cut(Bytes file, std::size_t bytes) {
  file.resize(bytes);
  return file;
}

std::vector<GoldenFile> unsupported_files(const Bytes& empty) {
  return {
      {"unsupported_byte_order", changed(empty, [](Bytes& f) { set_in_superblocks(f, "endian_mark", 0x04030201); })},
      {"unsupported_block_size", changed(empty, [](Bytes& f) { set_in_superblocks(f, "block_bytes", 16384); })},
      {"unsupported_major", changed(empty, [](Bytes& f) { set_in_superblocks(f, "major", 2); })},
      {"unsupported_incompat", changed(empty, [](Bytes& f) { set_in_superblocks(f, "incompat", 0x20); })},
      {"unsupported_section_kind", changed(empty,
                                           [](Bytes& f) {
                                             set(f, row_of(f, &format::ManifestTables::sections),
                                                 format::kSectionRowInfo, "kind", 11);
                                           })},
  };
}

std::vector<GoldenFile> corrupt_files(const Bytes& empty, const Bytes& small) {
  return {
      {"corrupt_superblocks", with_flipped(empty, {100, 100 + format::kBlockBytes})},
      {"corrupt_reserved", changed(empty, [](Bytes& f) { set_in_superblocks(f, "reserved_0", 1); })},
      {"corrupt_manifest_hash", with_flipped(empty, {empty.size() - 1000})},
      {"corrupt_dimension",
       changed(empty,
               [](Bytes& f) { set(f, row_of(f, &format::ManifestTables::fields), format::kFieldRowInfo, "dim", 0); })},
      {"corrupt_settings", changed(empty,
                                   [](Bytes& f) {
                                     set(f, row_of(f, &format::ManifestTables::fields), format::kFieldRowInfo, "degree",
                                         3);
                                   })},
      {"corrupt_nodes", changed(empty,
                                [](Bytes& f) {
                                  set(f, row_of(f, &format::ManifestTables::graphs), format::kGraphRowInfo, "nodes", 1);
                                })},
      {"corrupt_page_shape", changed(empty,
                                     [](Bytes& f) {
                                       set(f, row_of(f, &format::ManifestTables::graphs), format::kGraphRowInfo,
                                           "slots", 0x10000);
                                     })},
      {"corrupt_page_bytes", changed(empty,
                                     [](Bytes& f) {
                                       set(f, row_of(f, &format::ManifestTables::graphs), format::kGraphRowInfo,
                                           "page_bytes", 12'288);
                                     })},
      {"corrupt_section_count", changed(small,
                                        [](Bytes& f) {
                                          set(f, row_of(f, &format::ManifestTables::sections), format::kSectionRowInfo,
                                              "count", std::uint64_t{1} << 52);
                                        })},
      {"corrupt_layout", changed(empty,
                                 [](Bytes& f) {
                                   set(f, row_of(f, &format::ManifestTables::graphs), format::kGraphRowInfo, "layout",
                                       2);
                                 })},
      {"corrupt_overlap", changed(small,
                                  [](Bytes& f) {
                                    set(f, row_of(f, &format::ManifestTables::sections), format::kSectionRowInfo,
                                        "tree_offset", format::kDataStart);
                                  })},
      {"corrupt_unaccounted", changed(empty,
                                      [](Bytes& f) {
                                        set_in_superblocks(f, "committed_bytes", f.size() + format::kBlockBytes);
                                        f.resize(f.size() + format::kBlockBytes);
                                      })},
  };
}

/// An index of 9 records, a column of tags and payloads.
Bytes with_values() {
  IndexAssembler file = tiny_index({.count = 9});
  add_values(file, {tiny_columns(9)[4]}, tiny_payloads(9));
  file.commit();
  return file.bytes();
}

/// With one member of a struct in the first section of a kind changed, and all checksums right again. at: of the struct
/// in the section.
Bytes with_value(Bytes file, format::SectionKind kind, std::uint64_t at, const format::StructInfo& info,
                 std::string_view name, std::uint64_t value) {
  const format::Manifest manifest = open_bytes(file).value();
  const auto section = std::ranges::find(manifest.sections, kind, &format::Section::kind);
  set(file, section->offset + at, info, name, value);
  restamp_sections(file);
  return file;
}

std::vector<GoldenFile> corrupt_values() {
  using enum format::SectionKind;
  const Bytes good = with_values();
  const auto shape = [&] {
    const format::Manifest manifest = open_bytes(good).value();
    const auto section = std::ranges::find(manifest.sections, kAttribute, &format::Section::kind);
    const auto bytes = std::span(good).subspan(section->offset, section->length);
    return format::decode_column(bytes, section->length, AttributeType::kTags, 9, 0).value();
  }();
  const auto column = [&](std::string_view name, std::uint64_t value) {
    return with_value(good, kAttribute, 0, format::kColumnHeaderInfo, name, value);
  };
  const auto run = [&](std::string_view name, std::uint64_t value) {
    return with_value(good, kAttribute, shape.runs_at(), format::kRunRowInfo, name, value);
  };
  const std::uint64_t frames_at = sizeof(format::PayloadHeader);
  return {
      {"corrupt_column_attribute",
       changed(good,
               [](Bytes& f) {
                 const std::uint64_t sections = row_of(f, &format::ManifestTables::sections);
                 set(f, sections + 3 * sizeof(format::SectionRow), format::kSectionRowInfo, "field", 1);
               })},
      {"corrupt_column_rows", column("rows", 10)},
      {"corrupt_column_nulls", column("nulls", 9)},
      {"corrupt_column_entries", column("entries", std::uint64_t{1} << 60)},
      {"corrupt_column_strings", column("strings", shape.bytes)},
      {"corrupt_run_bits", run("bits", 64)},
      {"corrupt_run_offset", run("offset", ~std::uint64_t{7})},
      {"corrupt_run_values", run("values", 1U << 31)},
      {"corrupt_tag_ends", run("nulls", 0)},  // so that null bits are taken for ends
      {"corrupt_entry_string", with_value(good, kAttribute, shape.dictionary + sizeof(format::EntryRow),
                                          format::kEntryRowInfo, "string", ~std::uint64_t{0})},
      {"corrupt_postings", with_value(good, kAttribute, shape.dictionary + shape.entries * sizeof(format::EntryRow),
                                      format::kEntryRowInfo, "posting", std::uint64_t{1} << 62)},
      {"corrupt_payload_frames", with_value(good, kPayload, 0, format::kPayloadHeaderInfo, "frames", 0)},
      {"corrupt_frame_rows", with_value(good, kPayload, frames_at, format::kFrameRowInfo, "first_row", 4)},
      {"corrupt_frame_opened", with_value(good, kPayload, frames_at, format::kFrameRowInfo, "opened_bytes", ~0U)},
  };
}

}  // namespace

std::vector<GoldenFile> bad_files() {
  IndexAssembler assembler = tiny_index({.count = 0});
  assembler.commit();
  const Bytes empty = assembler.bytes();
  IndexAssembler small_assembler = tiny_index({});
  small_assembler.commit();
  const Bytes small = small_assembler.bytes();

  std::vector<GoldenFile> files = {
      {"not_an_index_empty", {}},
      {"not_an_index_text", text("id,vector\n1,0.5\n")},
      {"not_an_index_text_mode", without_carriage_returns(empty)},
      {"truncated_in_superblock", cut(empty, 100)},
      {"truncated_half", cut(small, small.size() / 2)},
  };
  for (GoldenFile& file : unsupported_files(empty)) files.push_back(std::move(file));
  for (GoldenFile& file : corrupt_files(empty, small)) files.push_back(std::move(file));
  for (GoldenFile& file : corrupt_values()) files.push_back(std::move(file));
  return files;
}

}  // namespace nearline::testing
