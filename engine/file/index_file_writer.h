// SPDX-License-Identifier: Apache-2.0
/// Writes an index file: sections with their checksum trees, then manifest and superblock. A new file is written front
/// to back; a commit to an existing one writes where nothing is that anybody may still need.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/file/file_space.h"
#include "engine/file/space_beside.h"
#include "format/checksum_tree.h"
#include "format/manifest.h"
#include "format/superblock.h"
#include "io/file.h"
#include "nearline/result.h"

namespace nearline::engine {

/// A segment whose sections stand in the file, and which no manifest names yet.
struct WrittenSegment {
  format::Segment segment;
  format::Graph graph;
  std::vector<format::Section> sections;
};

class IndexFileWriter {
 public:
  /// Borrows an empty file. manifest: the schema.
  IndexFileWriter(io::File& file, format::Manifest manifest);

  /// Borrows an index file. manifest: the newest, of the generation to come. space: what may be written.
  IndexFileWriter(io::File& file, format::Manifest manifest, FileSpace space);

  /// Borrows an index file, for segments that are written beside commits: to where `beside` says. manifest: the newest
  /// as it was when they were begun. There is no commit of its own, and nothing of the manifest's is given back.
  IndexFileWriter(io::File& file, format::Manifest manifest, SpaceBeside& beside);

  /// Segments that are added from here on are of this field; at first of the primary one.
  void choose_field(std::uint32_t field) noexcept { field_ = field; }
  /// A segment whose sections follow, and its graph. Returns its entry in the segment table.
  std::uint32_t add_segment(const format::Segment& segment, const format::Graph& graph);
  /// The segment that was added last, its sections included.
  [[nodiscard]] WrittenSegment last_segment() const;
  /// Adds a segment that was written beside this commit. Returns its entry in the segment table.
  std::uint32_t adopt(const WrittenSegment& written);
  /// Sections that follow belong to this segment; Section::kNone: to the whole file.
  void choose_segment(std::uint32_t row) noexcept { row_ = row; }
  [[nodiscard]] std::uint32_t row() const noexcept { return row_; }
  format::Segment& segment() noexcept { return manifest_.segments[row_]; }
  /// Of the chosen segment: its counts of edges are known only after the pages were written.
  format::Graph& graph() noexcept { return manifest_.graphs[row_]; }

  /// Gives the section's space back, and forgets it.
  void drop_section(format::SectionKind kind, std::uint32_t segment);
  void drop_queries(std::uint32_t field);
  /// Forgets segments and their sections; those behind move up.
  void drop_segments(std::span<const std::uint32_t> rows);

  /// Begins a section of section.count elements; segment, field, offset, length, serial and tree are filled in by the
  /// writer. Errors: kInvalidArgument where no serial is left; those of File::allocate.
  Result<void> begin(const format::Section& section);
  /// Appends to the section that was begun; graph pages and keys are sealed here. Errors: those of File::write_some.
  Result<void> append(std::span<const std::byte> bytes);
  /// Ends it: zeros up to the block, then its tree.
  Result<void> end();

  /// A section of another file, data and tree as they are: checksums hold wherever blocks stand. The file's id and the
  /// section's serial must be this file's. Errors: kCorrupt where a block does not match; those of reading and writing.
  Result<void> copy(const io::File& from, const format::Section& section);

  /// Moves sections of this file, the last ones first, to the lowest free space before them. They are written there
  /// anew, and where they were is given back. Errors: as copy.
  Result<void> move_to_front();

  /// A whole section of one element, which readers that do not know it may ignore.
  Result<void> add_optional(format::SectionKind kind, std::span<const std::byte> bytes);

  /// How the segments to come of a field are made.
  format::Settings& settings(std::uint32_t field) noexcept { return manifest_.fields[field].settings; }

  /// The sample of queries of a field, in place of one that is there; none takes it away.
  Result<void> set_queries(std::uint32_t field, std::span<const std::byte> rows);

  /// A new file's manifest and both superblocks. The caller syncs and publishes. Returns the file's length.
  Result<std::uint64_t> finish();

  /// The manifest, made durable together with the sections, then the superblock, made durable; with a boot the same
  /// without a flush, and the superblock says so. Returns the file's length. Errors: those of writing, and
  /// kInvalidArgument for what has no room in a manifest, after which the commit before stands and this one never will;
  /// kCommitUnknown when a flush failed, after which the file must be given up.
  Result<std::uint64_t> commit(const format::BootId& boot = {});

  /// Free bytes of the file that this commit may write.
  [[nodiscard]] std::uint64_t usable_bytes() const {
    return beside_ == nullptr ? space_.usable_bytes() : beside_->usable_bytes();
  }
  /// Bytes at the end of the file that nothing of this commit uses.
  [[nodiscard]] std::uint64_t free_end_bytes() const { return space_.end() - space_.used_end(); }
  /// A durable commit that appends nothing: behind the end may stand what the commit before uses. With `cut` it ends
  /// where what it uses ends, and room for the manifest of the next such commit. False, and no commit, where the
  /// manifests have no room in free space. Errors: as commit.
  Result<bool> commit_inside(bool cut);

  [[nodiscard]] const io::File& file() const noexcept { return file_; }
  [[nodiscard]] const format::Manifest& manifest() const noexcept { return manifest_; }

 private:
  template <class Drops>
  void drop(const Drops& drops);
  Result<void> flush();
  void seal();
  /// Where the section of so many bytes, tree included, goes, and its serial.
  Result<void> place_section(std::uint64_t bytes);
  /// Takes room for the manifest, which lists what is free after that. Returns its offset.
  std::uint64_t place_manifest(std::vector<std::byte>& encoded);
  /// The same in free space, and with `cut` as commit_inside; none where there is no room.
  std::optional<std::uint64_t> place_inside(std::vector<std::byte>& encoded, bool cut);
  void list_in_order();
  Result<void> copy_to(std::uint64_t at, const io::File& from, format::Section& section);
  Result<void> publish(std::uint64_t at, std::span<const std::byte> manifest, const format::BootId& boot);
  /// What no reader would take is never published: the bytes are read again, by a reader's rules.
  [[nodiscard]] Result<void> check(std::span<const std::byte> manifest, const format::Block& superblock,
                                   std::uint32_t slot) const;
  [[nodiscard]] format::Block superblock(std::uint64_t at, std::span<const std::byte> manifest, std::uint32_t slot,
                                         const format::BootId& boot) const;

  io::File& file_;
  format::Manifest manifest_;
  FileSpace space_;
  SpaceBeside* beside_ = nullptr;
  bool reserve_;  // blocks are allocated before they are written: a full disk is an error then, not at the flush
  std::uint32_t row_ = 0;
  std::uint32_t field_ = 0;
  std::uint64_t at_ = 0;
  std::vector<std::byte> buffer_;  // whole blocks and pages wait here to be checksummed and written together
  std::size_t buffer_bytes_ = 0;
  format::Section section_;
  std::vector<format::TreeBuilder> tree_;  // none or one
};

}  // namespace nearline::engine
