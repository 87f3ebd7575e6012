// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <tuple>

#include "format/checksum_tree.h"
#include "format/column.h"
#include "format/corrupt.h"
#include "format/graph_page.h"
#include "format/keys.h"
#include "format/manifest_check.h"
#include "format/payload.h"
#include "format/transform.h"

namespace nearline::format {
namespace {

constexpr SectionKind kRequired[] = {SectionKind::kGraphPages, SectionKind::kEntryPoints, SectionKind::kKeys};

bool is_understood(const Section& section) noexcept {
  return section.kind == SectionKind::kTombstones || section.kind == SectionKind::kAttribute ||
         section.kind == SectionKind::kPayload || section.kind == SectionKind::kTransform ||
         std::find(std::begin(kRequired), std::end(kRequired), section.kind) != std::end(kRequired);
}

/// Whether the section is a field's over the records of a segment, and not the segment's own.
bool is_of_a_graph(SectionKind kind) noexcept {
  return kind == SectionKind::kGraphPages || kind == SectionKind::kEntryPoints;
}

/// What records say stands once, with their first field.
bool is_of_records(const Section& section, const Manifest& m) noexcept {
  return section.segment < m.graphs.size() && m.graphs[section.segment].field == 0;
}

bool is_aligned_inside(std::uint64_t offset, std::uint64_t bytes, std::uint64_t committed) noexcept {
  return offset % kBlockBytes == 0 && offset >= kDataStart && offset <= committed && bytes <= committed - offset;
}

/// Offsets, lengths and the product of count and size. Afterwards no sum of these can overflow.
Result<void> check_arithmetic(const Section& section, std::size_t i, const ManifestPlace& place) {
  if (!is_aligned_inside(section.offset, section.length, place.committed)) {
    return corrupt(place.section(i, offsetof(SectionRow, offset)),
                   "a section of " + std::to_string(section.length) + " bytes at " + std::to_string(section.offset) +
                       ": expected it aligned to 4096 and inside " + std::to_string(place.committed));
  }
  std::uint64_t bytes = 0;
  if (section.element_bytes == 0 || __builtin_mul_overflow(section.count, section.element_bytes, &bytes) ||
      bytes != section.length) {
    return corrupt(place.section(i, offsetof(SectionRow, count)),
                   std::to_string(section.count) + " elements of " + std::to_string(section.element_bytes) +
                       " bytes: expected " + std::to_string(section.length) + " bytes together");
  }
  if (section.tree_bytes != TreeShape::of(section.length).bytes()) {
    return corrupt(place.section(i, offsetof(SectionRow, tree_bytes)),
                   "a checksum tree of " + std::to_string(section.tree_bytes) + " bytes: expected " +
                       std::to_string(TreeShape::of(section.length).bytes()));
  }
  const bool empty = section.length == 0;
  if (empty ? section.tree_offset != 0 || section.root != 0
            : !is_aligned_inside(section.tree_offset, section.tree_bytes, place.committed)) {
    return corrupt(place.section(i, offsetof(SectionRow, tree_offset)),
                   "a checksum tree at " + std::to_string(section.tree_offset) +
                       ": expected it aligned to 4096 and inside the file, or nowhere for a section of no bytes");
  }
  return {};
}

Result<void> check_references(const Section& section, const Manifest& m, std::size_t i, const ManifestPlace& place) {
  if (is_understood(section)) {
    std::string_view expected = "a segment and no field";
    bool good = section.segment < m.segments.size() && section.field == Section::kNone;
    if (is_of_a_graph(section.kind)) {
      expected = "a segment and its field";
      good = section.segment < m.graphs.size() && section.field == m.graphs[section.segment].field;
    } else if (section.kind == SectionKind::kAttribute) {
      expected = "a segment of the first field, and an attribute in place of the field";
      good = is_of_records(section, m) && section.field < m.attributes.size();
    } else if (section.kind == SectionKind::kPayload) {
      expected = "a segment of the first field, and no field";
      good = is_of_records(section, m) && section.field == Section::kNone;
    } else if (section.kind == SectionKind::kTransform) {
      expected = "a field that has a transform, and no segment";
      good = section.segment == Section::kNone && section.field < m.fields.size() &&
             m.fields[section.field].transform != Field::kNoTransform;
    }
    if (good) return {};
    return corrupt(place.section(i, offsetof(SectionRow, field)),
                   "a section of field " + std::to_string(section.field) + ", segment " +
                       std::to_string(section.segment) + ": expected " + std::string(expected));
  }
  if ((section.field >= m.fields.size() && section.field != Section::kNone) ||
      (section.segment >= m.segments.size() && section.segment != Section::kNone)) {
    return corrupt(place.section(i, offsetof(SectionRow, field)),
                   "a section of field " + std::to_string(section.field) + ", segment " +
                       std::to_string(section.segment) + ": no such field or segment");
  }
  return {};
}

Result<void> check_transform(const Section& section, std::size_t i, const ManifestPlace& place) {
  if (section.element_bytes == 1 && section.length >= sizeof(TransformHeader) &&
      section.length <= kMaxTransformSection) {
    return {};
  }
  return corrupt(place.section(i, offsetof(SectionRow, count)),
                 std::to_string(section.count) + " elements of " + std::to_string(section.element_bytes) +
                     " bytes in transform: expected " + std::to_string(sizeof(TransformHeader)) + " to " +
                     std::to_string(kMaxTransformSection) + " of 1");
}

/// How many elements of what size the kind demands. Precondition: the references are good.
Result<void> check_elements(const Section& section, const Manifest& m, std::size_t i, const ManifestPlace& place) {
  if (section.kind == SectionKind::kTransform) return check_transform(section, i, place);
  const std::uint64_t count = m.segments[section.segment].count;
  const Graph& graph = m.graphs[section.segment];
  const bool values = section.kind == SectionKind::kAttribute || section.kind == SectionKind::kPayload;
  if (values && count == 0) {
    return corrupt(place.section(i, offsetof(SectionRow, segment)),
                   "values of segment " + std::to_string(section.segment) + ", which has no records");
  }
  std::uint64_t least = count, most = count;
  std::uint32_t size = 4;
  if (section.kind == SectionKind::kGraphPages) {
    size = graph.page_bytes;
    least = most = (graph.nodes + graph.slots - 1) / graph.slots;
  } else if (section.kind == SectionKind::kEntryPoints) {
    least = std::min<std::uint64_t>(1, graph.nodes);
    most = graph.nodes;
  } else if (section.kind == SectionKind::kTombstones) {
    size = 1;
    least = most = (count + 7) / 8;
  } else if (values) {
    size = 1;
    least = section.kind == SectionKind::kAttribute ? sizeof(ColumnHeader) : sizeof(PayloadHeader);
    most = place.committed;
  } else if (section.kind == SectionKind::kKeys) {
    const KeyShape keys = KeyShape::of(m.segments[section.segment]);
    size = kBlockBytes;
    least = most = keys.dense() && section.count == 0 ? 0 : keys.blocks();  // none: rows in the order of ids
  }
  if (section.element_bytes != size || section.count < least || section.count > most) {
    return corrupt(place.section(i, offsetof(SectionRow, count)),
                   std::to_string(section.count) + " elements of " + std::to_string(section.element_bytes) +
                       " bytes in " + std::string(name(section.kind)) + ": expected " + std::to_string(least) + " to " +
                       std::to_string(most) + " of " + std::to_string(size));
  }
  return {};
}

Result<void> check_kind(const Section& section, const Manifest& m, std::size_t i, const ManifestPlace& place) {
  const auto kind = static_cast<unsigned>(section.kind);
  if (kind == 0) return corrupt(place.section(i, 0), "a section of kind 0: expected a kind");
  if (is_understood(section)) {
    if (section.optional) {
      return corrupt(place.section(i, offsetof(SectionRow, flags)),
                     "a section of kind " + std::to_string(kind) + " is marked optional");
    }
    return check_elements(section, m, i, place);
  }
  if (!section.optional) {
    return unsupported(place.section(i, 0), "a section of kind " + std::to_string(kind) + " (" +
                                                std::string(name(section.kind)) + ") that may not be ignored");
  }
  return {};
}

/// Serials salt checksums: one used twice would let blocks of two sections pass for each other.
Result<void> check_serials(const Manifest& m, const ManifestPlace& place) {
  if (m.next_serial == 0) {
    return corrupt(place.at + offsetof(ManifestHeader, next_serial), "next serial 0: expected 1 and up");
  }
  std::vector<std::uint64_t> serials;
  for (std::size_t i = 0; i < m.sections.size(); ++i) {
    const std::uint64_t serial = m.sections[i].serial;
    if (serial == 0 || serial >= m.next_serial) {
      return corrupt(place.section(i, offsetof(SectionRow, serial)),
                     "serial " + std::to_string(serial) + ": expected 1 to below " + std::to_string(m.next_serial));
    }
    serials.push_back(serial);
  }
  std::sort(serials.begin(), serials.end());
  if (const auto twice = std::adjacent_find(serials.begin(), serials.end()); twice != serials.end()) {
    return corrupt(place.at + place.tables.sections, "two sections have the serial " + std::to_string(*twice));
  }
  return {};
}

/// How often each graph, or segment, has a kind of section that is understood.
class Presence {
 public:
  /// Errors: kCorrupt for a second one.
  Result<void> add(const Section& section, std::size_t i, const ManifestPlace& place) {
    if (found_.insert(key(section.kind, section.segment, section.field)).second) return {};
    return corrupt(place.section(i, 0), "a second section of kind " + std::string(name(section.kind)) +
                                            " for segment " + std::to_string(section.segment));
  }
  [[nodiscard]] bool has(SectionKind kind, std::uint32_t segment, std::uint32_t field) const {
    return found_.contains(key(kind, segment, field));
  }

