// SPDX-License-Identifier: Apache-2.0
/// What rows of a manifest say about each other and about the file, checked once they are decoded.
#pragma once

#include <cstdint>

#include "format/manifest.h"
#include "format/manifest_layout.h"

namespace nearline::format {

/// Where the manifest stands, so that an error can name the byte that is wrong.
struct ManifestPlace {
  std::uint64_t at = 0;         ///< offset in the file
  std::uint64_t committed = 0;  ///< length of the committed file
  ManifestTables tables;

  [[nodiscard]] std::uint64_t field(std::size_t i, std::size_t member) const noexcept {
    return at + tables.fields + i * sizeof(FieldRow) + member;
  }
  [[nodiscard]] std::uint64_t attribute(std::size_t i, std::size_t member) const noexcept {
    return at + tables.attributes + i * sizeof(AttributeRow) + member;
  }
  [[nodiscard]] std::uint64_t transform(std::size_t i, std::size_t member) const noexcept {
    return at + tables.transforms + i * sizeof(TransformRow) + member;
  }
  [[nodiscard]] std::uint64_t segment(std::size_t i, std::size_t member) const noexcept {
    return at + tables.segments + i * sizeof(SegmentRow) + member;
  }
  [[nodiscard]] std::uint64_t graph(std::size_t i, std::size_t member) const noexcept {
    return at + tables.graphs + i * sizeof(GraphRow) + member;
  }
  [[nodiscard]] std::uint64_t section(std::size_t i, std::size_t member) const noexcept {
    return at + tables.sections + i * sizeof(SectionRow) + member;
  }
  [[nodiscard]] std::uint64_t free(std::size_t i, std::size_t member) const noexcept {
    return at + tables.free + i * sizeof(FreeRow) + member;
  }
};

/// Schema: values of fields, attributes, transforms; names unique. manifest_schema.cc
Result<void> check_schema(const Manifest& manifest, const ManifestPlace& place);

/// Segments, live count. manifest_segments.cc
Result<void> check_segments(const Manifest& manifest, const ManifestPlace& place);

/// Graphs: which there are, and how their pages are laid out. Precondition: the schema was checked. manifest_graphs.cc
Result<void> check_graphs(const Manifest& manifest, const ManifestPlace& place);

/// Sections: arithmetic, references, what each kind demands, presence. manifest_sections.cc
Result<void> check_sections(const Manifest& manifest, const ManifestPlace& place);

/// Every block of the committed file belongs to exactly one thing. Precondition: the checks above. manifest_space.cc
Result<void> check_space(const Manifest& manifest, const ManifestPlace& place);

/// The end of the last thing that an unchecked manifest of these tables names, in whole blocks. manifest_space.cc
std::uint64_t claimed_end(const Manifest& manifest, std::uint64_t manifest_end) noexcept;

}  // namespace nearline::format
