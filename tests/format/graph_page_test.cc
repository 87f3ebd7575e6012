// SPDX-License-Identifier: Apache-2.0
#include "format/graph_page.h"

#include <doctest/doctest.h>

#include <vector>

namespace nearline::format {
TEST_SUITE("format/graph_page") {
  TEST_CASE("the parts of a record lie one behind the other") {
    const PageShape shape = PageShape::choose(1000, 3, ElementType::kF32, Metric::kCosine, 32, 8);
    CHECK(shape.vector_bytes == 12);
    CHECK(shape.scale_place() == 12);
    CHECK(shape.id_place() == 16);
    CHECK(shape.degree_place() == 24);
    CHECK(shape.list_place() == 26);
    CHECK(shape.neighbor_bits == 10);
    CHECK(shape.slot_bytes == 26 + 40);
    const PageShape plain = PageShape::choose(1000, 3, ElementType::kF32, Metric::kL2, 32, 4);
    CHECK_FALSE(plain.has_scale);
    CHECK(plain.id_place() == 12);
    CHECK(plain.slot_bytes == 12 + 4 + 2 + 40);
  }

  TEST_CASE("writers choose larger pages where each doubling saves a tenth of a record's share") {
    const struct {
      std::uint32_t dim;
      ElementType type;
      std::uint32_t slot_bytes, page_bytes, slots;
    } rows[] = {
        {128, ElementType::kU8, 214, 4096, 19},         // 216 of the page for each; 215 on larger ones
        {128, ElementType::kF32, 598, 4096, 6},         // 683; 630 on two blocks, 8 % less
        {384, ElementType::kF16, 854, 8192, 9},         // 1024, 910
        {512, ElementType::kF16, 1110, 8192, 7},        // 1365, 1170; the same on four
        {1024, ElementType::kU8, 1110, 8192, 7},        // whatever the components are
        {384, ElementType::kF32, 1622, 8192, 5},        // 2048, 1638
        {768, ElementType::kF32, 3158, 16384, 5},       // 4096, the same, 3277: a fifth less for two doublings
        {1024, ElementType::kF16, 2134, 16384, 7},      // 4096, 2731, 2341
        {1536, ElementType::kF32, 6230, 32768, 5},      // none, 8192, the same, 6554
        {2000, ElementType::kF32, 8086, 8192, 1},       // none, 8192: full
        {3233, ElementType::kF16, 6552, 8192, 1},       // none, 8192 on all: the smallest of equals
        {2028, ElementType::kF32, 8198, 32768, 3},      // none, none, 16384, 10923
        {8190, ElementType::kF32, 32846, 9 * 4096, 1},  // more than 8 blocks: as many as it needs
        {65535, ElementType::kF32, 262226, 65 * 4096, 1},
    };
    for (const auto& row : rows) {
      CAPTURE(row.dim);
      const PageShape shape = PageShape::choose(1'000'000, row.dim, row.type, Metric::kL2, 32, 4);
      CHECK(shape.slot_bytes == row.slot_bytes);
      CHECK(shape.page_bytes == row.page_bytes);
      CHECK(shape.slots == row.slots);
    }
  }

  TEST_CASE("header, records and slack fit every page that can be chosen") {
    for (const std::uint64_t count : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{300}, kMaxRecords}) {
      for (const std::uint32_t dim : {1U, 7U, 100U, 1000U, 4000U, 9000U, kMaxDim}) {
        for (int type = 1; type <= 6; ++type) {
          for (const std::uint32_t degree : {1U, 32U, kMaxDegree}) {
            CAPTURE(dim);
            CAPTURE(type);
            CAPTURE(degree);
            const PageShape shape =
                PageShape::choose(count, dim, static_cast<ElementType>(type), Metric::kIp, degree, 8);
            REQUIRE(shape.slots >= 1);
            CHECK(shape.slots <= 0xFFFF);
            CHECK(shape.page_bytes % 4096 == 0);
            CHECK(sizeof(GraphPageHeader) + std::size_t{shape.slots} * shape.slot_bytes + kSealBytes <=
                  shape.page_bytes);
          }
        }
      }
    }
  }

  TEST_CASE("the same records stand on pages of 1, 2, 4 or 8 blocks, and on no others") {
    const PageShape shape = PageShape::choose(1'000'000, 512, ElementType::kF16, Metric::kL2, 32, 4);
    const std::uint32_t slots[] = {0, 3, 7, 0, 14, 0, 0, 0, 29, 0, 0, 0, 0, 0, 0, 0, 0};
    for (std::uint32_t blocks = 0; blocks < std::size(slots); ++blocks) {
      CAPTURE(blocks);
      const PageShape got = resized(shape, blocks * 4096);
      CHECK(got.slots == slots[blocks]);
      if (got.slots == 0) continue;
      PageShape expected = shape;
      expected.page_bytes = blocks * 4096;
      expected.slots = slots[blocks];
      CHECK(got == expected);
    }
    for (const std::uint32_t bytes :
         {1U, 15U, 4095U, 4097U, 8191U, 65'536U, 0x8000'0000U, 0xFFFF'F000U, 0xFFFF'FFFFU}) {
      CAPTURE(bytes);
      CHECK(resized(shape, bytes).slots == 0);
    }
  }

