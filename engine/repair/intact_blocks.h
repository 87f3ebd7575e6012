// SPDX-License-Identifier: Apache-2.0
/// Which blocks of a section are as they were written, in a file that may be damaged anywhere. Unlike SectionCheck it
/// does not need the tree to be whole: a block that matches its own checksum is good, however little of the tree is
/// left above, and a checksum block that is lost is proved again by the blocks under it.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "format/checksum_tree.h"
#include "format/manifest.h"
#include "format/superblock.h"
#include "io/file.h"

namespace nearline::engine {

/// Reads what can be read; zeros stand where the file ends and where a block cannot be read.
void read_what_is_there(const io::File& file, std::uint64_t at, std::span<std::byte> out);

/// Threads: one at a time. Made for reading front to back.
class IntactBlocks {
 public:
  /// Borrows the file. file_bytes: its length.
  IntactBlocks(const io::File& file, std::uint64_t file_bytes, const format::FileId& id,
               const format::Section& section) noexcept;

  /// How many blocks of the section the file has, cut as it may be.
  [[nodiscard]] std::uint64_t present() const noexcept { return present_; }

  /// Reads blocks from `first` on. True when all of them are as they were written. Precondition: they are present.
  bool read(std::uint64_t first, std::span<std::byte> out);
  /// Whether these blocks, which were read from `first` on, are as they were written.
  bool are_intact(std::uint64_t first, std::span<const std::byte> blocks);

 private:
  void load_group(std::uint64_t group);
  bool is_intact(std::uint64_t block, std::span<const std::byte> bytes);
  [[nodiscard]] bool prove_group();
  [[nodiscard]] std::uint64_t checksum(std::span<const std::byte> block, std::uint32_t level,
                                       std::uint64_t number) const noexcept;
  [[nodiscard]] std::uint64_t parent_checksum() const;

  static constexpr std::uint64_t kNone = ~std::uint64_t{0};

  const io::File& file_;
  format::FileId id_;
  format::Section section_;
  format::TreeShape shape_;
  std::uint64_t blocks_ = 0;
  std::uint64_t present_ = 0;
  // Blocks that share a checksum block, the one that was asked for last.
  std::uint64_t group_ = kNone;
  format::Block sums_{};
  bool judged_ = false;
  bool proved_ = false;  ///< all of them, by the checksum of their checksums
};

}  // namespace nearline::engine
