// SPDX-License-Identifier: Apache-2.0
/// An index file that has been opened: its newest valid commit, and its sections with the means to check them.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/file/section_check.h"
#include "engine/records/record_set.h"
#include "format/calibration.h"
#include "format/graph_page.h"
#include "format/manifest.h"
#include "format/superblock.h"
#include "format/transform.h"
#include "io/file.h"
#include "nearline/result.h"

namespace nearline::engine {

class SegmentFile;

/// The entry of the first field in the field table. Every record has it.
inline constexpr std::uint32_t kPrimaryField = 0;

class IndexFile {
 public:
  /// Reads both superblocks and the manifest, and nothing else. While it is open no writer changes what belongs to the
  /// commit that was found.
  /// Errors: those of FileSystem::open_read; kNotAnIndex, kUnsupported, kCorrupt, kTruncated. All name the file.
  static Result<std::unique_ptr<IndexFile>> open(io::FileSystem& fs, const std::filesystem::path& path);
  /// The newest commit of the file that `before` has open, through the same opening, so that what was made of segments
  /// serves on. Each holds its commit for as long as it lives. Errors: as open.
  static Result<std::unique_ptr<IndexFile>> open_newest(io::FileSystem& fs, const IndexFile& before);
  IndexFile(const IndexFile&) = delete;
  IndexFile& operator=(const IndexFile&) = delete;
  ~IndexFile();

  /// Lets go of the commit, and keeps the file open: from here on only sections may be read that newer commits have,
  /// too. To be called once, before others use it.
  void let_go() const noexcept;

  /// What the superblocks of an open file say now, without a pin. Errors: as open.
  static Result<format::Choice> newest(const io::FileSystem& fs, const io::File& file);
  /// What a superblock of the file leads to. Errors: those of format::decode_manifest and of reading.
  static Result<format::Manifest> manifest_of(const io::File& file, const format::Superblock& superblock);

  /// A file that is being written: its sections stand there, its manifest does not yet. Borrows the file.
  IndexFile(const io::File& file, format::Manifest manifest) : file_(&file), manifest_(std::move(manifest)) {}

  [[nodiscard]] const io::File& file() const noexcept { return *file_; }
  /// The file, kept open by who holds it, though not the commit; one that is being written is only borrowed.
  [[nodiscard]] std::shared_ptr<const io::File> share_file() const noexcept {
    return owned_ ? std::shared_ptr<const io::File>(owned_) : std::shared_ptr<const io::File>(owned_, file_);
  }
  /// The superblock as it stands now: without a boot once `mark_durable` was called.
  [[nodiscard]] format::Superblock superblock() const noexcept {
    format::Superblock now = choice_.superblock;
    if (settled_.load(std::memory_order_relaxed)) now.boot = {};
    return now;
  }
  /// The commit was relaxed, and its superblock was written again as durable. Nothing else of a commit ever changes.
  void mark_durable() const noexcept { settled_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] const format::Choice& choice() const noexcept { return choice_; }
  [[nodiscard]] const format::Manifest& manifest() const noexcept { return manifest_; }
  [[nodiscard]] std::uint64_t file_bytes() const noexcept { return file_bytes_; }

  [[nodiscard]] const format::Field& field(std::uint32_t number = kPrimaryField) const noexcept {
    return manifest_.fields[number];
  }
  /// The segments with records, in the order of the manifest; of one field, or of all.
  [[nodiscard]] std::vector<SegmentFile> segments(std::uint32_t field) const;
  [[nodiscard]] std::vector<SegmentFile> segments() const;

  /// The sample of queries that the calibrations of a field are measured with, as rows of its vectors; empty when
  /// there is none. Errors: kCorrupt, kIo.
  [[nodiscard]] Result<std::vector<std::byte>> queries(std::uint32_t field = kPrimaryField) const;

  /// What the field does to vectors and queries; without steps where that is nothing. Errors: kCorrupt, kUnsupported,
  /// kIo.
  [[nodiscard]] Result<format::Transforms> transforms(std::uint32_t field = kPrimaryField) const;

  /// A checker for one of the manifest's sections, which keeps so many blocks of its tree.
  [[nodiscard]] std::unique_ptr<SectionCheck> check(const format::Section& section,
                                                    std::uint32_t cached_blocks = 256) const;

  /// Reads and checks a whole section, which is at most `most` bytes. Errors: kCorrupt, kIo.
  Result<std::vector<std::byte>> read_whole(const format::Section& section, std::uint64_t most) const;

  /// Reads and checks a whole section of u32 elements. Errors: kCorrupt, kIo.
  Result<std::vector<std::uint32_t>> read_u32(const format::Section& section) const;

 private:
  IndexFile() = default;
  static Result<std::unique_ptr<IndexFile>> open_on(io::FileSystem& fs, std::shared_ptr<io::File> file);
  Result<void> pin_newest(const format::BootId& boot);
  Result<void> read_manifest();

  std::shared_ptr<io::File> owned_;
  mutable bool pinned_ = false;
  const io::File* file_ = nullptr;
  format::Choice choice_;
  format::Manifest manifest_;
  std::uint64_t file_bytes_ = 0;
  mutable std::atomic<bool> settled_{false};
};

/// One segment of an index file: an entry of the manifest, its graph, and the sections of both. A view: the file
/// outlives it.
class SegmentFile {
 public:
  SegmentFile(const IndexFile& index, std::uint32_t row) noexcept : index_(&index), row_(row) {}

  [[nodiscard]] const IndexFile& index() const noexcept { return *index_; }
  [[nodiscard]] const io::File& file() const noexcept { return index_->file(); }
  [[nodiscard]] std::uint32_t row() const noexcept { return row_; }
  [[nodiscard]] const format::Field& field() const noexcept { return index_->field(field_number()); }
  [[nodiscard]] std::uint32_t field_number() const noexcept { return graph().field; }
  [[nodiscard]] const format::Segment& segment() const noexcept { return index_->manifest().segments[row_]; }
  [[nodiscard]] const format::Graph& graph() const noexcept { return index_->manifest().graphs[row_]; }
  [[nodiscard]] format::PageShape shape() const noexcept;
  [[nodiscard]] const format::Section* section(format::SectionKind kind) const noexcept {
    return index_->manifest().find(kind, row_);
  }
  /// Records that stand there without neighbours, be it one alone: a search compares with all of them.
  [[nodiscard]] bool flat() const noexcept { return graph().edges == 0; }

  /// What builds measured for `recall`; none when there is no calibration. Errors: kCorrupt, kUnsupported, kIo.
  [[nodiscard]] Result<std::optional<format::Calibration>> calibration() const;

  /// The records that are deleted. Errors: kCorrupt, kIo.
  [[nodiscard]] Result<RecordSet> tombstones() const;

 private:
  const IndexFile* index_;
  std::uint32_t row_;
};

}  // namespace nearline::engine
