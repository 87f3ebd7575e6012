// SPDX-License-Identifier: Apache-2.0
#include "format/fused_page.h"

#include <doctest/doctest.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "tests/support/tiny_index.h"

namespace nearline::format {
namespace {

constexpr std::uint64_t kAt = 40'960;
/// Pages of records 0..3, 4..7, and 8..10, each with neighbours o + 1, o - 1, o + 2, o - 2 around the ring.
const testing::TinySpec kSpec{.count = 11,
                              .dim = 5,
                              .type = ElementType::kU8,
                              .metric = Metric::kCosine,
                              .fused = FusedForm{.page_bytes = 4096, .slots = 4, .targets = 9, .code_bytes = 6}};

struct Page {
  explicit Page(std::uint32_t page) : number(page) {
    auto file = testing::tiny_index(kSpec);
    shape = file.manifest().graphs[0].shape(file.manifest().segments[0], file.manifest().fields[0]);
    const auto first = file.bytes().begin() + static_cast<std::ptrdiff_t>(file.manifest().sections[0].offset) +
                       std::ptrdiff_t{4096} * number;
    bytes.assign(first, first + 4096);
  }
  [[nodiscard]] Result<void> check() const { return check_page(shape, bytes, number, kSpec.count, kAt); }
  [[nodiscard]] std::size_t links(std::uint32_t slot) const {
    return shape.place_of(Ordinal{slot}) + links_place(shape);
  }
  [[nodiscard]] std::size_t target(std::uint32_t i) const {
    return static_cast<std::size_t>(target_at(shape, bytes.data(), i) - bytes.data());
  }
  [[nodiscard]] std::vector<std::uint32_t> neighbors(std::uint32_t slot) const {
    std::vector<std::uint32_t> out(shape.degree);
    out.resize(unpack_links(shape, bytes.data(), number, slot, out.data()));
    return out;
  }

  std::uint32_t number;
  PageShape shape;
  std::vector<std::byte> bytes;
};

}  // namespace

TEST_SUITE("format/fused_page") {
  TEST_CASE("sound pages pass, the last one too, which is not full") {
    for (const std::uint32_t page : {0U, 1U, 2U}) {
      CAPTURE(page);
      const auto got = Page(page).check();
      CHECK_MESSAGE(got, (got ? "" : got.error().message()));
    }
  }

  TEST_CASE("links are ordinals: those of the page first, then targets by ordinal") {
    const Page page(1);
    CHECK(page.neighbors(0) == std::vector<std::uint32_t>{5, 6, 2, 3});
    CHECK(page.neighbors(2) == std::vector<std::uint32_t>{4, 5, 7, 8});
    CHECK(Page(2).neighbors(2) == std::vector<std::uint32_t>{8, 9, 0, 1});
  }

  TEST_CASE("a link to nothing is an ordinal that no segment has, and links beyond the degree are cut") {
    Page page(0);
    page.bytes[page.links(0)] = std::byte{0};
    page.bytes[page.links(0) + 1] = std::byte{0x10};  // target 8 of those that there is room for
    CHECK(page.neighbors(0) == std::vector<std::uint32_t>{0xFFFF'FFFF});
    page.bytes[page.links(0)] = page.bytes[page.links(0) + 1] = std::byte{0xFF};
    CHECK(page.neighbors(0).size() == kSpec.degree);
  }

  TEST_CASE("every rule is kept, and the finding names its byte") {
    struct Rule {
      std::string what;
      std::uint32_t page;
      std::function<std::size_t(Page&)> damage;  ///< returns where the finding shall be
    };
    const auto flip = [](Page& page, std::size_t at, unsigned bits) {
      page.bytes[at] ^= static_cast<std::byte>(bits);
      return at;
    };
    const Rule rules[] = {
        {"kind of a lean page", 0, [&](Page& p) { return std::memcpy(p.bytes.data(), "\x31\x6C", 2), std::size_t{0}; }},
        {"link to itself", 0, [&](Page& p) { return flip(p, p.links(1), 2); }},
        {"link to a slot without record", 2, [&](Page& p) { return flip(p, p.links(0), 8); }},
        {"link to a target that is not there", 0, [&](Page& p) { return flip(p, p.links(0) + 1, 0x10); }},
        {"bit behind the last target", 0, [&](Page& p) { return flip(p, p.links(0) + 1, 0x80); }},
        {"more links than the degree", 0, [&](Page& p) { return flip(p, p.links(1), 0x10), p.links(1); }},
        {"more targets than the room", 0, [&](Page& p) { return flip(p, table_place(p.shape), 0xF0); }},
        {"target of its own page", 1, [&](Page& p) { return p.bytes[p.target(0)] = std::byte{5}, p.target(0); }},
        {"target beyond the count", 1, [&](Page& p) { return p.bytes[p.target(3)] = std::byte{11}, p.target(3); }},
        {"targets out of order", 1, [&](Page& p) { return p.bytes[p.target(1)] = std::byte{1}, p.target(1); }},
        {"target that nobody links to", 0,
         [&](Page& p) {
           for (std::uint32_t slot = 0; slot < 4; ++slot) p.bytes[p.links(slot)] &= std::byte{0xEF};
           return p.target(0);
         }},
        {"bytes behind the last target", 0, [&](Page& p) { return flip(p, 4095 - kSealBytes, 1), p.target(4); }},
        {"bytes of a record that is not there", 2,
         [&](Page& p) { return flip(p, p.links(3), 1), p.shape.place_of(Ordinal{3}); }},
        {"no id", 0,
         [&](Page& p) {
           const std::size_t at = p.shape.place_of(Ordinal{0}) + p.shape.scale_place();
           std::memset(p.bytes.data() + at, 0xFF, 4);
           return at;
         }},
    };
    for (const Rule& rule : rules) {
      CAPTURE(rule.what);
      Page page(rule.page);
      const std::size_t at = rule.damage(page);
      const auto got = page.check();
      REQUIRE_FALSE(got);
      CHECK(got.error().code == Code::kCorrupt);
      CHECK(got.error().at == kAt + at);
    }
  }

  TEST_CASE("a shape is possible only where all has room, and numbers are in range") {
    const PageShape lean = PageShape::choose(1000, 128, ElementType::kU8, Metric::kL2, 32, 4);
    const auto possible = [&](const FusedForm& form) { return is_possible(fused_shape(lean, form)); };
    CHECK(possible({4096, 3, 91, 36}));
    CHECK_FALSE(possible({4096, 3, 92, 36}));
    CHECK(possible({65'536, 3, 91, 36}));
    CHECK_FALSE(possible({131'072, 3, 91, 36}));
    CHECK_FALSE(possible({6144, 3, 91, 36}));
    CHECK_FALSE(possible({0, 3, 91, 36}));
    CHECK_FALSE(possible({4096, 0, 91, 36}));
    CHECK_FALSE(possible({4096, 3, 0, 36}));
    CHECK_FALSE(possible({4096, 3, 91, 4}));
    CHECK_FALSE(possible({4096, 0xFFFF'FFFF, 0xFFFF'FFFF, 36}));
  }
}

}  // namespace nearline::format
