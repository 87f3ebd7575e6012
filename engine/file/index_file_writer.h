// SPDX-License-Identifier: Apache-2.0
/// Writes an index file: sections with their checksum trees, then manifest and superblock. A new file is written front
/// to back; a commit to an existing one writes where nothing is that anybody may still need.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/file/file_space.h"
#include "format/checksum_tree.h"
#include "format/manifest.h"
#include "format/superblock.h"
#include "io/file.h"
#include "nearline/result.h"

namespace nearline::engine {

class IndexFileWriter {
 public:
  /// Borrows an empty file. manifest: the schema.
  IndexFileWriter(io::File& file, format::Manifest manifest);

  /// Borrows an index file. manifest: the newest, of the generation to come. space: what may be written.
  IndexFileWriter(io::File& file, format::Manifest manifest, FileSpace space);

  /// A segment whose sections follow, and its primary field's graph. Returns its entry in the segment table.
  std::uint32_t add_segment(const format::Segment& segment, const format::Graph& graph);
  /// Sections that follow belong to this segment.
  void choose_segment(std::uint32_t row) noexcept { row_ = row; }
  format::Segment& segment() noexcept { return manifest_.segments[row_]; }
  /// Of the chosen segment: its counts of edges are known only after the pages were written.
  format::Graph& graph() noexcept;

  /// Gives the section's space back, and forgets it.
  void drop_section(format::SectionKind kind, std::uint32_t segment);
  /// Forgets segments and their sections; those behind move up.
  void drop_segments(std::span<const std::uint32_t> rows);

  /// Begins a section of section.count elements; segment, field, offset, length, serial and tree are filled in by the
  /// writer. Errors: kInvalidArgument where no serial is left; those of File::allocate.
  Result<void> begin(const format::Section& section);
  /// Appends to the section that was begun. Errors: those of File::write_some.
  Result<void> append(std::span<const std::byte> bytes);
  /// Ends it: zeros up to the block, then its tree.
  Result<void> end();

  /// A section of another file, data and tree as they are: checksums hold wherever blocks stand. The file's id and the
  /// section's serial must be this file's. Errors: kCorrupt where a block does not match; those of reading and writing.
  Result<void> copy(const io::File& from, const format::Section& section);

  /// A whole section of one element, which readers that do not know it may ignore.
  Result<void> add_optional(format::SectionKind kind, std::span<const std::byte> bytes);

  /// A new file's manifest and both superblocks. The caller syncs and publishes. Returns the file's length.
  Result<std::uint64_t> finish();

  /// The manifest, made durable together with the sections, then the superblock, made durable; with a boot the same
  /// without a flush, and the superblock says so. Returns the file's length. Errors: those of writing, and
  /// kInvalidArgument for what has no room in a manifest, after which the commit before stands and this one never will;
  /// kCommitUnknown when a flush failed, after which the file must be given up.
  Result<std::uint64_t> commit(const format::BootId& boot = {});

  [[nodiscard]] const io::File& file() const noexcept { return file_; }
  [[nodiscard]] const format::Manifest& manifest() const noexcept { return manifest_; }

 private:
  Result<void> flush();
  /// Takes room for the manifest, which lists what is free after that. Returns its offset.
  std::uint64_t place_manifest(std::vector<std::byte>& encoded);
  /// What no reader would take is never published: the bytes are read again, by a reader's rules.
  [[nodiscard]] Result<void> check(std::span<const std::byte> manifest, const format::Block& superblock,
                                   std::uint32_t slot) const;
  [[nodiscard]] format::Block superblock(std::uint64_t at, std::span<const std::byte> manifest, std::uint32_t slot,
                                         const format::BootId& boot) const;

  io::File& file_;
  format::Manifest manifest_;
  FileSpace space_;
  bool reserve_;  // blocks are allocated before they are written: a full disk is an error then, not at the flush
  std::uint32_t row_ = 0;
  std::uint64_t at_ = 0;
  std::vector<std::byte> buffer_;  // whole blocks wait here to be checksummed and written together
  format::Section section_;
  std::vector<format::TreeBuilder> tree_;  // none or one
};

}  // namespace nearline::engine
