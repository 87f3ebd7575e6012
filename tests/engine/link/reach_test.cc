// SPDX-License-Identifier: Apache-2.0
#include "engine/link/reach.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/engine/walk/image_world.h"

namespace nearline::engine {
namespace {

constexpr std::uint32_t kDegree = 4;

ImageWorld world_of(std::uint32_t rows) {
  return {testing::clusters(ElementType::kU8, rows, 8), ElementType::kU8, Metric::kL2, {.degree = kDegree}};
}

}  // namespace

TEST_SUITE("engine/link/reach") {
  TEST_CASE("islands are joined: one edge each, from the nearest record with room, and no edge is lost") {
    ImageWorld world = world_of(60);
    for (std::uint32_t i = 0; i < 60; ++i) {  // rings of ten
      world.set_list(i, {i / 10 * 10 + (i + 1) % 10, i / 10 * 10 + (i + 9) % 10});
    }
    const auto report = make_reachable(world.image, world.space, {5}, kDegree, 60);
    CHECK(report.entries == std::vector<std::uint32_t>{5});
    CHECK(report.repaired == 5);
    CHECK(world.reachable(report.entries) == 60);
    std::size_t edges = 0;
    for (std::uint32_t i = 0; i < 60; ++i) {
      const auto list = world.list(i);
      edges += list.size();
      REQUIRE(list.size() >= 2);
      CHECK(list[0] == i / 10 * 10 + (i + 1) % 10);
      CHECK(list[1] == i / 10 * 10 + (i + 9) % 10);
    }
    CHECK(edges == 60 * 2 + 5);
    // Record 0 was the first that the search from 5 could not see; all ten of its ring had room.
    const auto near =
        testing::nearest(testing::in_order(world.vectors, std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}),
                         world.vectors.row(10), Metric::kL2, 1);
    CHECK(world.list(static_cast<std::uint32_t>(near[0].row)).back() == 10);
  }

  TEST_CASE("a record becomes an entry point where no list that leads to it has room") {
    ImageWorld world = world_of(20);
    for (std::uint32_t i = 0; i < 10; ++i) {
      world.set_list(i, {(i + 1) % 10, (i + 2) % 10, (i + 3) % 10, (i + 4) % 10});
    }
    for (std::uint32_t i = 10; i < 20; ++i) world.set_list(i, {10 + (i + 1) % 10});
    const auto report = make_reachable(world.image, world.space, {0}, kDegree, 60);
    CHECK(report.entries == std::vector<std::uint32_t>{0, 10});
    CHECK(report.repaired == 1);
    CHECK(world.reachable(report.entries) == 20);
  }

  TEST_CASE("records without any edge are all reached in the end") {
    ImageWorld world = world_of(300);
    const auto report = make_reachable(world.image, world.space, {0}, kDegree, 20);
    CHECK(report.repaired == 299);
    CHECK(world.reachable(report.entries) == 300);
    for (std::uint32_t i = 0; i < 300; ++i) CHECK(world.list(i).size() <= kDegree);
  }

  TEST_CASE("a graph that needs nothing is left alone") {
    ImageWorld world = world_of(30);
    for (std::uint32_t i = 0; i < 30; ++i) world.set_list(i, {(i + 1) % 30});
    const auto report = make_reachable(world.image, world.space, {7}, kDegree, 20);
    CHECK(report.repaired == 0);
    CHECK(report.entries == std::vector<std::uint32_t>{7});
    for (std::uint32_t i = 0; i < 30; ++i) CHECK(world.list(i) == std::vector<std::uint32_t>{(i + 1) % 30});
  }
}

}  // namespace nearline::engine
