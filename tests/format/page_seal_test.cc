// SPDX-License-Identifier: Apache-2.0
#include "format/page_seal.h"

#include <doctest/doctest.h>

#include <vector>

#include "format/graph_page.h"

namespace nearline::format {
namespace {

constexpr FileId kFile{1, 2, 3};

std::vector<std::byte> sealed_page() {
  std::vector<std::byte> page(4096);
  for (std::size_t i = 0; i < page.size(); ++i) page[i] = static_cast<std::byte>(i * 7);
  seal_page(page, kFile, 9, 5);
  return page;
}

}  // namespace

TEST_SUITE("format/page_seal") {
  TEST_CASE("a seal says nothing of the bytes before it but that they are as they were") {
    const auto page = sealed_page();
    CHECK(check_seal(page, kFile, 9, 5, 0));
    for (std::size_t i = 0; i < page.size() - kSealBytes; ++i) CHECK(page[i] == static_cast<std::byte>(i * 7));
  }

  TEST_CASE("each flipped bit of a page breaks its seal, the seal's own included") {
    auto page = sealed_page();
    for (std::size_t bit = 0; bit < page.size() * 8; bit += bit < 4000 * 8 ? 5 : 1) {
      CAPTURE(bit);
      page[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
      CHECK_FALSE(check_seal(page, kFile, 9, 5, 0));
      page[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    }
  }

  TEST_CASE("a whole page of another file, section or place breaks it") {
    const auto page = sealed_page();
    CHECK_FALSE(check_seal(page, FileId{1, 2, 4}, 9, 5, 0));
    CHECK_FALSE(check_seal(page, kFile, 8, 5, 0));
    CHECK_FALSE(check_seal(page, kFile, 9, 4, 0));
  }

  TEST_CASE("the error names the page and where it stands") {
    const auto bad = check_seal(sealed_page(), kFile, 9, 6, 12'288);
    REQUIRE_FALSE(bad);
    CHECK(bad.error().code == Code::kCorrupt);
    CHECK(bad.error().at == 12'288);
    CHECK(bad.error().what.find("page 6") != std::string::npos);
  }
}

}  // namespace nearline::format
