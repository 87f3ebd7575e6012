// SPDX-License-Identifier: Apache-2.0
/// SPEC.md section 4. The manifest: what one commit consists of. Decoding is validation: a Manifest that exists holds
/// only rows whose offsets, lengths, counts and cross references have been checked against the committed length.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/graph_page.h"
#include "nearline/result.h"
#include "nearline/schema.h"
#include "nearline/types.h"

namespace nearline::format {

// Bounds that decoding enforces, so that a hostile file cannot make a reader allocate or work without limit.
inline constexpr std::uint32_t kMaxFields = 1024;
inline constexpr std::uint32_t kMaxTransforms = 1024;
inline constexpr std::uint32_t kMaxSegments = 4096;
inline constexpr std::uint32_t kMaxGraphs = kMaxSegments;
inline constexpr std::uint32_t kMaxSections = 65'536;
inline constexpr std::uint32_t kMaxFreeExtents = 65'536;
inline constexpr std::uint64_t kMaxManifestBytes = 8u << 20;  ///< a manifest with all tables full is smaller
inline constexpr std::size_t kMaxNameBytes = 63;
inline constexpr std::uint32_t kLeastBuildDegree = 4;
inline constexpr std::uint32_t kMaxBuildList = 4096;
inline constexpr float kMaxAlpha = 2;

/// Ids from here on are the user's alone: a record that has one does not move `Manifest::next_id`, so that the largest
/// id there is does not leave the others without a successor.
inline constexpr Id kFirstFarId = Id{1} << 63;

/// What next_id becomes once a record with that id was added.
constexpr Id next_id_after(Id next, Id id) noexcept {
  return id >= kFirstFarId || id < next ? next : id + 1;
}

using FileId = std::array<std::uint8_t, 16>;

/// How a field's graphs are made: what was asked for, and what each later commit goes by.
struct Settings {
  Layout layout = Layout::kLean;
  bool calibrate = true;
  std::uint32_t degree = 32;
  std::uint32_t l_build = 100;
  float alpha = 1.2F;
  std::uint32_t code_bytes = Count::kAuto;    ///< 0: no codes
  std::uint32_t page_records = Count::kAuto;  ///< of fused pages
  std::uint64_t seed = 1;
};

/// One vector space of the records. Every record has the first field, the primary one, and may lack the others.
struct Field {
  std::string name;  ///< 1..63 bytes of UTF-8, unique
  std::uint32_t dim = 0;
  ElementType type = ElementType::kF32;
  Metric metric = Metric::kL2;
  bool multi = false;                      ///< a ragged list of vectors per record
  bool indexed = true;                     ///< its segments have neighbour lists; else stored only
  std::uint32_t transform = kNoTransform;  ///< entry of the transform table
  static constexpr std::uint32_t kNoTransform = 0xFFFF'FFFF;
  Settings settings{};
};

/// What one field does to vectors that come in and to queries. The steps stand in its section: transform.h.
struct FieldTransform {
  std::uint16_t kind = 1;       ///< kTransformKind
  std::uint32_t in_dim = 0;     ///< components of a record that comes in
  std::uint32_t query_dim = 0;  ///< of a query
};

/// A set of vectors of one field, each with its record's id; immutable but for deletions. Which field, its graph says.
struct Segment {
  std::uint64_t count = 0;  ///< records, deleted ones included
  std::uint64_t deleted = 0;
  Id first_id = 0;            ///< the least id of all its records; 0 without any
  Id last_id = 0;             ///< the largest
  std::uint8_t id_bytes = 4;  ///< of an id in a record: 4 or 8
};

/// How the vectors of a segment stand on pages, and of which field they are. The n-th graph is the n-th segment's.
struct Graph {
  std::uint32_t segment = 0;
  std::uint32_t field = 0;
  Layout layout = Layout::kLean;
  std::uint64_t nodes = 0;   ///< the segment's count
  std::uint32_t degree = 0;  ///< R
  std::uint32_t page_bytes = 0;
  std::uint32_t slots = 0;  ///< records per page
  std::uint32_t slot_bytes = 0;
  std::uint8_t neighbor_bits = 0;
  std::uint64_t edges = 0;
  std::uint64_t local_edges = 0;  ///< both ends on one page
  std::uint32_t targets = 0;      ///< fused: room of a page's table
  std::uint32_t code_bytes = 0;   ///< fused: of the code of each target