  TEST_CASE("a record has a page of its own size only where it is larger than 8 blocks") {
    const PageShape largest = PageShape::choose(1'000'000, 8166, ElementType::kF32, Metric::kL2, 32, 4);
    REQUIRE(largest.slot_bytes == 32'750);
    CHECK(resized(largest, 32'768).slots == 1);
    CHECK(resized(largest, 16'384).slots == 0);
    CHECK(resized(largest, 9 * 4096).slots == 0);
    const PageShape alone = PageShape::choose(1'000'000, 8167, ElementType::kF32, Metric::kL2, 32, 4);
    REQUIRE(alone.slot_bytes == 32'754);
    CHECK(resized(alone, 32'768).slots == 0);
    CHECK(resized(alone, 9 * 4096).slots == 1);
    CHECK(resized(alone, 10 * 4096).slots == 0);
  }

  TEST_CASE("what writers choose is a size that pages can have") {
    for (const std::uint64_t count : {std::uint64_t{1}, kMaxRecords}) {
      for (std::uint32_t dim = 1; dim <= kMaxDim; dim += 1 + dim / 50) {
        for (const std::uint32_t degree : {1U, 32U, kMaxDegree}) {
          const PageShape shape = PageShape::choose(count, dim, ElementType::kF16, Metric::kIp, degree, 8);
          if (resized(shape, shape.page_bytes) != shape) FAIL("not for " << dim << " dimensions, degree " << degree);
        }
      }
    }
  }

  TEST_CASE("ordinals are places, page after page") {
    const PageShape shape = PageShape::choose(1'000'000, 128, ElementType::kU8, Metric::kL2, 32, 4);
    CHECK(shape.page_of(Ordinal{0}) == 0);
    CHECK(shape.page_of(Ordinal{18}) == 0);
    CHECK(shape.page_of(Ordinal{19}) == 1);
    CHECK(shape.place_of(Ordinal{0}) == 8);
    CHECK(shape.place_of(Ordinal{20}) == 8 + 214);
    CHECK(shape.pages(0) == 0);
    CHECK(shape.pages(19) == 1);
    CHECK(shape.pages(20) == 2);
  }

  TEST_CASE("what is stored in a record is read back, and nothing beside it is touched") {
    for (const std::uint8_t id_bytes : {std::uint8_t{4}, std::uint8_t{8}}) {
      const PageShape shape = PageShape::choose(5000, 16, ElementType::kI8, Metric::kCosine, 10, id_bytes);
      std::vector<std::byte> record(shape.slot_bytes + kSealBytes, std::byte{0x5A});
      const Id id = id_bytes == 4 ? Id{0xFFFF'FFFF} : Id{0x0123'4567'89AB'CDEF};
      const std::vector<std::uint32_t> neighbors = {4999, 0, 17};
      store_scale(shape, 0.25F, record.data());
      store_id(shape, id, record.data());
      store_neighbors(shape, neighbors, record.data());
      CHECK(stored_scale(shape, record.data()) == 0.25F);
      CHECK(stored_id(shape, record.data()) == id);
      CHECK(stored_degree(shape, record.data()) == 3);
      std::vector<std::uint32_t> out(shape.degree);
      out.resize(unpack_neighbors(shape, record.data(), out.data()));
      CHECK(out == neighbors);
      for (std::size_t i = 0; i < shape.vector_bytes; ++i) CHECK(record[i] == std::byte{0x5A});
      for (std::size_t i = shape.slot_bytes; i < record.size(); ++i) CHECK(record[i] == std::byte{0x5A});
    }
  }

  TEST_CASE("a shorter list leaves nothing of the longer one behind") {
    const PageShape shape = PageShape::choose(5000, 16, ElementType::kI8, Metric::kL2, 10, 4);
    std::vector<std::byte> first(shape.slot_bytes), second(shape.slot_bytes);
    const std::vector<std::uint32_t> full(10, 4999), one = {3};
    store_neighbors(shape, full, first.data());
    store_neighbors(shape, one, first.data());
    store_neighbors(shape, one, second.data());
    CHECK(first == second);
  }

  TEST_CASE("a degree beyond the shape's is cut when neighbours are unpacked") {
    const PageShape shape = PageShape::choose(5000, 16, ElementType::kI8, Metric::kL2, 10, 4);
    std::vector<std::byte> record(shape.slot_bytes + kSealBytes);
    const std::uint16_t degree = 0xFFFF;
    std::memcpy(record.data() + shape.degree_place(), &degree, sizeof degree);
    std::vector<std::uint32_t> out(shape.degree);
    CHECK(unpack_neighbors(shape, record.data(), out.data()) == 10);
  }
}

}  // namespace nearline::format
