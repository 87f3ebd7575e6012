// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <sstream>
#include <type_traits>

#include "format/manifest.h"
#include "nearline/schema.h"
#include "nearline/search.h"

namespace nearline {

TEST_SUITE("format/names") {
  TEST_CASE("every element type, metric, layout, mode and ranking is found again under its word") {
    for (int i = 1; i <= 6; ++i) {
      CAPTURE(i);
      CHECK(element_type_from(name(static_cast<ElementType>(i))) == static_cast<ElementType>(i));
    }
    for (int i = 1; i <= 5; ++i) {
      CAPTURE(i);
      CHECK(metric_from(name(static_cast<Metric>(i))) == static_cast<Metric>(i));
    }
    for (int i = 0; i <= 3; ++i) {
      CAPTURE(i);
      CHECK(io_mode_from(name(static_cast<IoMode>(i))) == static_cast<IoMode>(i));
    }
    for (int i = 0; i <= 2; ++i) {
      CAPTURE(i);
      CHECK(layout_from(name(static_cast<Layout>(i))) == static_cast<Layout>(i));
      CHECK(ranking_from(name(static_cast<Ranking>(i))) == static_cast<Ranking>(i));
    }
  }

  TEST_CASE("the words are those of the command line") {
    CHECK(name(ElementType::kBF16) == "bf16");
    CHECK(name(ElementType::kB1) == "b1");
    CHECK(name(Metric::kCosine) == "cosine");
    CHECK(name(Layout::kFused) == "fused");
    CHECK(name(IoMode::kDirect) == "direct");
    CHECK(name(format::SectionKind::kKeys) == "keys");
  }

  TEST_CASE("numbers and words without meaning are said to be so") {
    CHECK(name(static_cast<ElementType>(0)) == "unknown");
    CHECK(name(static_cast<Metric>(200)) == "unknown");
    CHECK(name(static_cast<Layout>(3)) == "unknown");
    CHECK(name(static_cast<format::SectionKind>(4)) == "unknown");
    for (const char* word : {"", "F32", "f32 ", "unknown", "l3"}) {
      CAPTURE(word);
      CHECK_FALSE(element_type_from(word));
      CHECK_FALSE(metric_from(word));
      CHECK_FALSE(io_mode_from(word));
    }
  }

  TEST_CASE("the words go to streams") {
    std::ostringstream out;
    out << ElementType::kF16 << ' ' << Metric::kIp << ' ' << Layout::kAuto << ' ' << IoMode::kPread << ' '
        << Ranking::kCodes;
    CHECK(out.str() == "f16 ip auto pread codes");
  }

  TEST_CASE("rows are views of typed components: a type that no element has does not compile") {
    static_assert(std::is_constructible_v<MatrixView, const float*, std::size_t, std::uint32_t>);
    static_assert(std::is_constructible_v<MatrixView, std::span<const std::uint8_t>, std::uint32_t>);
    static_assert(!std::is_constructible_v<MatrixView, const double*, std::size_t, std::uint32_t>);
    static_assert(!std::is_constructible_v<MatrixView, const void*, std::size_t, std::uint32_t>);
    static_assert(!std::is_constructible_v<MatrixView, const std::uint16_t*, std::size_t, std::uint32_t>);
    static_assert(!std::is_constructible_v<MatrixView, const double*, std::size_t, std::uint32_t, ElementType>);
    const float floats[6] = {};
    const MatrixView two{std::span(floats), 3};
    CHECK(two.rows == 2);
    CHECK(two.type == ElementType::kF32);
    CHECK(two.row(1) == reinterpret_cast<const std::byte*>(floats + 3));
    const B1 bits[4] = {};
    CHECK(MatrixView(std::span(bits), 11).rows == 2);
    CHECK(MatrixView(reinterpret_cast<const F16*>(floats), 3, 4).type == ElementType::kF16);
  }

  TEST_CASE("bits go with hamming and jaccard, and with nothing else") {
    for (int m = 1; m <= 5; ++m) {
      for (int t = 1; t <= 6; ++t) {
        CAPTURE(m);
        CAPTURE(t);
        CHECK(compatible(static_cast<Metric>(m), static_cast<ElementType>(t)) == ((m >= 4) == (t == 6)));
      }
    }
  }

  TEST_CASE("a vector takes the bytes of its components, bits rounded up") {
    CHECK(vector_bytes(ElementType::kF32, 3) == 12);
    CHECK(vector_bytes(ElementType::kBF16, 3) == 6);
    CHECK(vector_bytes(ElementType::kI8, 3) == 3);
    CHECK(vector_bytes(ElementType::kB1, 8) == 1);
    CHECK(vector_bytes(ElementType::kB1, 9) == 2);
  }
}

}  // namespace nearline
