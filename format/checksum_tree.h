// SPDX-License-Identifier: Apache-2.0
/// SPEC.md section 5. Every 4 KiB block of a section has a checksum; the checksums fill blocks that have checksums
/// themselves, up to one block whose checksum, the root, stands in the manifest. So each committed byte is under the
/// superblock's hash, and any block can be checked alone by reading at most six others.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "format/checksum.h"

namespace nearline::format {

inline constexpr std::uint32_t kChecksumsPerBlock = 4096 / 8;

/// Where the levels of a tree lie. Level 1 holds the checksums of the data blocks, and comes first in the file.
struct TreeShape {
  std::uint32_t levels = 0;                    ///< 0 for no data
  std::array<std::uint64_t, 8> first_block{};  ///< of level i + 1, in blocks from the tree's start
  std::array<std::uint64_t, 8> block_count{};
  std::uint64_t total_blocks = 0;

  static TreeShape of(std::uint64_t data_bytes) noexcept;
  [[nodiscard]] std::uint64_t bytes() const noexcept { return total_blocks * 4096; }

  friend bool operator==(const TreeShape&, const TreeShape&) = default;
};

/// Builds the tree while a section is written: feed blocks in order, then finish.
class TreeBuilder {
 public:
  TreeBuilder(const FileId& file, std::uint64_t serial);
  /// bytes: a multiple of 4096, the section's data in order (zero-padded at the end).
  void add(std::span<const std::byte> bytes);
  struct Tree {
    std::vector<std::byte> bytes;  ///< TreeShape::bytes()
    std::uint64_t root = 0;
  };
  Tree finish();

 private:
  FileId file_;
  std::uint64_t serial_;
  std::vector<std::uint64_t> sums_;
};

}  // namespace nearline::format
