// SPDX-License-Identifier: Apache-2.0
#include "format/endian.h"

#include <doctest/doctest.h>

namespace nearline::format {

TEST_SUITE("format/endian") {
  TEST_CASE("numbers stand with their least byte first") {
    le16 a;
    a = std::uint16_t{0x0102};
    CHECK(a.bytes == std::array<std::uint8_t, 2>{2, 1});
    le32 b;
    b = 0x01020304U;
    CHECK(b.bytes == std::array<std::uint8_t, 4>{4, 3, 2, 1});
    le64 c;
    c = 0x0102030405060708U;
    CHECK(c.bytes == std::array<std::uint8_t, 8>{8, 7, 6, 5, 4, 3, 2, 1});
    lef32 d;
    d = -118.625F;
    CHECK(d.bits.bytes == std::array<std::uint8_t, 4>{0x00, 0x40, 0xED, 0xC2});
  }

  TEST_CASE("they read back as they were written, with every bit set too") {
    for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}, std::uint64_t{1} << 63}) {
      CAPTURE(value);
      le64 stored;
      stored = value;
      CHECK(std::uint64_t{stored} == value);
      le16 small;
      small = static_cast<std::uint16_t>(value);
      CHECK(std::uint16_t{small} == static_cast<std::uint16_t>(value));
    }
    lef32 number;
    number = 1.2F;
    CHECK(float{number} == 1.2F);
  }
}

}  // namespace nearline::format