 private:
  using Key = std::tuple<SectionKind, std::uint32_t, std::uint32_t>;
  static Key key(SectionKind kind, std::uint32_t segment, std::uint32_t field) { return {kind, segment, field}; }
  std::set<Key> found_;
};

/// Each graph with nodes has its pages and entry points once, each segment with records its keys; without they may
/// have them, empty. Each field with a transform has its steps. Tombstones are there when a record is deleted, and only
/// then.
Result<void> check_presence(const Manifest& m, const ManifestPlace& place) {
  Presence found;
  for (std::size_t i = 0; i < m.sections.size(); ++i) {
    if (is_understood(m.sections[i])) NEARLINE_CHECK(found.add(m.sections[i], i, place));
  }
  const auto missing = [&](std::uint64_t at, std::uint32_t segment, SectionKind kind) {
    return corrupt(at, "segment " + std::to_string(segment) + " has no section of kind " + std::string(name(kind)));
  };
  for (std::size_t g = 0; g < m.graphs.size(); ++g) {
    const Graph& graph = m.graphs[g];
    for (const SectionKind kind : {SectionKind::kGraphPages, SectionKind::kEntryPoints}) {
      if (graph.nodes > 0 && !found.has(kind, graph.segment, graph.field))
        return missing(place.graph(g, 0), graph.segment, kind);
    }
  }
  for (std::uint32_t f = 0; f < m.fields.size(); ++f) {
    if (m.fields[f].transform != Field::kNoTransform && !found.has(SectionKind::kTransform, Section::kNone, f)) {
      return corrupt(place.field(f, offsetof(FieldRow, transform)),
                     "field " + std::to_string(f) + " has a transform, and no section of that kind");
    }
  }
  for (std::uint32_t s = 0; s < m.segments.size(); ++s) {
    if (m.segments[s].count > 0 && !found.has(SectionKind::kKeys, s, Section::kNone))
      return missing(place.segment(s, 0), s, SectionKind::kKeys);
    if ((m.segments[s].deleted > 0) != found.has(SectionKind::kTombstones, s, Section::kNone)) {
      return corrupt(place.segment(s, offsetof(SegmentRow, deleted)),
                     "segment " + std::to_string(s) + " has " + std::to_string(m.segments[s].deleted) +
                         " deleted records: expected tombstones where a record is deleted, and only there");
    }
  }
  return {};
}

/// A fused graph with nodes has one code book, and one code for each entry point: walks begin with them.
Result<void> check_inline_codes(const Manifest& m, std::size_t g, const ManifestPlace& place) {
  const Graph& graph = m.graphs[g];
  if (graph.layout != Layout::kFused || graph.nodes == 0) return {};
  const auto only = [&](SectionKind kind) -> const Section* {
    const Section* one = nullptr;
    for (const Section& section : m.sections) {
      if (section.kind != kind || section.segment != graph.segment || section.field != graph.field) continue;
      if (one != nullptr) return nullptr;
      one = &section;
    }
    return one;
  };
  const Section* const codes = only(SectionKind::kCodes);
  const Section* const book = only(SectionKind::kCodeParameters);
  const Section* const entries = only(SectionKind::kEntryPoints);
  if (codes != nullptr && book != nullptr && entries != nullptr && codes->count == entries->count &&
      codes->element_bytes == graph.code_bytes && book->length > 0) {
    return {};
  }
  return corrupt(place.graph(g, 0), "segment " + std::to_string(graph.segment) +
                                        " has fused pages: expected a code of " + std::to_string(graph.code_bytes) +
                                        " bytes for each entry point, and a code book");
}

}  // namespace

Result<void> check_sections(const Manifest& manifest, const ManifestPlace& place) {
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < manifest.sections.size(); ++i) {
    const Section& section = manifest.sections[i];
    NEARLINE_CHECK(check_arithmetic(section, i, place));
    NEARLINE_CHECK(check_references(section, manifest, i, place));
    NEARLINE_CHECK(check_kind(section, manifest, i, place));
    if (section.offset < before) {
      return corrupt(place.section(i, offsetof(SectionRow, offset)),
                     "sections are not in the order of their offsets: " + std::to_string(section.offset) + " behind " +
                         std::to_string(before));
    }
    before = section.offset;
  }
  NEARLINE_CHECK(check_serials(manifest, place));
  NEARLINE_CHECK(check_presence(manifest, place));
  for (std::size_t g = 0; g < manifest.graphs.size(); ++g) NEARLINE_CHECK(check_inline_codes(manifest, g, place));
  return {};
}

}  // namespace nearline::format
