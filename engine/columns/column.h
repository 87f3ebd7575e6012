// SPDX-License-Identifier: Apache-2.0
/// One column of a segment, open: what its values are, read when they are asked for and not kept.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/columns/section_window.h"
#include "engine/file/index_file.h"
#include "format/column_keys.h"
#include "nearline/attributes.h"

namespace nearline::engine {

using format::RunKeys;

/// Keys from the first to the last, both included.
struct KeyRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

/// Threads: any number, each with a window of its own.
class Column {
 public:
  /// Reads the header. section: of the manifest. check: of its blocks; null for the usual one, by the checksum tree. It
  /// is used by one thread at a time unless it says otherwise. Errors: kCorrupt, kIo.
  static Result<std::shared_ptr<const Column>> open(const SegmentFile& file, const format::Section& section,
                                                    AttributeType type, std::unique_ptr<BlockCheck> check = nullptr);

  [[nodiscard]] const format::ColumnShape& shape() const noexcept { return shape_; }
  /// A window of this column that reads so many bytes ahead.
  [[nodiscard]] SectionWindow window(std::size_t ahead) const { return {file_, section_, *check_, ahead}; }

  /// The rows of all runs, as the header is followed by them. Errors: kCorrupt, kIo.
  Result<std::vector<format::Run>> runs(SectionWindow& window) const;
  /// All of one run. Errors: kCorrupt, kIo.
  Result<void> read_run(const format::Run& run, SectionWindow& window, RunKeys& out) const;
  /// What the row of one run says. Errors: kCorrupt, kIo.
  Result<format::Run> run(std::uint64_t number, SectionWindow& window) const;
  /// kCorrupt, of this column.
  [[nodiscard]] Error corrupt(std::string what) const;

  /// The first entry whose string is not below `text`; with `after` the first that is above. The dictionary is sorted.
  Result<std::uint64_t> place_of(std::string_view text, bool after, SectionWindow& window) const;
  /// The string of an entry of the dictionary. Errors: kCorrupt for one that is not there.
  Result<std::string> string(std::uint64_t entry, SectionWindow& window) const;
  /// An entry, or the one behind the last. Errors: kCorrupt for one that is not there; kIo.
  Result<format::EntryRow> entry(std::uint64_t number, SectionWindow& window) const;
  /// How many rows have the entries [first, last], at most, and whether all of these have postings.
  struct Posted {
    std::uint64_t rows = 0;
    bool all = true;
  };
  Result<Posted> posted(const KeyRange& entries, SectionWindow& window) const;
  /// Sets the bit of each row that a posting of these entries names. Precondition: all have one.
  Result<void> add_posted(const KeyRange& entries, SectionWindow& window, std::span<std::uint64_t> bits) const;

 private:
  Column(const SegmentFile& file, const format::Section& section, std::unique_ptr<BlockCheck> check);

  const std::shared_ptr<const io::File> owned_;
  const io::File& file_;
  const format::Section section_;
  std::unique_ptr<BlockCheck> check_;
  format::ColumnShape shape_;
};

}  // namespace nearline::engine
