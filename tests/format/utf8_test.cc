// SPDX-License-Identifier: Apache-2.0
#include "format/utf8.h"

#include <doctest/doctest.h>

namespace nearline::format {

TEST_SUITE("format/utf8") {
  TEST_CASE("printable text of any script is accepted") {
    for (const std::string_view text :
         {"", "vector", "a b~", "\xC2\xA0", "Schl\xC3\xBCssel", "\xE2\x82\xAC", "\xEF\xBF\xBD", "\xF0\x9F\x98\x80",
          "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF", "\xEE\x80\x80"}) {
      CAPTURE(text);
      CHECK(is_printable_utf8(text));
    }
  }

  TEST_CASE("control characters are refused") {
    for (const std::string_view text :
         {std::string_view("\0", 1), std::string_view("\x1B[2J"), std::string_view("\n"), std::string_view("\x7F"),
          std::string_view("\xC2\x80"), std::string_view("\xC2\x9F")}) {
      CAPTURE(text);
      CHECK_FALSE(is_printable_utf8(text));
    }
  }

  TEST_CASE("cut, overlong, surrogate and too large forms are refused") {
    for (const std::string_view text : {"\x80", "\xC3", "\xC3(", "\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xE2\x82",
                                        "\xE2(\xAC", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF0\x9F\x98",
                                        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "ok\xFE"}) {
      CAPTURE(text);
      CHECK_FALSE(is_printable_utf8(text));
    }
  }
}

}  // namespace nearline::format
