// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "format/graph_page.h"
#include "format/manifest_layout.h"
#include "tests/support/tiny_index.h"

namespace nearline::format {
namespace {

constexpr std::uint64_t kAt = 40'960;

/// The first graph page of a tiny index and all that check_page wants to know of it.
struct Page {
  PageShape shape;
  std::uint64_t count;
  std::vector<std::byte> bytes;

  explicit Page(const testing::TinySpec& spec)
      : shape(PageShape::choose(spec.count, spec.dim, spec.type, spec.metric, spec.degree, spec.id_bytes)),
        count(spec.count) {
    auto file = testing::tiny_index(spec);
    const auto& all = file.bytes();
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(file.manifest().sections[0].offset);
    bytes.assign(first, first + shape.page_bytes);
  }

  std::byte* record(std::uint32_t slot) { return bytes.data() + shape.place_of(Ordinal{slot}); }
  [[nodiscard]] Result<void> check() const { return check_page(shape, bytes, 0, count, kAt); }

  /// Where the finding is, relative to the page.
  [[nodiscard]] std::uint64_t finding() const {
    const auto got = check();
    REQUIRE_FALSE(got);
    CHECK(got.error().code == Code::kCorrupt);
    REQUIRE(got.error().at >= kAt);
    return got.error().at - kAt;
  }
};

template <class T>
void put(std::byte* at, T value) {
  std::memcpy(at, &value, sizeof value);
}

}  // namespace

TEST_SUITE("format/page_check") {
  TEST_CASE("sound pages of every element type pass") {
    for (int type = 1; type <= 6; ++type) {
      CAPTURE(type);
      const Metric metric = type == 6 ? Metric::kJaccard : Metric::kIp;
      CHECK(Page({.count = 9, .dim = 13, .type = static_cast<ElementType>(type), .metric = metric}).check());
    }
  }

  TEST_CASE("a header that says something else is refused") {
    for (const std::size_t byte : {0U, 1U, 2U, 3U, 4U, 7U}) {
      CAPTURE(byte);
      Page page({});
      page.bytes[byte] ^= std::byte{1};
      CHECK(page.finding() < sizeof(GraphPageHeader));
    }
  }

  TEST_CASE("a degree above the limit is refused") {
    Page page({});
    put(page.record(2) + page.shape.degree_place(), std::uint16_t{5});
    CHECK(page.finding() == page.shape.place_of(Ordinal{2}) + page.shape.degree_place());
  }

  TEST_CASE("neighbours out of range, the record itself and repeats are refused") {
    const std::vector<std::uint32_t> lists[] = {{5, 1}, {7}, {0, 2}, {1, 3, 1}};  // of record 2 among 5
    for (const auto& list : lists) {
      CAPTURE(list.size());
      Page page({});
      store_neighbors(page.shape, list, page.record(2));
      CHECK(page.finding() == page.shape.place_of(Ordinal{2}) + page.shape.degree_place());
    }
  }

  TEST_CASE("bits behind the last neighbour are refused, in its byte and in later ones") {
    Page page({});  // 3 bits a neighbour, room for 4
    const std::vector<std::uint32_t> one = {0};
    store_neighbors(page.shape, one, page.record(1));
    REQUIRE(page.check());
    for (const std::size_t byte : {0U, 1U}) {
      Page bad = page;
      bad.record(1)[page.shape.list_place() + byte] |= std::byte{0x08};
      CHECK(bad.finding() == page.shape.place_of(Ordinal{1}) + page.shape.list_place());
    }
  }

  TEST_CASE("infinity and NaN are refused in vectors of every float type") {
    Page single({});
    put(single.record(0) + 4, INFINITY);
    CHECK(single.finding() == single.shape.place_of(Ordinal{0}));
    Page half({.type = ElementType::kF16});
    put(half.record(1) + 2, std::uint16_t{0xFC00});
    CHECK(half.finding() == half.shape.place_of(Ordinal{1}));
    Page brain({.type = ElementType::kBF16});
    put(brain.record(1) + 2, std::uint16_t{0x7FC0});
    CHECK(brain.finding() == brain.shape.place_of(Ordinal{1}));
  }

  TEST_CASE("scales that are negative or not finite are refused") {
    for (const float scale : {-1.0F, -0.0F, INFINITY, NAN}) {
      CAPTURE(scale);
      Page page({.metric = Metric::kCosine});
      store_scale(page.shape, scale, page.record(3));
      CHECK(page.finding() == page.shape.place_of(Ordinal{3}) + page.shape.scale_place());
    }
  }

  TEST_CASE("the id that means none is refused") {
    Page page({.id_bytes = 8});
    store_id(page.shape, kNoId, page.record(4));
    CHECK(page.finding() == page.shape.place_of(Ordinal{4}) + page.shape.id_place());
  }

  TEST_CASE("bits beyond a binary vector's dimension are refused") {
    Page page({.dim = 20, .type = ElementType::kB1, .metric = Metric::kHamming});
    page.record(0)[2] |= std::byte{0x10};
    CHECK(page.finding() == page.shape.place_of(Ordinal{0}));
  }

  TEST_CASE("anything between the last record and the seal is refused") {
    const Page good({});
    const std::size_t end = sizeof(GraphPageHeader) + good.count * good.shape.slot_bytes;
    for (const std::size_t at : {end, end + 1, good.bytes.size() - kSealBytes - 1}) {
      CAPTURE(at);
      Page page = good;
      page.bytes[at] = std::byte{1};
      CHECK(page.finding() == end);
    }
  }
}

}  // namespace nearline::format
