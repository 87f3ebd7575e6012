// SPDX-License-Identifier: Apache-2.0
/// Which records of a segment are deleted, as far as the blocks of its tombstones are intact. One block is in memory
/// at a time: what a hostile file says of its count costs nothing.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/file/index_file.h"
#include "engine/repair/intact_blocks.h"

namespace nearline::engine {

enum class Fate { kLive, kDead, kUnknown };

/// Threads: one at a time. Made for asking in the order of ordinals.
class DeadRecords {
 public:
  DeadRecords(const SegmentFile& segment, std::uint64_t file_bytes);

  [[nodiscard]] Fate of(std::uint64_t ordinal);

  /// How many of [first, end) are known to be deleted.
  [[nodiscard]] std::uint64_t count(std::uint64_t first, std::uint64_t end);

 private:
  void load(std::uint64_t block);

  std::uint64_t records_;
  std::optional<IntactBlocks> blocks_;  ///< none when nothing is deleted
  std::uint64_t loaded_ = ~std::uint64_t{0};
  bool known_ = false;  ///< the loaded block is intact
  /// Every tombstone stands in blocks that are intact, so that no other record can be deleted.
  bool all_known_ = false;
  format::Block bits_{};
};

}  // namespace nearline::engine
