// SPDX-License-Identifier: Apache-2.0
#include "engine/file/section_check.h"

#include <doctest/doctest.h>

#include <random>
#include <thread>

#include "io/simulated_disk.h"

namespace nearline::engine {
namespace {

constexpr std::uint64_t kBlock = 4096;

/// A section of numbered blocks behind some others, its tree after it.
class World {
 public:
  explicit World(std::uint64_t blocks) {
    bytes_.resize(2 * kBlock + blocks * kBlock);
    std::mt19937_64 random(blocks);
    for (std::size_t i = 0; i < bytes_.size(); i += 64) bytes_[i] = static_cast<std::byte>(random());
    section = {.offset = 2 * kBlock, .length = blocks * kBlock, .serial = 7};
    format::TreeBuilder builder(id, section.serial);
    builder.add(std::span(bytes_).subspan(section.offset));
    const auto tree = builder.finish();
    section.tree_offset = bytes_.size();
    section.tree_bytes = tree.bytes.size();
    section.root = tree.root;
    bytes_.insert(bytes_.end(), tree.bytes.begin(), tree.bytes.end());
    put();
  }

  /// Complements one byte of the file, for good.
  void damage(std::uint64_t at) {
    bytes_[at] = ~bytes_[at];
    put();
  }
  [[nodiscard]] std::span<const std::byte> blocks(std::uint64_t first, std::uint64_t count) const {
    return std::span(bytes_).subspan(section.offset + first * kBlock, count * kBlock);
  }
  [[nodiscard]] SectionCheck checker(std::uint32_t cached = 256) const { return {*file, id, section, cached}; }

  format::FileId id{1, 2, 3};
  format::Section section;
  io::SimulatedDisk disk;
  std::unique_ptr<io::File> file;

 private:
  void put() {
    disk.put("file", bytes_);
    file = disk.open_read("file").value();
  }
  std::vector<std::byte> bytes_;
};

}  // namespace

TEST_SUITE("engine/file/section_check") {
  TEST_CASE("blocks pass as they are, and alone in their own place, for trees of one and two levels") {
    for (const std::uint64_t blocks : {1U, 5U, 512U, 513U, 1100U}) {
      CAPTURE(blocks);
      const World world(blocks);
      for (const std::uint32_t cached : {1U, 2U, 256U}) {
        SectionCheck checker = world.checker(cached);
        CHECK(checker.check_tree());
        CHECK(checker.check(0, world.blocks(0, blocks)));
        for (std::uint64_t block = 0; block < blocks; block += 1 + blocks / 50) {
          REQUIRE(checker.check(block, world.blocks(block, 1)));
        }
        if (blocks > 1) CHECK_FALSE(checker.check(0, world.blocks(1, 1)));
        CHECK(checker.memory_bytes() <= cached * (kBlock + 64));
      }
    }
  }

  TEST_CASE("a damaged block is refused where it stands, and its neighbours are not") {
    World world(600);
    world.damage(world.section.offset + 77 * kBlock + 5);
    SectionCheck checker = world.checker();
    for (std::uint64_t block = 0; block < 600; ++block) {
      REQUIRE(checker.check(block, world.blocks(block, 1)).has_value() == (block != 77));
    }
    const auto together = checker.check(70, world.blocks(70, 20));
    REQUIRE_FALSE(together);
    CHECK(together.error().code == Code::kCorrupt);
    CHECK(together.error().at == world.section.offset + 77 * kBlock);
    CHECK(checker.check_tree());
  }

  TEST_CASE("a damaged tree block refuses what stands under it, every time, and check_tree says where it is") {
    World world(1100);  // three blocks of checksums, and the root block over them
    const std::uint64_t bad = world.section.tree_offset + 1 * kBlock;
    world.damage(bad + 9);
    SectionCheck checker = world.checker();
    for (int round = 0; round < 2; ++round) {
      for (std::uint64_t block = 0; block < 1100; block += 7) {
        const auto checked = checker.check(block, world.blocks(block, 1));
        REQUIRE(checked.has_value() == (block / 512 != 1));
        if (!checked) CHECK(checked.error().at == bad);
      }
    }
    const auto tree = checker.check_tree();
    REQUIRE_FALSE(tree);
    CHECK(tree.error().at == bad);
  }

  TEST_CASE("a block, serial or file id in the wrong place does not pass") {
    const World world(20);
    auto other = world.section;
    ++other.serial;
    CHECK_FALSE(SectionCheck(*world.file, world.id, other).check(0, world.blocks(0, 1)));
    CHECK_FALSE(SectionCheck(*world.file, {9}, world.section).check(0, world.blocks(0, 1)));
  }

  TEST_CASE("a tree that cannot be read is an error of the disk, and is read again the next time") {
    World world(600);
    SectionCheck checker = world.checker();
    world.disk.set_faults({.bad_at = world.section.tree_offset, .bad_bytes = 1});
    const auto failed = checker.check(3, world.blocks(3, 1));
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == Code::kIo);
    world.disk.set_faults({});
    CHECK(checker.check(3, world.blocks(3, 1)));
  }

  TEST_CASE("many threads may check at once, with room for one tree block only") {
    World world(1100);
    world.damage(world.section.offset + 500 * kBlock);
    SectionCheck checker = world.checker(1);
    std::vector<std::thread> threads;
    std::atomic<int> refused = 0;
    for (unsigned t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (std::uint64_t i = 0; i < 1100; ++i) {
          const std::uint64_t block = (i * 17 + t * 250) % 1100;
          if (!checker.check(block, world.blocks(block, 1))) refused += block == 500 ? 1 : 1000;
          static_cast<void>(checker.memory_bytes());
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(refused == 4);
  }
}

}  // namespace nearline::engine
