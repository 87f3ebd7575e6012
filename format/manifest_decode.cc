// SPDX-License-Identifier: Apache-2.0
/// From bytes to rows. What the rows mean together is checked by the manifest_check.h family, before anyone sees them.
#include <algorithm>
#include <cassert>
#include <utility>

#include "format/checksum.h"
#include "format/corrupt.h"
#include "format/manifest_check.h"
#include "format/manifest_end.h"

namespace nearline::format {
namespace {

Result<void> check_count(std::uint32_t count, std::uint32_t least, std::uint32_t most, std::uint64_t at,
                         std::string_view what) {
  if (count >= least && count <= most) return {};
  return corrupt(at, std::to_string(count) + " " + std::string(what) + ": expected " + std::to_string(least) + " to " +
                         std::to_string(most));
}

Result<void> check_counts(const ManifestHeader& h, std::uint64_t at) {
  NEARLINE_CHECK(check_count(h.field_count, 1, kMaxFields, at + offsetof(ManifestHeader, field_count), "fields"));
  NEARLINE_CHECK(
      check_count(h.attribute_count, 0, kMaxAttributes, at + offsetof(ManifestHeader, attribute_count), "attributes"));
  NEARLINE_CHECK(
      check_count(h.transform_count, 0, kMaxTransforms, at + offsetof(ManifestHeader, transform_count), "transforms"));
  NEARLINE_CHECK(
      check_count(h.segment_count, 0, kMaxSegments, at + offsetof(ManifestHeader, segment_count), "segments"));
  NEARLINE_CHECK(check_count(h.graph_count, 0, kMaxGraphs, at + offsetof(ManifestHeader, graph_count), "graphs"));
  NEARLINE_CHECK(
      check_count(h.section_count, 0, kMaxSections, at + offsetof(ManifestHeader, section_count), "sections"));
  return check_count(h.free_count, 0, kMaxFreeExtents, at + offsetof(ManifestHeader, free_count), "free extents");
}

/// Header, counts against the length, zeros, footer: afterwards every table lies inside the bytes.
Result<ManifestHeader> check_frame(std::span<const std::byte> bytes, std::uint64_t at) {
  if (bytes.size() < kBlockBytes || bytes.size() % kBlockBytes != 0 || bytes.size() > kMaxManifestBytes) {
    return corrupt(at, "a manifest of " + std::to_string(bytes.size()) + " bytes: expected a multiple of 4096 up to " +
                           std::to_string(kMaxManifestBytes));
  }
  const auto header = row_at<ManifestHeader>(bytes, 0);
  if (header.magic != kManifestMagic) return corrupt(at, "a manifest does not begin with its mark");
  const std::size_t footer_place = bytes.size() - sizeof(ManifestFooter);
  const auto footer = row_at<ManifestFooter>(bytes, footer_place);
  if (hash128(bytes.first(footer_place + offsetof(ManifestFooter, hash))) != footer.hash) {
    return corrupt(at + footer_place + offsetof(ManifestFooter, hash), "the hash of the manifest does not match");
  }
  NEARLINE_CHECK(check_counts(header, at));
  const ManifestTables tables = ManifestTables::of(header);
  if (tables.bytes != bytes.size() || header.manifest_bytes != bytes.size() || footer.manifest_bytes != bytes.size()) {
    return corrupt(at + offsetof(ManifestHeader, manifest_bytes),
                   "the manifest's counts need " + std::to_string(tables.bytes) + " bytes and it says that it has " +
                       std::to_string(header.manifest_bytes) + ": expected " + std::to_string(bytes.size()));
  }
  if (footer.magic != kFooterMagic) return corrupt(at + footer_place, "a manifest does not end with its mark");
  if (header.generation == 0 || header.generation != footer.generation) {
    return corrupt(at + offsetof(ManifestHeader, generation), "generation " + std::to_string(header.generation) +
                                                                  " above and " + std::to_string(footer.generation) +
                                                                  " below: expected the same, from 1");
  }
  if (!all_zero(header.reserved) || !all_zero(bytes.subspan(tables.end, tables.footer - tables.end))) {
    return corrupt(at + offsetof(ManifestHeader, reserved), "reserved bytes of the manifest are not zero");
  }
  return header;
}

Result<std::string> unpadded(const std::array<std::uint8_t, 64>& name, std::uint64_t at) {
  std::size_t used = name.size();
  while (used > 0 && name[used - 1] == 0) --used;
  if (used == 0 || used > kMaxNameBytes) return corrupt(at, "a name is empty or not closed by a zero byte");
  return std::string(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(used));
}

Result<Field> unpacked(const FieldRow& row, std::uint64_t at) {
  NEARLINE_TRY(name, unpadded(row.name, at));
  if (row.multi > 1 || row.indexed > 1 || row.calibrate > 1 || !all_zero(row.reserved)) {
    return corrupt(at + offsetof(FieldRow, multi), "a yes-or-no byte is neither 0 nor 1, or reserved bytes are used");
  }
  return Field{.name = std::move(name),
               .dim = row.dim,
               .type = static_cast<ElementType>(row.type),
               .metric = static_cast<Metric>(row.metric),
               .multi = row.multi == 1,
               .indexed = row.indexed == 1,
               .transform = row.transform,
               .settings = {.layout = static_cast<Layout>(row.layout),
                            .calibrate = row.calibrate == 1,
                            .degree = row.degree,
                            .l_build = row.l_build,
                            .alpha = row.alpha,
                            .code_bytes = row.code_bytes == kAutoCodeBytes ? Count::kAuto : row.code_bytes,
                            .page_records = row.page_records,
                            .seed = row.seed}};
}

Result<Attribute> unpacked(const AttributeRow& row, std::uint64_t at) {
  NEARLINE_TRY(name, unpadded(row.name, at));
  if (!all_zero(row.reserved)) return corrupt(at + offsetof(AttributeRow, reserved), "reserved bytes are not zero");
  return Attribute{.name = std::move(name), .type = static_cast<AttributeType>(row.type)};
}

Result<FieldTransform> unpacked(const TransformRow& row, std::uint64_t at) {
  if (!all_zero(row.reserved_0) || !all_zero(row.reserved_1)) return corrupt(at, "reserved bytes are not zero");
  return FieldTransform{.kind = row.kind, .in_dim = row.in_dim, .query_dim = row.query_dim};
}

Result<Segment> unpacked(const SegmentRow& row, std::uint64_t at) {
  if (!all_zero(row.reserved)) return corrupt(at + offsetof(SegmentRow, reserved), "reserved bytes are not zero");
  return Segment{.count = row.count,
                 .deleted = row.deleted,
                 .first_id = row.first_id,
                 .last_id = row.last_id,
                 .id_bytes = row.id_bytes};
}

Result<Graph> unpacked(const GraphRow& row, std::uint64_t at) {
  if (!all_zero(row.reserved_0) || !all_zero(row.reserved_1)) {
    return corrupt(at, "reserved bytes are not zero");
  }
  return Graph{.segment = row.segment,
               .field = row.field,
               .layout = static_cast<Layout>(row.layout),
               .nodes = row.nodes,
               .degree = row.degree,
               .page_bytes = row.page_bytes,
               .slots = row.slots,
               .slot_bytes = row.slot_bytes,
               .neighbor_bits = row.neighbor_bits,
               .edges = row.edges,
               .local_edges = row.local_edges,
               .targets = row.targets,
               .code_bytes = row.code_bytes};
}

Result<Section> unpacked(const SectionRow& row, std::uint64_t at) {
  if ((row.flags & ~kOptionalFlag) != 0 || !all_zero(row.reserved)) {
    return corrupt(at + offsetof(SectionRow, flags), "unknown flags or reserved bytes of a section are not zero");
  }
  return Section{.kind = static_cast<SectionKind>(std::uint16_t{row.kind}),
                 .optional = row.flags == kOptionalFlag,
                 .field = row.field,
                 .segment = row.segment,
                 .offset = row.offset,
                 .length = row.length,
                 .count = row.count,
                 .element_bytes = row.element_bytes,
                 .serial = row.serial,
                 .tree_offset = row.tree_offset,
                 .tree_bytes = row.tree_bytes,
                 .root = row.root};
}

Result<Extent> unpacked(const FreeRow& row, std::uint64_t) {
  return Extent{.offset = row.offset, .length = row.length, .freed_in = row.freed_in};
}

template <class Row, class T>
Result<void> decode_table(std::span<const std::byte> bytes, std::uint64_t table, std::uint32_t count, std::uint64_t at,
                          std::vector<T>& out) {
  out.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t place = table + std::uint64_t{i} * sizeof(Row);
    NEARLINE_TRY(row, unpacked(row_at<Row>(bytes, place), at + place));
    out.push_back(std::move(row));
  }
  return {};
}

Result<Manifest> decode_rows(std::span<const std::byte> bytes, const ManifestHeader& header, std::uint64_t at) {
  const ManifestTables t = ManifestTables::of(header);
  Manifest m;
  m.file_id = header.file_id;
  m.generation = header.generation;
  m.live_count = header.live_count;
  m.next_serial = header.next_serial;
  m.next_id = header.next_id;
  NEARLINE_CHECK(decode_table<FieldRow>(bytes, t.fields, header.field_count, at, m.fields));
  NEARLINE_CHECK(decode_table<AttributeRow>(bytes, t.attributes, header.attribute_count, at, m.attributes));
  NEARLINE_CHECK(decode_table<TransformRow>(bytes, t.transforms, header.transform_count, at, m.transforms));
  NEARLINE_CHECK(decode_table<SegmentRow>(bytes, t.segments, header.segment_count, at, m.segments));
  NEARLINE_CHECK(decode_table<GraphRow>(bytes, t.graphs, header.graph_count, at, m.graphs));
  NEARLINE_CHECK(decode_table<SectionRow>(bytes, t.sections, header.section_count, at, m.sections));
  NEARLINE_CHECK(decode_table<FreeRow>(bytes, t.free, header.free_count, at, m.free));
  return m;
}

/// What the rows mean together, and with the file.
Result<Manifest> checked(Manifest manifest, const ManifestPlace& place) {
  NEARLINE_CHECK(check_schema(manifest, place));
  NEARLINE_CHECK(check_segments(manifest, place));
  NEARLINE_CHECK(check_graphs(manifest, place));
  NEARLINE_CHECK(check_sections(manifest, place));
  NEARLINE_CHECK(check_space(manifest, place));
  return manifest;
}

}  // namespace

