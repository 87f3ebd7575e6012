// SPDX-License-Identifier: Apache-2.0
#include "engine/walk/visited_set.h"

#include <doctest/doctest.h>

#include <random>
#include <set>

namespace nearline::engine {

TEST_SUITE("engine/walk/visited_set") {
  TEST_CASE("an ordinal is new exactly once, whatever the set has grown to") {
    std::mt19937 random(1);
    for (const std::uint32_t below : {10U, 5'000U, 100'000U, 0xFFFF'FFFFU}) {
      CAPTURE(below);
      VisitedSet mine;
      std::set<std::uint32_t> other;
      for (int i = 0; i < 40'000; ++i) {
        const auto ordinal = static_cast<std::uint32_t>(random() % below);
        REQUIRE(mine.insert(ordinal) == other.insert(ordinal).second);
      }
    }
  }

  TEST_CASE("of many ordinals the new ones are told in order, repeats among them once") {
    std::mt19937 random(2);
    VisitedSet mine;
    std::set<std::uint32_t> other;
    std::vector<std::uint32_t> list, kept;
    for (int i = 0; i < 2'000; ++i) {
      list.resize(random() % 100);
      for (std::uint32_t& ordinal : list) ordinal = static_cast<std::uint32_t>(random() % 60'000);
      std::vector<std::uint32_t> expected;
      for (const std::uint32_t ordinal : list) {
        if (other.insert(ordinal).second) expected.push_back(ordinal);
      }
      kept.resize(list.size());
      kept.resize(mine.insert_new(list, kept.data()));
      REQUIRE(kept == expected);
    }
  }

  TEST_CASE("neighbouring ordinals and multiples of powers of two do not slow it down") {
    // Each ordinal must be found within a few probes: with clustering, this would take minutes.
    for (const std::uint32_t step : {1U, 4'096U, 65'536U}) {
      VisitedSet set;
      for (std::uint32_t i = 0; i < 60'000; ++i) REQUIRE(set.insert(i * step));
      for (std::uint32_t i = 0; i < 60'000; ++i) REQUIRE_FALSE(set.insert(i * step));
    }
  }

  TEST_CASE("a cleared set is empty and keeps its memory") {
    VisitedSet set;
    for (std::uint32_t i = 0; i < 30'000; ++i) set.insert(i);
    const auto bytes = set.memory_bytes();
    CHECK(bytes > VisitedSet().memory_bytes());
    set.clear();
    CHECK(set.memory_bytes() == bytes);
    for (std::uint32_t i = 0; i < 30'000; ++i) REQUIRE(set.insert(i));
    CHECK(set.memory_bytes() == bytes);
  }
}

}  // namespace nearline::engine
