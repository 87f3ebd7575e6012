// SPDX-License-Identifier: Apache-2.0
#include <cassert>
#include <cstring>

#include "format/checksum.h"
#include "format/manifest.h"
#include "format/manifest_layout.h"

namespace nearline::format {
namespace {

std::array<std::uint8_t, 64> padded(const std::string& name) noexcept {
  assert(!name.empty() && name.size() <= kMaxNameBytes);
  std::array<std::uint8_t, 64> bytes{};
  std::memcpy(bytes.data(), name.data(), name.size());
  return bytes;
}

ManifestHeader pinned(const Manifest& m) noexcept {
  ManifestHeader header{};
  header.magic = kManifestMagic;
  header.file_id = m.file_id;
  header.generation = m.generation;
  header.live_count = m.live_count;
  header.next_serial = m.next_serial;
  header.next_id = m.next_id;
  header.field_count = static_cast<std::uint32_t>(m.fields.size());
  header.attribute_count = static_cast<std::uint32_t>(m.attributes.size());
  header.transform_count = static_cast<std::uint32_t>(m.transforms.size());
  header.segment_count = static_cast<std::uint32_t>(m.segments.size());
  header.graph_count = static_cast<std::uint32_t>(m.graphs.size());
  header.section_count = static_cast<std::uint32_t>(m.sections.size());
  header.free_count = static_cast<std::uint32_t>(m.free.size());
  header.manifest_bytes = ManifestTables::of(header).bytes;
  return header;
}

FieldRow pinned(const Field& field) noexcept {
  FieldRow row{};
  row.name = padded(field.name);
  row.dim = field.dim;
  row.type = static_cast<std::uint8_t>(field.type);
  row.metric = static_cast<std::uint8_t>(field.metric);
  row.multi = field.multi ? 1 : 0;
  row.indexed = field.indexed ? 1 : 0;
  row.transform = field.transform;
  const Settings& settings = field.settings;
  row.layout = static_cast<std::uint8_t>(settings.layout);
  row.calibrate = settings.calibrate ? 1 : 0;
  row.code_bytes =
      settings.code_bytes == Count::kAuto ? kAutoCodeBytes : static_cast<std::uint16_t>(settings.code_bytes);
  row.degree = settings.degree;
  row.l_build = settings.l_build;
  row.alpha = settings.alpha;
  row.page_records = settings.page_records;
  row.seed = settings.seed;
  return row;
}

AttributeRow pinned(const Attribute& attribute) noexcept {
  AttributeRow row{};
  row.name = padded(attribute.name);
  row.type = static_cast<std::uint8_t>(attribute.type);
  return row;
}

TransformRow pinned(const FieldTransform& transform) noexcept {
  TransformRow row{};
  row.kind = transform.kind;
  row.in_dim = transform.in_dim;
  row.query_dim = transform.query_dim;
  return row;
}

SegmentRow pinned(const Segment& segment) noexcept {
  SegmentRow row{};
  row.count = segment.count;
  row.deleted = segment.deleted;
  row.first_id = segment.first_id;
  row.last_id = segment.last_id;
  row.id_bytes = segment.id_bytes;
  return row;
}

GraphRow pinned(const Graph& graph) noexcept {
  GraphRow row{};
  row.segment = graph.segment;
  row.field = graph.field;
  row.layout = static_cast<std::uint8_t>(graph.layout);
  row.neighbor_bits = graph.neighbor_bits;
  row.targets = static_cast<std::uint16_t>(graph.targets);
  row.code_bytes = static_cast<std::uint16_t>(graph.code_bytes);
  row.nodes = graph.nodes;
  row.edges = graph.edges;
  row.local_edges = graph.local_edges;
  row.degree = graph.degree;
  row.page_bytes = graph.page_bytes;
  row.slots = graph.slots;
  row.slot_bytes = graph.slot_bytes;
  return row;
}

SectionRow pinned(const Section& section) noexcept {
  SectionRow row{};
  row.kind = static_cast<std::uint16_t>(section.kind);
  row.flags = section.optional ? kOptionalFlag : std::uint16_t{0};
  row.field = section.field;
  row.segment = section.segment;
  row.element_bytes = section.element_bytes;
  row.offset = section.offset;
  row.length = section.length;
  row.count = section.count;
  row.serial = section.serial;
  row.tree_offset = section.tree_offset;
  row.tree_bytes = section.tree_bytes;
  row.root = section.root;
  return row;
}

FreeRow pinned(const Extent& extent) noexcept {
  FreeRow row{};
  row.offset = extent.offset;
  row.length = extent.length;
  row.freed_in = extent.freed_in;
  return row;
}

/// Rows one behind the other.
class RowWriter {
 public:
  explicit RowWriter(std::byte* at) noexcept : at_(at) {}
  template <class Row>
  void put(const Row& row) noexcept {
    std::memcpy(at_, &row, sizeof row);
    at_ += sizeof row;
  }
  template <class T>
  void table(const std::vector<T>& rows) noexcept {
    for (const T& row : rows) put(pinned(row));
  }

 private:
  std::byte* at_;
};

}  // namespace

void stamp_manifest(std::span<std::byte> manifest) noexcept {
  const Hash128 hash = hash128(manifest.first(manifest.size() - sizeof(ManifestFooter::hash)));
  std::memcpy(manifest.data() + manifest.size() - hash.size(), hash.data(), hash.size());
}

std::vector<std::byte> encode(const Manifest& manifest) {
  const ManifestHeader header = pinned(manifest);
  const ManifestTables tables = ManifestTables::of(header);
  std::vector<std::byte> bytes(tables.bytes);
  RowWriter rows(bytes.data());
  rows.put(header);
  rows.table(manifest.fields);
  rows.table(manifest.attributes);
  rows.table(manifest.transforms);
  rows.table(manifest.segments);
  rows.table(manifest.graphs);
  rows.table(manifest.sections);
  rows.table(manifest.free);
  ManifestFooter footer{};
  footer.magic = kFooterMagic;
  footer.manifest_bytes = tables.bytes;
  footer.generation = manifest.generation;
  RowWriter(bytes.data() + tables.footer).put(footer);
  stamp_manifest(bytes);
  return bytes;
}

}  // namespace nearline::format