const Section* Manifest::find(SectionKind kind, std::uint32_t segment) const noexcept {
  for (const Section& section : sections) {
    if (section.kind == kind && section.segment == segment) return &section;
  }
  return nullptr;
}

const Section* Manifest::column(std::uint32_t segment, std::uint32_t attribute) const noexcept {
  for (const Section& section : sections) {
    if (section.kind == SectionKind::kAttribute && section.segment == segment && section.field == attribute) {
      return &section;
    }
  }
  return nullptr;
}

const Section* Manifest::of_field(SectionKind kind, std::uint32_t field) const noexcept {
  for (const Section& section : sections) {
    if (section.kind == kind && section.segment == Section::kNone && section.field == field) {
      return &section;
    }
  }
  return nullptr;
}

Result<Manifest> decode_manifest(std::span<const std::byte> bytes, std::uint64_t at, std::uint64_t committed) {
  assert(at % kBlockBytes == 0 && committed % kBlockBytes == 0);
  assert(at <= committed && bytes.size() <= committed - at);
  NEARLINE_TRY(header, check_frame(bytes, at));
  NEARLINE_TRY(manifest, decode_rows(bytes, header, at));
  return checked(std::move(manifest), {.at = at, .committed = committed, .tables = ManifestTables::of(header)});
}

Result<Manifest> decode_lone_manifest(std::span<const std::byte> bytes, std::uint64_t at) {
  assert(at % kBlockBytes == 0);
  NEARLINE_TRY(header, check_frame(bytes, at));
  NEARLINE_TRY(manifest, decode_rows(bytes, header, at));
  const std::uint64_t committed = claimed_end(manifest, at + bytes.size());
  return checked(std::move(manifest), {.at = at, .committed = committed, .tables = ManifestTables::of(header)});
}

}  // namespace nearline::format
