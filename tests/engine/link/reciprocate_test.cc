// SPDX-License-Identifier: Apache-2.0
#include "engine/link/reciprocate.h"

#include <algorithm>

#include "engine/link/link.h"
#include "tests/engine/walk/image_world.h"

namespace nearline::engine {
namespace {

constexpr std::uint32_t kDegree = 4;

/// Records on a line, at 0, 1, 2, ...
ImageWorld line(std::size_t count) {
  testing::Vectors rows = testing::no_vectors(ElementType::kF32, 2);
  for (std::size_t i = 0; i < count; ++i) rows.push_back(std::vector<float>{static_cast<float>(i), 0});
  return ImageWorld(std::move(rows), ElementType::kF32, Metric::kL2, {.degree = kDegree, .l_build = 8});
}

bool has(const std::vector<std::uint32_t>& list, std::uint32_t record) {
  return std::find(list.begin(), list.end(), record) != list.end();
}

}  // namespace

TEST_SUITE("engine/link/reciprocate") {
  TEST_CASE("the nearest neighbour points back where it has room") {
    ImageWorld world = line(4);
    world.set_list(0, {1, 2});
    world.set_list(1, {2});
    world.set_list(2, {1});
    world.set_list(3, {});
    reciprocate(world.image, world.space, kDegree, 1);
    CHECK(world.list(1) == std::vector<std::uint32_t>{2, 0});
    CHECK(world.list(2) == std::vector<std::uint32_t>{1});
    CHECK(world.list(3).empty());
  }

  TEST_CASE("a full list gives up its farthest record to which many edges lead, and no other") {
    ImageWorld world = line(60);
    for (std::uint32_t i = 12; i < 59; ++i) world.set_list(i, {i + 1, 9});  // many lead to 9
    for (std::uint32_t i = 13; i < 60; ++i) world.set_list(i, {i - 1, 9});
    world.set_list(12, {13});
    world.set_list(5, {6, 9, 4, 30});
    world.set_list(6, {5});
    world.set_list(2, {5});
    reciprocate(world.image, world.space, kDegree, 1);
    CHECK(world.list(5) == std::vector<std::uint32_t>{6, 2, 4, 30});  // 30 is farther than 9, but few know it
  }

  TEST_CASE("a full list of records that few know stays as it is") {
    ImageWorld world = line(12);
    world.set_list(5, {6, 9, 4, 11});
    world.set_list(6, {5});
    world.set_list(2, {5});
    reciprocate(world.image, world.space, kDegree, 1);
    CHECK(world.list(5) == std::vector<std::uint32_t>{6, 9, 4, 11});
  }

  TEST_CASE("of a linked cloud nearly all are known to their nearest, whatever the threads, and no list is too long") {
    std::vector<std::vector<std::uint32_t>> first;
    for (const std::uint32_t threads : {1U, 2U, 5U}) {
      ImageWorld world(testing::clusters(ElementType::kF32, 1500, 24), ElementType::kF32, Metric::kL2, {.degree = 12});
      REQUIRE(link(world.image, world.space, {.degree = 12, .l = 30, .alpha = 1.4F, .progress = {}}));
      reciprocate(world.image, world.space, 12, threads);
      std::vector<std::vector<std::uint32_t>> lists;
      std::size_t known = 0;
      for (std::uint32_t i = 0; i < 1500; ++i) {
        lists.push_back(world.list(i));
        REQUIRE(lists.back().size() <= 12);
        std::vector<std::uint32_t> sorted = lists.back();
        std::sort(sorted.begin(), sorted.end());
        REQUIRE(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
        known += has(world.list(lists.back().front()), i) ? 1 : 0;
      }
      CHECK(known > 1400);
      if (first.empty()) first = lists;
      CHECK(lists == first);
    }
  }
}

}  // namespace nearline::engine
