// SPDX-License-Identifier: Apache-2.0
#include "engine/walk/places.h"

#include <doctest/doctest.h>

#include <random>

namespace nearline::engine {

TEST_SUITE("engine/walk/places") {
  TEST_CASE("page and byte are what division says, for 1 to 300 slots a page and ordinals up to the last") {
    std::mt19937 random(1);
    for (std::uint32_t slots = 1; slots <= 300; ++slots) {
      format::PageShape shape;
      shape.slots = slots;
      shape.slot_bytes = 13;
      const Places places(shape);
      const auto agrees = [&](std::uint32_t ordinal) {
        const Places::Place place = places.of(ordinal);
        return place.page == ordinal / slots && place.byte == shape.place_of(format::Ordinal{ordinal});
      };
      for (std::uint32_t i = 0; i < 1'000; ++i) {
        const auto multiple = static_cast<std::uint32_t>(random() % (0xFFFF'FFFFU / slots)) * slots;
        if (!agrees(i) || !agrees(0xFFFF'FFFE - i) || !agrees(multiple) || !agrees(multiple + slots - 1)) {
          FAIL("wrong with " << slots << " slots, near ordinal " << i << " or " << multiple);
        }
      }
    }
  }
}

}  // namespace nearline::engine
