// SPDX-License-Identifier: Apache-2.0
#include "engine/link/pack.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "engine/link/link.h"
#include "tests/engine/walk/image_world.h"

namespace nearline::engine {
namespace {

/// Share of the edges whose two ends stand on one page.
double local_share(const ImageWorld& world, const std::vector<std::uint32_t>& order, std::uint32_t slots) {
  std::vector<std::uint32_t> place(order.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) place[order[i]] = i;
  double local = 0, all = 0;
  for (std::uint32_t record = 0; record < order.size(); ++record) {
    for (const std::uint32_t neighbor : world.list(record)) {
      local += place[record] / slots == place[neighbor] / slots ? 1 : 0;
      ++all;
    }
  }
  return local / all;
}

}  // namespace

TEST_SUITE("engine/link/pack") {
  TEST_CASE("the order is a permutation, the same every time, for any number of slots") {
    const auto vectors = testing::clusters(ElementType::kU8, 700, 16);
    ImageWorld world(testing::in_order(vectors, testing::shuffled_rows(700)), ElementType::kU8, Metric::kL2);
    REQUIRE(link(world.image, world.space, {.l = 40, .progress = {}}));
    std::vector<std::uint32_t> all(700);
    std::iota(all.begin(), all.end(), 0U);
    for (const std::uint32_t slots : {1U, 2U, 7U, 33U, 700U, 10'000U}) {
      CAPTURE(slots);
      auto order = pack(world.image, slots);
      CHECK(pack(world.image, slots) == order);
      std::sort(order.begin(), order.end());
      CHECK(order == all);
    }
  }

  TEST_CASE("pages hold many times the edges that chance would put on them") {
    const auto vectors = testing::clusters(ElementType::kU8, 2000, 16);
    ImageWorld world(testing::in_order(vectors, testing::shuffled_rows(2000)), ElementType::kU8, Metric::kL2);
    REQUIRE(link(world.image, world.space, {.l = 40, .progress = {}}));
    const double packed = local_share(world, pack(world.image, 20), 20);
    CHECK(packed > 0.2);
    CHECK(packed > 10 * local_share(world, testing::shuffled_rows(2000, 2), 20));
  }

  TEST_CASE("records without edges are packed too") {
    const ImageWorld world(testing::clusters(ElementType::kU8, 50, 4), ElementType::kU8, Metric::kL2);
    auto order = pack(world.image, 8);
    std::sort(order.begin(), order.end());
    for (std::uint32_t i = 0; i < 50; ++i) REQUIRE(order[i] == i);
  }
}

}  // namespace nearline::engine
