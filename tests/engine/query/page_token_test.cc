// SPDX-License-Identifier: Apache-2.0
/// Tokens of pages: what was written is read, and nothing else.
#include <doctest/doctest.h>

#include <limits>
#include <string>

#include "engine/query/page_token.h"

namespace nearline::engine {
namespace {

const PageToken kToken{.file = 0x0123'4567'89AB'CDEF,
                       .generation = 7,
                       .query = ~std::uint64_t{0},
                       .given = 10,
                       .distance = -1.5F,
                       .id = 0xFFFF'FFFF'FFFF'FFF0};

}  // namespace

TEST_SUITE("engine/query/page_token") {
  TEST_CASE("a token is read as it was written, and is text for a URL") {
    for (const float distance : {-1.5F, 0.0F, std::numeric_limits<float>::infinity()}) {
      PageToken token = kToken;
      token.distance = distance;
      const std::string text = encode(token);
      CHECK(text.size() == kPageTokenLetters);
      CHECK(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
            std::string::npos);
      const auto read = decode_page_token(text);
      REQUIRE(read);
      CHECK(*read == token);
    }
  }

  TEST_CASE("tokens stay what they are: clients keep them from one release to the next") {
    CHECK(encode(kToken) == "TkxQAe_Nq4lnRSMBBwAAAAAAAAD__________woAAAAAAAAAAADAv_D_________IA482Vk3");
  }

  TEST_CASE("text that was cut, lengthened or changed in any letter is refused") {
    const std::string text = encode(kToken);
    for (std::size_t length = 0; length < text.size(); ++length) CHECK_FALSE(decode_page_token(text.substr(0, length)));
    CHECK_FALSE(decode_page_token(text + "A"));
    for (std::size_t i = 0; i < text.size(); ++i) {
      for (const char other : {'A', '-', '_', '=', '+', '\0', '\xFF'}) {
        std::string changed = text;
        if (changed[i] == other) continue;
        changed[i] = other;
        const auto read = decode_page_token(changed);
        REQUIRE_FALSE(read);
        CHECK(read.error().code == Code::kInvalidArgument);
      }
    }
  }

  TEST_CASE("a distance that is no number is refused") {
    PageToken token = kToken;
    token.distance = std::numeric_limits<float>::quiet_NaN();
    CHECK_FALSE(decode_page_token(encode(token)));
  }
}

}  // namespace nearline::engine
