// SPDX-License-Identifier: Apache-2.0
#include "engine/file/file_space.h"

#include <doctest/doctest.h>

#include <string>

namespace nearline::engine {

TEST_SUITE("engine/file/file_space") {
  TEST_CASE("room is taken from the smallest extent that has it, and from the end where none has") {
    FileSpace space(100 * 4096,
                    {.usable = {{8192, 3 * 4096, 1}, {10 * 4096, 2 * 4096, 1}}, .waiting = {{20 * 4096, 9 * 4096, 5}}});
    CHECK(space.take(5000) == 10 * 4096);       // two blocks, exactly
    CHECK(space.take(1) == 8192);               // of three
    CHECK(space.take(3 * 4096) == 100 * 4096);  // what waits may still be needed
    CHECK(space.end() == 103 * 4096);
    CHECK(space.take(0) == 103 * 4096);
    const auto left = space.extents();
    REQUIRE(left.size() == 2);
    CHECK(left[0].offset == 3 * 4096);
    CHECK(left[0].length == 2 * 4096);
    CHECK(left[1].freed_in == 5);
  }

  TEST_CASE("room before a limit is the lowest that is free, and a cut takes only what is free at the end") {
    constexpr std::uint64_t kBlock = 4096;
    FileSpace space(20 * kBlock,
                    {.usable = {{2 * kBlock, kBlock, 1}, {5 * kBlock, 4 * kBlock, 1}, {18 * kBlock, kBlock, 1}},
                     .waiting = {{19 * kBlock, kBlock, 3}}});
    CHECK(space.take_before(2 * kBlock, 7 * kBlock) == 5 * kBlock);
    CHECK_FALSE(space.take_before(2 * kBlock, 8 * kBlock));
    CHECK(space.take_before(100, 20 * kBlock) == 2 * kBlock);
    CHECK(space.used_end() == 18 * kBlock);
    FileSpace longer = space;
    longer.cut(19 * kBlock);
    CHECK(longer.end() == 19 * kBlock);
    CHECK(longer.extents().size() == 2);
    space.cut(0);
    CHECK(space.end() == 18 * kBlock);
    CHECK(space.usable_bytes() == 2 * kBlock);
    CHECK(space.extents().size() == 1);
  }

  TEST_CASE("what somebody else writes to is listed as free and not taken, until it is used") {
    constexpr std::uint64_t kBlock = 4096;
    FileSpace space(50 * kBlock, {.usable = {{2 * kBlock, 8 * kBlock, 1}}, .waiting = {{20 * kBlock, 4 * kBlock, 9}}});
    space.hold({.offset = 4 * kBlock, .length = 3 * kBlock});
    space.hold({.offset = 21 * kBlock, .length = kBlock});  // waits already
    CHECK(space.usable_bytes() == 5 * kBlock);
    CHECK(space.extents().size() == 2);  // both parts and what is held, and what waits
    CHECK(space.take(3 * kBlock) == 7 * kBlock);
    CHECK(space.take(3 * kBlock) == 50 * kBlock);
    space.use({.offset = 4 * kBlock, .length = 2 * kBlock});
    space.use({.offset = 22 * kBlock, .length = 20 * kBlock});
    const auto left = space.extents();
    REQUIRE(left.size() == 3);
    CHECK(left[0].length == 2 * kBlock);
    CHECK(left[1].offset == 6 * kBlock);
    CHECK(left[1].length == kBlock);
    CHECK(left[2].offset == 20 * kBlock);
    CHECK(left[2].length == 2 * kBlock);
  }

  TEST_CASE("what is given back waits, and extents that touch become one where nothing is lost by it") {
    FileSpace space(50 * 4096,
                    {.usable = {{2 * 4096, 4096, 1}, {3 * 4096, 4096, 3}}, .waiting = {{4 * 4096, 4096, 9}}});
    space.give_back(5 * 4096, 100, 9);
    space.give_back(30 * 4096, 0, 9);
    CHECK(space.take(8192) == 2 * 4096);  // of generations 1 and 3 together
    CHECK(space.take(4096) == 50 * 4096);
    const auto left = space.extents();
    REQUIRE(left.size() == 1);
    CHECK(left[0].offset == 4 * 4096);
    CHECK(left[0].length == 2 * 4096);
    CHECK(left[0].freed_in == 9);
  }

  TEST_CASE("of what was freed since the fallback, only what it does not use is usable") {
    FreeSpace space;
    // Extents that begin and end before, inside and behind the holes, and one that spans both.
    split({{10, 10, 7}, {30, 5, 7}, {40, 40, 8}, {100, 10, 9}}, {{15, 10, 1}, {45, 5, 2}, {60, 10, 3}, {95, 100, 4}},
          space);
    const auto text = [](const std::vector<format::Extent>& extents) {
      std::string all;
      for (const format::Extent& extent : extents) {
        all += std::to_string(extent.offset) + "+" + std::to_string(extent.length) + "/" +
               std::to_string(extent.freed_in) + " ";
      }
      return all;
    };
    CHECK(text(space.usable) == "15+5/7 45+5/8 60+10/8 100+10/9 ");
    CHECK(text(space.waiting) == "10+5/7 30+5/7 40+5/8 50+10/8 70+10/8 ");
  }
}

}  // namespace nearline::engine
