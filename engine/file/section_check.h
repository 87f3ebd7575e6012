// SPDX-License-Identifier: Apache-2.0
/// Checks blocks of one section against its checksum tree (SPEC.md section 5), reading the tree piece by piece: the
/// memory it takes does not grow with the file.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "format/checksum_tree.h"
#include "format/manifest.h"
#include "io/file.h"
#include "nearline/result.h"

namespace nearline::engine {

/// Threads: any number.
class SectionCheck {
 public:
  /// Borrows the file. At most `cached_blocks` tree blocks are kept.
  SectionCheck(const io::File& file, const format::FileId& id, const format::Section& section,
               std::uint32_t cached_blocks = 256);

  /// bytes: whole blocks, beginning with block `first` of the section.
  /// Errors: kCorrupt at the first block that does not match, or at a damaged tree block; kIo.
  Result<void> check(std::uint64_t first, std::span<const std::byte> bytes);

  /// Checks every block of the tree itself. Errors: as check.
  Result<void> check_tree();

  [[nodiscard]] const format::TreeShape& tree() const noexcept { return shape_; }
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept;

 private:
  struct Slot {
    std::uint64_t number = ~std::uint64_t{0};
    std::unique_ptr<std::byte[]> bytes;
  };

  Result<std::uint64_t> expected(std::uint64_t block);
  Result<const std::byte*> tree_block(std::uint32_t level, std::uint64_t index, std::uint64_t checksum);

  const io::File& file_;
  format::FileId id_;
  format::Section section_;
  format::TreeShape shape_;
  mutable std::mutex mutex_;
  std::vector<Slot> slots_;  // direct-mapped by tree block number; a verified copy, so no block is trusted twice
  std::uint64_t cached_bytes_ = 0;
};

}  // namespace nearline::engine
