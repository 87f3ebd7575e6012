// SPDX-License-Identifier: Apache-2.0
#include "format/checksum_tree.h"

#include <cassert>
#include <cstring>

#include "format/endian.h"
#include "format/superblock.h"

namespace nearline::format {
namespace {

/// Lays out a level's checksums, zeros behind them up to a whole block.
void store_level(std::span<const std::uint64_t> sums, std::byte* out) noexcept {
  for (const std::uint64_t sum : sums) {
    le64 stored;
    stored = sum;
    std::memcpy(out, &stored, sizeof stored);
    out += sizeof stored;
  }
}

}  // namespace

TreeShape TreeShape::of(std::uint64_t data_bytes) noexcept {
  TreeShape shape;
  std::uint64_t below = data_bytes / kBlockBytes + (data_bytes % kBlockBytes != 0 ? 1 : 0);
  while (below > 0) {
    const std::uint64_t blocks = (below + kChecksumsPerBlock - 1) / kChecksumsPerBlock;
    shape.first_block[shape.levels] = shape.total_blocks;
    shape.block_count[shape.levels] = blocks;
    shape.total_blocks += blocks;
    ++shape.levels;
    below = blocks > 1 ? blocks : 0;
  }
  return shape;
}

TreeBuilder::TreeBuilder(const FileId& file, std::uint64_t serial) : file_(file), serial_(serial) {}

void TreeBuilder::add(std::span<const std::byte> bytes) {
  assert(bytes.size() % kBlockBytes == 0);
  for (; !bytes.empty(); bytes = bytes.subspan(kBlockBytes)) {
    sums_.push_back(block_checksum(bytes.first(kBlockBytes), file_, serial_, 0, sums_.size()));
  }
}

TreeBuilder::Tree TreeBuilder::finish() {
  const TreeShape shape = TreeShape::of(sums_.size() * std::uint64_t{kBlockBytes});
  Tree tree;
  tree.bytes.resize(shape.bytes());
  for (std::uint32_t level = 1; level <= shape.levels; ++level) {
    const std::span<std::byte> blocks =
        std::span(tree.bytes)
            .subspan(shape.first_block[level - 1] * kBlockBytes, shape.block_count[level - 1] * kBlockBytes);
    store_level(sums_, blocks.data());
    sums_.clear();
    for (std::size_t at = 0; at < blocks.size(); at += kBlockBytes) {
      sums_.push_back(block_checksum(blocks.subspan(at, kBlockBytes), file_, serial_, level, at / kBlockBytes));
    }
  }
  if (shape.levels > 0) tree.root = sums_.front();
  sums_.clear();
  return tree;
}

}  // namespace nearline::format
