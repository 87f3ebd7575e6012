// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "format/checksum_tree.h"
#include "format/corrupt.h"
#include "format/graph_page.h"
#include "format/manifest_check.h"

namespace nearline::format {
namespace {

constexpr SectionKind kRequired[] = {SectionKind::kGraphPages, SectionKind::kEntryPoints, SectionKind::kIdIndex};

/// Optional tombstones may stand in files of version 1.0, and mean nothing.
bool is_understood(const Section& section) noexcept {
  return (section.kind == SectionKind::kTombstones && !section.optional) ||
         std::find(std::begin(kRequired), std::end(kRequired), section.kind) != std::end(kRequired);
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
    if (section.segment >= m.segments.size() || section.field != m.segments[section.segment].field) {
      return corrupt(place.section(i, offsetof(SectionRow, field)),
                     "a section of field " + std::to_string(section.field) + ", segment " +
                         std::to_string(section.segment) + ": no such segment of that field");
    }
    return {};
  }
  if ((section.field >= m.fields.size() && section.field != Section::kNoRow) ||
      (section.segment >= m.segments.size() && section.segment != Section::kNoRow)) {
    return corrupt(place.section(i, offsetof(SectionRow, field)),
                   "a section of field " + std::to_string(section.field) + ", segment " +
                       std::to_string(section.segment) + ": no such field or segment");
  }
  return {};
}

/// How many elements of what size the kind demands. Precondition: the references are good.
Result<void> check_elements(const Section& section, const Manifest& m, std::size_t i, const ManifestPlace& place) {
  const Segment& segment = m.segments[section.segment];
  std::uint64_t least = segment.count, most = segment.count;
  std::uint32_t size = 4;
  if (section.kind == SectionKind::kGraphPages) {
    size = segment.page_bytes;
    least = most = (segment.count + segment.slots - 1) / segment.slots;
  } else if (section.kind == SectionKind::kEntryPoints) {
    least = std::min<std::uint64_t>(1, segment.count);
  } else if (section.kind == SectionKind::kTombstones) {
    size = 1;
    least = most = (segment.count + 7) / 8;
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

/// Each segment with records has each required section once; a segment of no records may have them, empty. Tombstones
/// are there when a record is deleted, and only then.
Result<void> check_presence(const Manifest& m, const ManifestPlace& place) {
  constexpr std::size_t kTombstones = std::size(kRequired);
  std::vector<std::array<std::uint32_t, std::size(kRequired) + 1>> found(m.segments.size());
  for (std::size_t i = 0; i < m.sections.size(); ++i) {
    if (!is_understood(m.sections[i])) continue;
    const auto kind = std::find(std::begin(kRequired), std::end(kRequired), m.sections[i].kind) - std::begin(kRequired);
    if (++found[m.sections[i].segment][static_cast<std::size_t>(kind)] > 1) {
      return corrupt(place.section(i, 0), "a second section of kind " + std::string(name(m.sections[i].kind)) +
                                              " for segment " + std::to_string(m.sections[i].segment));
    }
  }
  for (std::size_t s = 0; s < m.segments.size(); ++s) {
    for (std::size_t k = 0; k < std::size(kRequired); ++k) {
      if (m.segments[s].count > 0 && found[s][k] == 0) {
        return corrupt(place.segment(s, 0),
                       "segment " + std::to_string(s) + " has no section of kind " + std::string(name(kRequired[k])));
      }
    }
    if ((m.segments[s].deleted > 0) != (found[s][kTombstones] > 0)) {
      return corrupt(place.segment(s, offsetof(SegmentRow, deleted)),
                     "segment " + std::to_string(s) + " has " + std::to_string(m.segments[s].deleted) +
                         " deleted records and " + std::to_string(found[s][kTombstones]) +
                         " sections of tombstones: expected one where a record is deleted");
    }
  }
  return {};
}

/// A fused segment with records has one code book, and one code for each entry point: walks begin with them.
Result<void> check_inline_codes(const Manifest& m, std::uint32_t s, const ManifestPlace& place) {
  const auto of_kind = [&](SectionKind kind) {
    return std::count_if(m.sections.begin(), m.sections.end(),
                         [&](const Section& section) { return section.kind == kind && section.segment == s; });
  };
  if (m.segments[s].layout != Layout::kFused || m.segments[s].count == 0) return {};
  const Section* const codes = m.find(SectionKind::kCodes, s);
  const bool found = of_kind(SectionKind::kCodes) == 1 && of_kind(SectionKind::kCodeParameters) == 1;
  if (found && codes->count == m.find(SectionKind::kEntryPoints, s)->count &&
      codes->element_bytes == m.segments[s].code_bytes && m.find(SectionKind::kCodeParameters, s)->length > 0) {
    return {};
  }
  return corrupt(place.segment(s, 0), "segment " + std::to_string(s) + " has fused pages: expected a code of " +
                                          std::to_string(m.segments[s].code_bytes) +
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
  for (std::uint32_t s = 0; s < manifest.segments.size(); ++s) NEARLINE_CHECK(check_inline_codes(manifest, s, place));
  return {};
}

}  // namespace nearline::format
