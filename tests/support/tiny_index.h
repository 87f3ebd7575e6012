// SPDX-License-Identifier: Apache-2.0
/// Assembles small, valid index files in memory from the format room's encoders alone: for golden files, for damage
/// tests, for fuzz seeds. The graph is a hand-made ring, so that everything in the file is known beforehand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "format/code_book.h"
#include "format/fused_page.h"
#include "format/manifest.h"
#include "format/superblock.h"

namespace nearline::testing {

/// A file that grows by sections and commits.
class IndexAssembler {
 public:
  /// Schema, segments and counts of the first commit; sections are added here.
  explicit IndexAssembler(format::Manifest manifest);

  /// Adds a section: offset, length, serial and tree are filled in; count * element_bytes must be data's size.
  void add_section(format::Section section, std::span<const std::byte> data);

  /// Appends the manifest of the next generation and writes its superblock: the first into both slots. From the second
  /// on, the manifest before is free space.
  void commit();

  format::Manifest& manifest() noexcept { return manifest_; }
  [[nodiscard]] const std::vector<std::byte>& bytes() const noexcept { return bytes_; }

 private:
  void write_superblock(std::uint32_t slot, const format::Superblock& superblock);

  format::Manifest manifest_;
  format::Extent last_manifest_;
  std::vector<std::byte> bytes_;
};

/// What a tiny index holds.
struct TinySpec {
  std::uint32_t count = 5;
  std::uint32_t dim = 3;
  ElementType type = ElementType::kF32;
  Metric metric = Metric::kL2;
  std::uint32_t degree = 4;
  std::uint8_t id_bytes = 4;
  std::uint8_t file_number = 0;              ///< makes another file id
  std::uint32_t field = 0;                   ///< which the segment is of; further ones are in the manifest already
  Id above = 0;                              ///< added to all ids
  Id step = 10;                              ///< between the ids of neighbouring rows
  bool rising = false;                       ///< ids rise with the row, else they fall
  bool flat = false;                         ///< no neighbours
  std::uint32_t page_bytes = 0;              ///< of lean pages; 0: as a writer chooses
  std::optional<format::FusedForm> fused{};  ///< lean pages without
};

/// A code book of two parts, the first of one axis, the second of two.  dim: 3 or more.
format::CodeBook tiny_book(std::uint32_t dim);

/// 0, 1, ... 250, 0, ...
std::vector<std::byte> counting(std::size_t bytes);

/// One segment with graph pages, entry points and keys, and with fused pages also codes of two parts; not yet
/// committed.
/// Record o has the id above + step * (count - o), or (1 + o), and the neighbours o + 1, o - 1, o + 2, ... around the
/// ring.
IndexAssembler tiny_index(const TinySpec& spec);

/// Adds another segment, of the field that the spec says.
void add_segment(IndexAssembler& file, const TinySpec& spec);

/// Opens bytes as a reader does: superblocks, manifest.
Result<format::Manifest> open_bytes(std::span<const std::byte> file);

/// As open_bytes; then the other superblock, every block of every section against its tree, and every graph page by its
/// rules.
Result<void> verify_bytes(std::span<const std::byte> file);

}  // namespace nearline::testing
