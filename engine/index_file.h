// SPDX-License-Identifier: Apache-2.0
/// An index file that has been opened: its newest valid commit, and its sections with the means to check them.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/section_check.h"
#include "format/calibration.h"
#include "format/graph_page.h"
#include "format/manifest.h"
#include "format/superblock.h"
#include "io/file.h"
#include "nearline/result.h"

namespace nearline::engine {

class IndexFile {
 public:
  /// Reads both superblocks and the manifest, and nothing else.
  /// Errors: those of FileSystem::open_read; kNotAnIndex, kUnsupported, kCorrupt, kTruncated. All name the file.
  static Result<std::unique_ptr<IndexFile>> open(io::FileSystem& fs, const std::filesystem::path& path);

  [[nodiscard]] const io::File& file() const noexcept { return *file_; }
  [[nodiscard]] const format::Superblock& superblock() const noexcept { return choice_.superblock; }
  [[nodiscard]] const format::Choice& choice() const noexcept { return choice_; }
  [[nodiscard]] const format::Manifest& manifest() const noexcept { return manifest_; }
  [[nodiscard]] std::uint64_t file_bytes() const noexcept { return file_bytes_; }
  [[nodiscard]] bool empty() const noexcept { return manifest_.segments.empty() || segment().count == 0; }

  /// Version 1.0 files have one field and one segment. Precondition of segment(), shape(), section(): there is one.
  [[nodiscard]] const format::Field& field() const noexcept { return manifest_.fields.front(); }
  [[nodiscard]] const format::Segment& segment() const noexcept { return manifest_.segments.front(); }
  [[nodiscard]] format::PageShape shape() const noexcept;
  [[nodiscard]] const format::Section* section(format::SectionKind kind) const noexcept {
    return manifest_.find(kind, 0);
  }

  /// A checker for one of the manifest's sections, which keeps so many blocks of its tree.
  [[nodiscard]] std::unique_ptr<SectionCheck> check(const format::Section& section,
                                                    std::uint32_t cached_blocks = 256) const;

  /// Reads and checks a whole section, which is at most `most` bytes. Errors: kCorrupt, kIo.
  Result<std::vector<std::byte>> read_whole(const format::Section& section, std::uint64_t most) const;

  /// What builds measured for `recall`; none when the file has no calibration. Errors: kCorrupt, kUnsupported, kIo.
  Result<std::optional<format::Calibration>> calibration() const;

  /// Reads and checks [first, first + count) of a section of u32 elements. `checker` is that section's.
  /// Errors: kCorrupt, kIo. Precondition: the range is inside the section.
  Result<std::vector<std::uint32_t>> read_u32(const format::Section& section, SectionCheck& checker,
                                              std::uint64_t first, std::uint64_t count) const;

 private:
  IndexFile() = default;
  Result<void> read_manifest();

  std::unique_ptr<io::File> file_;
  format::Choice choice_;
  format::Manifest manifest_;
  std::uint64_t file_bytes_ = 0;
};

}  // namespace nearline::engine
