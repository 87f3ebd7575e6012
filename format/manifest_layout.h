// SPDX-License-Identifier: Apache-2.0
/// SPEC.md section 4: the pinned bytes of a manifest. A header with the table counts, the tables one behind the other,
/// zeros, and at the end of the last block a footer.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <span>
#include <type_traits>

#include "format/endian.h"
#include "format/manifest.h"
#include "format/superblock.h"

namespace nearline::format {

inline constexpr std::array<std::uint8_t, 8> kManifestMagic = {0x8A, 'N', 'E', 'A', 'R', 'M', 'A', 'N'};
inline constexpr std::array<std::uint8_t, 8> kFooterMagic = {0x8B, 'N', 'E', 'A', 'R', 'E', 'N', 'D'};

struct ManifestHeader {
  std::array<std::uint8_t, 8> magic;     //  0
  le64 manifest_bytes;                   //  8
  FileId file_id;                        // 16
  le64 generation;                       // 32
  le64 live_count;                       // 40
  le64 next_serial;                      // 48
  le64 next_id;                          // 56
  le32 field_count;                      // 64
  le32 attribute_count;                  // 68
  le32 transform_count;                  // 72
  le32 segment_count;                    // 76
  le32 graph_count;                      // 80
  le32 section_count;                    // 84
  le32 free_count;                       // 88
  std::array<std::uint8_t, 4> reserved;  // 92
};
static_assert(sizeof(ManifestHeader) == 96 && offsetof(ManifestHeader, field_count) == 64);

struct FieldRow {
  std::array<std::uint8_t, 64> name;      //  0
  le32 dim;                               // 64
  std::uint8_t type;                      // 68
  std::uint8_t metric;                    // 69
  std::uint8_t multi;                     // 70
  std::uint8_t indexed;                   // 71
  le32 transform;                         // 72
  std::uint8_t layout;                    // 76
  std::uint8_t calibrate;                 // 77
  le16 code_bytes;                        // 78
  le32 degree;                            // 80
  le32 l_build;                           // 84
  lef32 alpha;                            // 88
  le32 page_records;                      // 92
  le64 seed;                              // 96
  std::array<std::uint8_t, 24> reserved;  // 104
};
static_assert(sizeof(FieldRow) == 128 && offsetof(FieldRow, transform) == 72 && offsetof(FieldRow, seed) == 96);
inline constexpr std::uint16_t kAutoCodeBytes = 0xFFFF;

struct AttributeRow {
  std::array<std::uint8_t, 64> name;      //  0
  std::uint8_t type;                      // 64
  std::array<std::uint8_t, 15> reserved;  // 65
};
static_assert(sizeof(AttributeRow) == 80);

struct TransformRow {
  le16 kind;                               // 0
  std::array<std::uint8_t, 2> reserved_0;  // 2
  le32 in_dim;                             // 4
  le32 query_dim;                          // 8
  std::array<std::uint8_t, 4> reserved_1;  // 12
};
static_assert(sizeof(TransformRow) == 16);

struct SegmentRow {
  le64 count;                            //  0
  le64 deleted;                          //  8
  le64 first_id;                         // 16
  le64 last_id;                          // 24
  std::uint8_t id_bytes;                 // 32
  std::array<std::uint8_t, 7> reserved;  // 33
};
static_assert(sizeof(SegmentRow) == 40 && offsetof(SegmentRow, id_bytes) == 32);

struct GraphRow {
  le32 segment;                             //  0
  le32 field;                               //  4
  std::uint8_t layout;                      //  8
  std::uint8_t neighbor_bits;               //  9
  le16 targets;                             // 10
  le16 code_bytes;                          // 12
  std::array<std::uint8_t, 2> reserved_0;   // 14
  le64 nodes;                               // 16
  le64 edges;                               // 24
  le64 local_edges;                         // 32
  le32 degree;                              // 40
  le32 page_bytes;                          // 44
  le32 slots;                               // 48
  le32 slot_bytes;                          // 52
  std::array<std::uint8_t, 24> reserved_1;  // 56
};
static_assert(sizeof(GraphRow) == 80 && offsetof(GraphRow, nodes) == 16 && offsetof(GraphRow, slot_bytes) == 52);

struct SectionRow {
  le16 kind;                             //  0
  le16 flags;                            //  2
  le32 field;                            //  4
  le32 segment;                          //  8
  le32 element_bytes;                    // 12
  le64 offset;                           // 16
  le64 length;                           // 24
  le64 count;                            // 32
  le64 serial;                           // 40
  le64 tree_offset;                      // 48
  le64 tree_bytes;                       // 56
  le64 root;                             // 64
  std::array<std::uint8_t, 8> reserved;  // 72
};
static_assert(sizeof(SectionRow) == 80 && offsetof(SectionRow, root) == 64);
inline constexpr std::uint16_t kOptionalFlag = 1;

struct FreeRow {
  le64 offset;    //  0
  le64 length;    //  8
  le64 freed_in;  // 16
};
static_assert(sizeof(FreeRow) == 24);

struct ManifestFooter {
  std::array<std::uint8_t, 8> magic;  //  0
  le64 manifest_bytes;                //  8
  le64 generation;                    // 16
  std::array<std::uint8_t, 16> hash;  // 24  XXH3-128 of all bytes of the manifest before it
};
static_assert(sizeof(ManifestFooter) == 40 && alignof(ManifestFooter) == 1);
static_assert(std::has_unique_object_representations_v<SectionRow>);

/// Where the tables stand, from the manifest's start. Computed from the counts; no table's place is stored.
struct ManifestTables {
  std::uint64_t fields = 0;
  std::uint64_t attributes = 0;
  std::uint64_t transforms = 0;
  std::uint64_t segments = 0;
  std::uint64_t graphs = 0;
  std::uint64_t sections = 0;
  std::uint64_t free = 0;
  std::uint64_t end = 0;  ///< of the tables; zeros from here to the footer
  std::uint64_t footer = 0;
  std::uint64_t bytes = 0;  ///< of the manifest, a multiple of 4096

  /// Cannot overflow: counts have 32 bits.
  static constexpr ManifestTables of(const ManifestHeader& header) noexcept {
    ManifestTables t;
    t.fields = sizeof(ManifestHeader);
    t.attributes = t.fields + std::uint64_t{header.field_count} * sizeof(FieldRow);
    t.transforms = t.attributes + std::uint64_t{header.attribute_count} * sizeof(AttributeRow);
    t.segments = t.transforms + std::uint64_t{header.transform_count} * sizeof(TransformRow);
    t.graphs = t.segments + std::uint64_t{header.segment_count} * sizeof(SegmentRow);
    t.sections = t.graphs + std::uint64_t{header.graph_count} * sizeof(GraphRow);
    t.free = t.sections + std::uint64_t{header.section_count} * sizeof(SectionRow);
    t.end = t.free + std::uint64_t{header.free_count} * sizeof(FreeRow);
    t.bytes = (t.end + sizeof(ManifestFooter) + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
    t.footer = t.bytes - sizeof(ManifestFooter);
    return t;
  }
};

/// Copies a pinned struct out of bytes. Precondition: it fits.
template <class Row>
Row row_at(std::span<const std::byte> bytes, std::uint64_t place) noexcept {
  Row row;
  std::memcpy(&row, bytes.data() + place, sizeof row);
  return row;
}

/// Stamps the footer's hash over the bytes before it, whatever they hold. Precondition: room for a footer.
void stamp_manifest(std::span<std::byte> manifest) noexcept;

}  // namespace nearline::format
