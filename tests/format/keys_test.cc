// SPDX-License-Identifier: Apache-2.0
#include "format/keys.h"

#include <doctest/doctest.h>

#include <random>

namespace nearline::format {

TEST_SUITE("format/keys") {
  TEST_CASE("what is stored of ids, and in how many blocks, follows from the segment") {
    const KeyShape none{.count = 0};
    CHECK_FALSE(none.dense());
    CHECK_FALSE(none.may_have(0));
    CHECK(none.blocks() == 0);

    const KeyShape in_a_row{.count = 1023, .first = 5, .last = 1027};
    CHECK(in_a_row.dense());
    CHECK(in_a_row.per_block() == 1022);
    CHECK(in_a_row.key_blocks() == 2);
    CHECK(in_a_row.keys_in(1) == 1);
    CHECK(in_a_row.fences() == 0);
    CHECK(in_a_row.blocks() == 2);

    const KeyShape narrow{.count = 1025, .first = 5, .last = 1030, .id_bytes = 4};
    CHECK_FALSE(narrow.dense());
    CHECK(narrow.per_block() == 511);
    CHECK(narrow.key_blocks() == 3);
    CHECK(narrow.fences() == 2);
    CHECK(narrow.fence_blocks() == 1);
    CHECK(narrow.blocks() == 4);

    const KeyShape wide{.count = 340 * 514, .first = 0, .last = kNoId - 1, .id_bytes = 8};
    CHECK(wide.per_block() == 340);
    CHECK(wide.key_blocks() == 514);
    CHECK(wide.fence_blocks() == 2);
    CHECK(wide.may_have(kNoId - 1));
    CHECK_FALSE(wide.may_have(kNoId));

    const KeyShape one{.count = 1, .first = 7, .last = 7};
    CHECK(one.dense());
    CHECK(one.key_blocks() == 1);
  }

  TEST_CASE("each key is read as it was written, and found between its neighbours") {
    for (const std::uint8_t id_bytes : {std::uint8_t{4}, std::uint8_t{8}}) {
      CAPTURE(int{id_bytes});
      const Id step = id_bytes == 4 ? 3 : Id{1} << 40;
      const KeyShape shape{.count = 5'000, .first = step, .last = 5'000 * step, .id_bytes = id_bytes};
      const std::uint32_t room = shape.per_block();
      Block block{};
      for (std::uint32_t i = 0; i < room; ++i) store_key(shape, i, (i + 1) * step, room - i, block.data());
      for (std::uint32_t i = 0; i < room; ++i) {
        CHECK(stored_key(shape, block.data(), i) == (i + 1) * step);
        CHECK(stored_row(shape, block.data(), i) == room - i);
        for (const std::uint32_t from : {0U, i / 2, i}) {
          CHECK(lower_key(shape, block.data(), from, room, (i + 1) * step) == i);
          CHECK(lower_key(shape, block.data(), from, room, (i + 1) * step - 1) == i);
          CHECK(lower_key(shape, block.data(), from, room, (i + 1) * step + 1) == i + 1);
        }
      }
      CHECK(lower_key(shape, block.data(), 0, room, kNoId) == room);
      CHECK(lower_key(shape, block.data(), room, room, 0) == room);
    }
  }

  TEST_CASE("a search in any bytes ends inside the block") {
    std::mt19937_64 random(7);
    for (int round = 0; round < 2'000; ++round) {
      const std::uint8_t id_bytes = round % 2 == 0 ? 4 : 8;
      const KeyShape shape{.count = 100'000, .first = 0, .last = kNoId - 1, .id_bytes = id_bytes};
      Block block;
      for (std::byte& byte : block) byte = static_cast<std::byte>(random());
      const auto keys = static_cast<std::uint32_t>(random() % (shape.per_block() + 1));
      const auto from = static_cast<std::uint32_t>(random() % (keys + 1));
      const std::uint32_t found = lower_key(shape, block.data(), from, keys, random() >> random() % 64);
      CHECK(found >= from);
      CHECK(found <= keys);
    }
  }
}

}  // namespace nearline::format