  /// How its pages are laid out.
  [[nodiscard]] PageShape shape(const Segment& of, const Field& over) const noexcept;
};

enum class SectionKind : std::uint16_t {
  kGraphPages = 1,   ///< graph_page.h
  kEntryPoints = 2,  ///< u32 nodes, nearest to the centre first
  kKeys = 3,         ///< from id to row: keys.h
  kVectors = 5,      ///< full-precision vectors in extents; not defined yet
  kCodes = 6,        ///< compressed codes
  kCodeParameters = 7,
  kTombstones = 8,  ///< one bit per row
  kAttribute = 9,   ///< one column of a segment: column.h
  kPayload = 10,
  kPayloadDictionary = 11,
  kTransform = 12,  ///< of one field, in the whole file: transform.h
  kCalibration = 13,
  kQueries = 15,  ///< queries that the calibrations of the field were measured with, as its vectors
};

/// "graph_pages", ...; "unknown" for a number without a name.
std::string_view name(SectionKind kind) noexcept;

/// One run of bytes with a meaning. Its checksum tree (checksum_tree.h) lies in the file too.
struct Section {
  SectionKind kind = SectionKind::kGraphPages;
  bool optional = false;      ///< a reader that does not know `kind` ignores it, instead of refusing
  std::uint32_t field = 0;    ///< entry of the field table, of a column of the attribute table; kNone: of all fields
  std::uint32_t segment = 0;  ///< entry of the segment table; kNone for a section of the whole file
  std::uint64_t offset = 0;   ///< multiple of 4096
  std::uint64_t length = 0;   ///< bytes that mean something; zeros up to the next multiple of 4096
  std::uint64_t count = 0;    ///< elements; count * element_bytes == length
  std::uint32_t element_bytes = 0;
  std::uint64_t serial = 0;       ///< salts the checksums; unique in the life of the file
  std::uint64_t tree_offset = 0;  ///< checksum tree, multiple of 4096; 0 for a section of no bytes
  std::uint64_t tree_bytes = 0;
  std::uint64_t root = 0;  ///< checksum of the tree's top block; 0 for a section of no bytes
  static constexpr std::uint32_t kNone = 0xFFFF'FFFF;
};

/// Blocks of the committed file that this commit does not use. Those freed by generation g may be written again once
/// g + 1 is durable and no reader holds a generation below g.
struct Extent {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::uint64_t freed_in = 1;  ///< generation, at most the manifest's own
};

struct Manifest {
  FileId file_id{};
  std::uint64_t generation = 0;
  std::uint64_t live_count = 0;
  std::uint64_t next_serial = 1;
  Id next_id = 0;  ///< of the next record that comes without one; kNoId: none is left
  std::vector<Field> fields;
  std::vector<Attribute> attributes;
  std::vector<FieldTransform> transforms;
  std::vector<Segment> segments;
  std::vector<Graph> graphs;      ///< one a segment, in their order
  std::vector<Section> sections;  ///< sorted by offset, not overlapping
  std::vector<Extent> free;       ///< sorted by offset, not overlapping

  /// The section of that kind for a segment, or null; of Section::kNone the first for the whole file.
  [[nodiscard]] const Section* find(SectionKind kind, std::uint32_t segment) const noexcept;
  /// The column of an attribute over a segment; null where no record has a value.
  [[nodiscard]] const Section* column(std::uint32_t segment, std::uint32_t attribute) const noexcept;
  /// The section of that kind for a field as a whole, or null.
  [[nodiscard]] const Section* of_field(SectionKind kind, std::uint32_t field) const noexcept;
};

/// The bytes, footer included; a multiple of 4096, so that no byte of the blocks it stands in escapes its hash.
/// Precondition: within the bounds above.
std::vector<std::byte> encode(const Manifest& manifest);

/// bytes: exactly the manifest; at: its offset in the file, a multiple of 4096; committed: length of the committed
/// file. Errors: kCorrupt with the offset; kUnsupported for a section kind, layout or transform that this build does
/// not know and that is not marked optional, and for multi-vector fields.
Result<Manifest> decode_manifest(std::span<const std::byte> bytes, std::uint64_t at, std::uint64_t committed);

}  // namespace nearline::format
