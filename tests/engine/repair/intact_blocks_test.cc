// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/intact_blocks.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "tests/support/one_file.h"

namespace nearline::engine {
namespace {

constexpr std::uint64_t kBlock = format::kBlockBytes;
constexpr std::uint64_t kBlocks = 700;  // two checksum blocks, and one above them
constexpr std::uint64_t kTree = kBlocks * kBlock;

struct Found {
  std::uint64_t present = 0;
  std::uint64_t damaged = 0;
  friend bool operator==(const Found&, const Found&) = default;
};

/// A section at the file's start, and its tree behind it.
struct World {
  World() {
    std::mt19937_64 random(1);
    fs.bytes.resize(kTree);
    for (std::byte& byte : fs.bytes) byte = static_cast<std::byte>(random());
    format::TreeBuilder builder(id, 7);
    builder.add(fs.bytes);
    auto tree = builder.finish();
    section = {.offset = 0,
               .length = kTree,
               .count = kTree,
               .element_bytes = 1,
               .serial = 7,
               .tree_offset = kTree,
               .tree_bytes = tree.bytes.size(),
               .root = tree.root};
    fs.bytes.insert(fs.bytes.end(), tree.bytes.begin(), tree.bytes.end());
  }

  void flip(std::uint64_t at) { fs.bytes[at] ^= std::byte{1}; }
  void zero(std::uint64_t at) { std::fill_n(fs.bytes.begin() + static_cast<std::ptrdiff_t>(at), kBlock, std::byte{0}); }

  /// How many blocks are there, and how many of them are not intact.
  Found found() {
    auto file = fs.open_read("index").value();
    IntactBlocks blocks(*file, fs.bytes.size(), id, section);
    Found found{.present = blocks.present()};
    format::Block block;
    for (std::uint64_t b = 0; b < blocks.present(); ++b) found.damaged += blocks.read(b, block) ? 0 : 1;
    return found;
  }

  testing::OneFile fs{{}};
  format::FileId id{1, 2, 3};
  format::Section section;
};

}  // namespace

TEST_SUITE("engine/repair/intact_blocks") {
  TEST_CASE("a damaged block is damaged, and no other") {
    World world;
    CHECK(world.found() == Found{kBlocks, 0});
    world.flip(5 * kBlock);
    world.flip(699 * kBlock + 4095);
    CHECK(world.found() == Found{kBlocks, 2});
  }

  TEST_CASE("the top of the tree is not needed") {
    World world;
    world.zero(kTree + 2 * kBlock);
    world.section.root ^= 1;
    CHECK(world.found() == Found{kBlocks, 0});
  }

  TEST_CASE("a checksum block that is lost is proved again by the blocks under it") {
    for (const std::uint64_t lost : {0, 1}) {
      World world;
      world.zero(kTree + lost * kBlock);
      CHECK(world.found() == Found{kBlocks, 0});
    }
  }

  TEST_CASE("with a checksum block lost and a block under it damaged, the others cannot be told from it") {
    World world;
    world.zero(kTree);
    world.flip(9 * kBlock);
    CHECK(world.found() == Found{kBlocks, 512});
  }

  TEST_CASE("with one checksum damaged, only its block is in doubt") {
    World world;
    world.flip(kTree + 8 * 100);
    world.flip(9 * kBlock);
    CHECK(world.found() == Found{kBlocks, 2});
  }

  TEST_CASE("a file that is cut has the blocks before the cut, and nothing to compare them with") {
    World world;
    world.fs.bytes.resize(100 * kBlock + 77);
    CHECK(world.found() == Found{100, 100});
    world.fs.bytes.clear();
    CHECK(world.found() == Found{});
  }

  TEST_CASE("blocks that are read together are intact when each of them is") {
    World world;
    world.flip(3 * kBlock);
    auto file = world.fs.open_read("index").value();
    IntactBlocks blocks(*file, world.fs.bytes.size(), world.id, world.section);
    std::vector<std::byte> bytes(4 * kBlock);
    CHECK_FALSE(blocks.read(0, bytes));
    CHECK(blocks.read(510, bytes));  // over the border of two checksum blocks
  }
}

}  // namespace nearline::engine
