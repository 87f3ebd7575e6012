// SPDX-License-Identifier: Apache-2.0
#include "format/inspect.h"

#include <algorithm>

#include "format/fields.h"
#include "format/inspect_sections.h"
#include "format/manifest_layout.h"
#include "format/superblock.h"

namespace nearline::format {
namespace {

std::string indexed(std::string_view name, std::uint64_t i) {
  return std::string(name) + "[" + std::to_string(i) + "]";
}

/// Rows of one table, from the manifest's bytes.
void inspect_table(const StructInfo& info, std::span<const std::byte> manifest, std::uint64_t table,
                   std::uint32_t count, std::uint64_t at, const ItemSink& sink) {
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t place = table + std::uint64_t{i} * info.bytes;
    inspect_struct(info, manifest.subspan(place, info.bytes), at + place, indexed(info.name, i), sink);
  }
}

/// Only what is certain to lie inside the bytes is shown: the tables when the counts fit the length.
void inspect_manifest(std::span<const std::byte> bytes, std::uint64_t at, const ItemSink& sink) {
  inspect_struct(kManifestHeaderInfo, bytes.first(kManifestHeaderInfo.bytes), at, "manifest", sink);
  const auto header = row_at<ManifestHeader>(bytes, 0);
  const ManifestTables t = ManifestTables::of(header);
  if (t.bytes == bytes.size()) {
    inspect_table(kFieldRowInfo, bytes, t.fields, header.field_count, at, sink);
    inspect_table(kAttributeRowInfo, bytes, t.attributes, header.attribute_count, at, sink);
    inspect_table(kTransformRowInfo, bytes, t.transforms, header.transform_count, at, sink);
    inspect_table(kSegmentRowInfo, bytes, t.segments, header.segment_count, at, sink);
    inspect_table(kGraphRowInfo, bytes, t.graphs, header.graph_count, at, sink);
    inspect_table(kSectionRowInfo, bytes, t.sections, header.section_count, at, sink);
    inspect_table(kFreeRowInfo, bytes, t.free, header.free_count, at, sink);
  }
  const std::uint64_t footer = bytes.size() - kManifestFooterInfo.bytes;
  inspect_struct(kManifestFooterInfo, bytes.subspan(footer), at + footer, "footer", sink);
}

}  // namespace

std::string line(const InspectItem& item) {
  return std::to_string(item.at) + " " + item.name + " = " + item.value;
}

void inspect_struct(const StructInfo& info, std::span<const std::byte> bytes, std::uint64_t at,
                    const std::string& prefix, const ItemSink& sink) {
  for_each_field(info, bytes, [&](const FieldInfo& field, const std::string& value) {
    sink({at + field.offset, field.bytes, prefix + "." + std::string(field.name), value});
  });
}

Result<void> inspect(std::uint64_t file_bytes, const ReadBytes& read, bool all, const ItemSink& sink) {
  NEARLINE_TRY(slots, read(0, std::min(file_bytes, kDataStart)));
  slots.resize(kDataStart);
  const std::span<const std::byte, kDataStart> both(slots.data(), kDataStart);
  for (std::uint64_t slot = 0; slot * kBlockBytes < file_bytes && slot < 2; ++slot) {
    const std::uint64_t at = slot * kBlockBytes;
    inspect_struct(kSuperblockInfo, both.subspan(at, kBlockBytes), at, indexed("superblock", slot), sink);
  }
  NEARLINE_TRY(choice, choose_superblock(both.first<kBlockBytes>(), both.last<kBlockBytes>(), file_bytes));
  const Superblock& superblock = choice.superblock;
  NEARLINE_TRY(bytes, read(superblock.manifest_offset, superblock.manifest_bytes));
  inspect_manifest(bytes, superblock.manifest_offset, sink);
  NEARLINE_TRY(manifest, decode_manifest(bytes, superblock));
  for (std::size_t i = 0; i < manifest.sections.size(); ++i) {
    NEARLINE_CHECK(inspect_section(manifest, i, read, all, sink));
  }
  return {};
}

}  // namespace nearline::format
