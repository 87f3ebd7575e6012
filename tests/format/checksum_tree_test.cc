// SPDX-License-Identifier: Apache-2.0
#include "format/checksum_tree.h"

#include <doctest/doctest.h>

#include <cstring>

#include "format/superblock.h"

namespace nearline::format {
namespace {

constexpr FileId kFile = {1, 2, 3};

/// Block `i` of a section of test data.
std::vector<std::byte> block(std::uint64_t i) {
  std::vector<std::byte> bytes(kBlockBytes);
  std::memcpy(bytes.data(), &i, sizeof i);
  return bytes;
}

TreeBuilder::Tree tree_of(std::uint64_t blocks) {
  TreeBuilder builder(kFile, 7);
  for (std::uint64_t i = 0; i < blocks; ++i) builder.add(block(i));
  return builder.finish();
}

std::uint64_t entry(const TreeBuilder::Tree& tree, const TreeShape& shape, std::uint32_t level, std::uint64_t i) {
  std::uint64_t sum;
  std::memcpy(&sum, tree.bytes.data() + shape.first_block[level - 1] * kBlockBytes + i * 8, sizeof sum);
  return sum;
}

/// Follows block `i` of the data up to the root, as a reader of one block does.
bool leads_to_root(const TreeBuilder::Tree& tree, const TreeShape& shape, std::uint64_t i) {
  std::uint64_t sum = block_checksum(block(i), kFile, 7, 0, i);
  for (std::uint32_t level = 1; level <= shape.levels; ++level) {
    if (entry(tree, shape, level, i) != sum) return false;
    i /= kChecksumsPerBlock;
    const auto above = std::span(tree.bytes).subspan((shape.first_block[level - 1] + i) * kBlockBytes, kBlockBytes);
    sum = block_checksum(above, kFile, 7, level, i);
  }
  return i == 0 && sum == tree.root;
}

}  // namespace

TEST_SUITE("format/checksum_tree") {
  TEST_CASE("the shape has a level for each power of 512 begun") {
    const struct {
      std::uint64_t blocks;
      std::uint32_t levels;
      std::uint64_t total;
    } rows[] = {
        {0, 0, 0}, {1, 1, 1}, {511, 1, 1}, {512, 1, 1}, {513, 2, 3}, {512 * 512, 2, 513}, {512 * 512 + 1, 3, 516}};
    for (const auto& row : rows) {
      CAPTURE(row.blocks);
      const TreeShape shape = TreeShape::of(row.blocks * kBlockBytes);
      CHECK(shape.levels == row.levels);
      CHECK(shape.total_blocks == row.total);
      CHECK(shape.bytes() == row.total * kBlockBytes);
      if (row.blocks > 0) CHECK(shape.block_count[shape.levels - 1] == 1);
    }
  }

  TEST_CASE("a block begun counts as a whole one, at the largest length too") {
    CHECK(TreeShape::of(1) == TreeShape::of(4096));
    CHECK_FALSE(TreeShape::of(512 * 4096) == TreeShape::of(512 * 4096 + 1));
    CHECK(TreeShape::of(~std::uint64_t{0}).levels == 6);
  }

  TEST_CASE("every data block can be followed up to the root, and no data has none") {
    for (const std::uint64_t blocks : {0, 1, 511, 512, 513, 512 * 512 + 1}) {
      CAPTURE(blocks);
      const TreeShape shape = TreeShape::of(blocks * kBlockBytes);
      const TreeBuilder::Tree tree = tree_of(blocks);
      CHECK(tree.bytes.size() == shape.bytes());
      if (blocks == 0) CHECK(tree.root == 0);
      std::uint64_t lost = 0;
      for (std::uint64_t i = 0; i < blocks; ++i) lost += leads_to_root(tree, shape, i) ? 0 : 1;
      CHECK(lost == 0);
    }
  }

  TEST_CASE("blocks may be fed one at a time or together") {
    std::vector<std::byte> together;
    for (std::uint64_t i = 0; i < 600; ++i) {
      const auto one = block(i);
      together.insert(together.end(), one.begin(), one.end());
    }
    TreeBuilder builder(kFile, 7);
    builder.add(together);
    const auto tree = builder.finish();
    CHECK(tree.bytes == tree_of(600).bytes);
    CHECK(tree.root == tree_of(600).root);
  }

  TEST_CASE("a changed block, serial or file changes the root") {
    const std::uint64_t good = tree_of(2).root;
    TreeBuilder swapped(kFile, 7);
    swapped.add(block(1));
    swapped.add(block(0));
    CHECK(swapped.finish().root != good);
    TreeBuilder other_serial(kFile, 8);
    TreeBuilder other_file(FileId{9}, 7);
    for (std::uint64_t i = 0; i < 2; ++i) {
      other_serial.add(block(i));
      other_file.add(block(i));
    }
    CHECK(other_serial.finish().root != good);
    CHECK(other_file.finish().root != good);
  }
}

}  // namespace nearline::format
