// SPDX-License-Identifier: Apache-2.0
/// From ids to rows of one segment, by its keys (format/keys.h). Blocks of keys come through the segment's page source
/// and share its cache. The fences, which say which block may hold an id, are read when the first id is asked for, and
/// stay: from then on an id takes one read, and all ids of a call one round of reads.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <span>
#include <vector>

#include "engine/file/index_file.h"
#include "engine/segment/lanes.h"
#include "engine/segment/read_pages.h"
#include "format/keys.h"

namespace nearline::engine {

/// Threads: any number. What it reads it reads with the caller's lane.
class KeyIndex {
 public:
  /// first_page: of the source's numbers that of the section's first block.
  KeyIndex(const SegmentFile& file, io::PageId first_page);

  /// The rows of ids, kNoOrdinal for those that no record has, deleted ones included. ids: ascending. The count is
  /// added to. Errors: kCorrupt, kIo.
  Result<void> find(Lane& lane, std::span<const Id> ids, std::span<std::uint32_t> rows, ReadCount& count) const;

  /// The rows of positions [first, first + rows.size()) in the order of ids. Errors: kCorrupt, kIo.
  Result<void> rows_at(Lane& lane, std::uint64_t first, std::span<std::uint32_t> rows) const;
  /// Their ids, too. ids: as many as rows.
  Result<void> keys_at(Lane& lane, std::uint64_t first, std::span<std::uint32_t> rows, std::span<Id> ids) const;
  /// Blocks that hold all keys; 0 where none are stored.
  [[nodiscard]] std::uint64_t blocks() const noexcept { return stored_ ? shape_.key_blocks() : 0; }

  /// How many ids are below this one: the position of it, or of the next. Errors: kCorrupt, kIo.
  Result<std::uint64_t> position_of(Lane& lane, Id id) const;

  [[nodiscard]] bool may_have(Id id) const noexcept { return shape_.may_have(id); }
  /// Of the fences, once they are there.
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept;
  /// What keys take in memory: the fences, and for a map a bit for each block.
  static std::uint64_t most_bytes(const format::KeyShape& shape) noexcept {
    return shape.fences() * sizeof(Id) + (shape.key_blocks() + shape.fence_blocks() + 7) / 8;
  }

 private:
  Result<void> read(Lane& lane, std::span<const std::uint64_t> blocks, ReadCount& count) const;
  Result<void> load_fences(Lane& lane, ReadCount& count) const;
  [[nodiscard]] std::uint64_t block_of(Id id, std::uint64_t from) const noexcept;
  [[nodiscard]] std::uint32_t row_in(const std::byte* block, std::uint64_t number, Id id, std::uint32_t& from) const;
  Result<void> check(std::span<const std::uint32_t> rows) const;

  const format::KeyShape shape_;
  const bool stored_;  ///< else row r has the id first + r
  const std::filesystem::path path_;
  const std::uint64_t at_;  ///< offset of the section, for errors
  const io::PageId first_page_;
  mutable std::mutex loading_;
  mutable std::atomic<bool> loaded_{false};
  mutable std::vector<Id> fences_;  ///< first ids of blocks 1, 2, ...; never changes once it is loaded
};

}  // namespace nearline::engine
