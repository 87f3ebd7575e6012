// SPDX-License-Identifier: Apache-2.0
#include "engine/records/id_set.h"

#include <doctest/doctest.h>

#include <random>
#include <set>

namespace nearline::engine {

TEST_SUITE("engine/records/id_set") {
  TEST_CASE("an id is new once, whatever ids are like") {
    constexpr std::uint64_t kCount = 5000;
    std::mt19937_64 random(1);
    for (const int kind : {0, 1, 2}) {
      CAPTURE(kind);
      IdSet ids(kCount);
      std::set<Id> model;
      for (std::uint64_t i = 0; i < kCount; ++i) {
        const std::uint64_t n = random() % 3000;
        const Id id = kind == 0 ? n : kind == 1 ? n << 48 : kNoId - 1 - n;
        REQUIRE(ids.insert(id) == model.insert(id).second);
      }
      CHECK(ids.memory_bytes() == IdSet::bytes_for(kCount));
    }
  }

  TEST_CASE("it holds as many as it was made for, in eleven bytes each") {
    for (const std::uint64_t count : {0, 1, 2, 3, 1000}) {
      IdSet ids(count);
      for (Id id = 0; id < count; ++id) CHECK(ids.insert(id * 8));
      CHECK(IdSet::bytes_for(count) <= 11 * count + 8);
    }
  }
}

}  // namespace nearline::engine
