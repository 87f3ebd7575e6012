// SPDX-License-Identifier: Apache-2.0
/// Writes a new index file front to back: sections with their checksum trees, then manifest and superblocks.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "format/checksum_tree.h"
#include "format/manifest.h"
#include "io/file.h"
#include "nearline/result.h"

namespace nearline::engine {

class IndexFileWriter {
 public:
  /// Borrows an empty file. manifest: all but its sections.
  IndexFileWriter(io::File& file, format::Manifest manifest);

  /// Begins a section; offset, length, serial and tree are filled in by the writer.
  void begin(const format::Section& section);
  /// Appends to the section that was begun. Errors: those of File::write_some.
  Result<void> append(std::span<const std::byte> bytes);
  /// Ends it: zeros up to the block, then its tree.
  Result<void> end();

  /// A whole section of one element, which readers that do not know it may ignore.
  Result<void> add_optional(format::SectionKind kind, std::span<const std::byte> bytes);

  /// Segment statistics that are known only after the pages were written.
  format::Segment& segment() noexcept { return manifest_.segments.front(); }

  /// Writes manifest and both superblocks. The caller syncs and publishes. Returns the file's length. Sections may
  /// follow: they take the manifest's place, and the next finish writes it behind them.
  Result<std::uint64_t> finish();

 private:
  Result<void> flush();

  io::File& file_;
  format::Manifest manifest_;
  std::uint64_t at_;
  std::vector<std::byte> buffer_;  // whole blocks wait here to be checksummed and written together
  format::Section section_;
  std::vector<format::TreeBuilder> tree_;  // none or one
};

}  // namespace nearline::engine
