// SPDX-License-Identifier: Apache-2.0
#include "format/code_book.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace nearline::format {
namespace {

constexpr std::uint64_t kAt = 40'960;

CodeBook sample() {
  CodeBook book;
  book.dim = 3;
  book.offset = {1, 0.5F};
  book.factor = {-2, 0.25F};
  book.error = 0.125F;
  book.mean = {1, 2, 3};
  book.widths = {1, 1};
  book.axes = {0, 1, 0, 1, 0, 0};
  for (std::uint32_t i = 0; i < 2 * kCentroids; ++i) book.centroids.push_back(static_cast<float>(i));
  return book;
}

template <class T>
std::vector<std::byte> with(std::size_t at, T value) {
  std::vector<std::byte> bytes = encode(sample());
  std::memcpy(bytes.data() + at, &value, sizeof value);
  return bytes;
}

}  // namespace

TEST_SUITE("format/code_book") {
  TEST_CASE("a book decodes to itself") {
    const auto bytes = encode(sample());
    const auto got = decode_code_book(bytes, 3, kAt);
    REQUIRE(got);
    CHECK(encode(*got) == bytes);
    CHECK(got->parts() == 2);
    CHECK(got->axis_count() == 2);
    CHECK(got->code_bytes() == 6);
    CHECK(got->mean == sample().mean);
  }

  TEST_CASE("every truncation and every extension is refused, and the error says where") {
    auto bytes = encode(sample());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto got = decode_code_book(std::span(bytes).first(size), 3, kAt);
      REQUIRE_FALSE(got);
      CHECK(got.error().code == Code::kCorrupt);
      CHECK(got.error().at >= kAt);
    }
    bytes.push_back(std::byte{0});
    CHECK_FALSE(decode_code_book(bytes, 3, kAt));
  }

  TEST_CASE("what a book may not say is refused") {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    CHECK(decode_code_book(with(0, std::uint16_t{2}), 3, kAt).error().code == Code::kUnsupported);
    const std::vector<std::byte> bad[] = {
        with(2, std::uint16_t{0}),
        with(2, std::uint16_t{1025}),
        with(2, std::uint16_t{3}),  // parts
        with(4, std::uint32_t{4}),  // dim
        with(8, std::uint32_t{1}),
        with(8, std::uint32_t{4}),
        with(8, ~std::uint32_t{0}),  // axes
        with(12, nan),
        with(16, -1.0F),
        with(24, -0.5F),
        with(28, -1.0F),
        with(28, nan),              // scales
        with(40, std::uint8_t{1}),  // reserved
        with(48, nan),
        with(60, std::uint32_t{0}),
        with(60, std::uint32_t{2}),  // mean, widths
        with(68, nan),
        with(encode(sample()).size() - 4, nan),  // axes, centroids
    };
    for (std::size_t i = 0; i < std::size(bad); ++i) {
      CAPTURE(i);
      const auto got = decode_code_book(bad[i], 3, kAt);
      REQUIRE_FALSE(got);
      CHECK(got.error().code == Code::kCorrupt);
    }
    CHECK_FALSE(decode_code_book(encode(sample()), 4, kAt));
  }

  TEST_CASE("a scale keeps what lies in its range to half a step, and the ends of what does not") {
    const Scale16 scale{-5, 0.01F};
    for (const float value : {-5.0F, -4.004F, 0.0F, 123.456F, 650.0F})
      CHECK(std::fabs(scale.value(scale.store(value)) - value) <= 0.00505F);
    CHECK(scale.store(-100) == 0);
    CHECK(scale.store(1e9F) == kBeyondScales - 1);
    CHECK(scale.reaches(-5));
    CHECK(scale.reaches(-300));  // off by half of what it is wide, and the next number is not that wrong
    CHECK_FALSE(scale.reaches(-340));
    CHECK(scale.reaches(970));
    CHECK_FALSE(scale.reaches(990));
    CHECK(Scale16{7, 0}.reaches(1e9F));  // one value is all that it was shown
    CHECK(Scale16{7, 0}.value(Scale16{7, 0}.store(7)) == 7);
  }
}

}  // namespace nearline::format
