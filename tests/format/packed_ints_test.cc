// SPDX-License-Identifier: Apache-2.0
#include "format/packed_ints.h"

#include <doctest/doctest.h>

#include <vector>

namespace nearline::format {

TEST_SUITE("format/packed_ints") {
  TEST_CASE("every width gives back what was packed, at any count") {
    for (std::uint8_t bits = 1; bits <= 32; ++bits) {
      for (std::size_t count = 0; count <= 70; ++count) {
        CAPTURE(bits);
        CAPTURE(count);
        const auto most = static_cast<std::uint32_t>((std::uint64_t{1} << bits) - 1);
        std::vector<std::uint32_t> values(count);
        for (std::size_t i = 0; i < count; ++i) {
          values[i] = i % 3 == 0 ? most : static_cast<std::uint32_t>(i * 2654435761U) & most;
        }
        std::vector<std::byte> packed(packed_bytes(count, bits) + 7, std::byte{0xA5});
        pack(values, bits, packed.data());
        std::vector<std::uint32_t> out(count);
        unpack(packed.data(), bits, count, out.data());
        CHECK(out == values);
        for (std::size_t i = packed_bytes(count, bits); i < packed.size(); ++i) CHECK(packed[i] == std::byte{0xA5});
      }
    }
  }

  TEST_CASE("the least significant bit comes first, and unused bits are zero") {
    const std::uint32_t values[] = {1, 2, 7};
    std::byte packed[2] = {std::byte{0xFF}, std::byte{0xFF}};
    pack(values, 3, packed);
    CHECK(packed[0] == std::byte{0b11'010'001});
    CHECK(packed[1] == std::byte{0b0000000'1});
  }

  TEST_CASE("bits_for is the least width that holds every smaller number") {
    const struct {
      std::uint64_t bound;
      int bits;
    } rows[] = {{0, 1}, {1, 1}, {2, 1}, {3, 2}, {4, 2}, {5, 3}, {256, 8}, {257, 9}, {0xFFFF'FFFE, 32}};
    for (const auto& row : rows) {
      CAPTURE(row.bound);
      CHECK(bits_for(row.bound) == row.bits);
    }
  }
}

}  // namespace nearline::format
