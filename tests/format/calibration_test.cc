// SPDX-License-Identifier: Apache-2.0
#include "format/calibration.h"

#include <doctest/doctest.h>

#include <cstring>
#include <limits>

namespace nearline::format {
namespace {

constexpr std::uint64_t kAt = 81'920;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

Calibration sample() {
  return {.source = CalibratedOn::kQueries,
          .queries = 100,
          .norm = 2,
          .steps = {{.ranking = kRankedExactly, .k = 10, .l = 10, .slack = 0, .recall = 0.75F},
                    {.ranking = kRankedExactly, .k = 10, .l = 40, .slack = kInfinity, .recall = 0.875F},
                    {.ranking = kRankedByCodes, .k = 10, .l = 10, .slack = -0.5F, .recall = 0.5F}}};
}

template <class T>
std::vector<std::byte> with(std::size_t at, T value) {
  std::vector<std::byte> bytes = encode(sample());
  std::memcpy(bytes.data() + at, &value, sizeof value);
  return bytes;
}

}  // namespace

TEST_SUITE("format/calibration") {
  TEST_CASE("a calibration decodes to itself") {
    const auto bytes = encode(sample());
    CHECK(bytes.size() == 16 + 3 * 16);
    const auto got = decode_calibration(bytes, kAt);
    REQUIRE(got);
    CHECK(got->source == CalibratedOn::kQueries);
    CHECK(got->queries == 100);
    CHECK(got->norm == 2);
    CHECK(got->steps == sample().steps);
    CHECK(encode(*got) == bytes);
  }

  TEST_CASE("every truncation and every extension is refused, and the error says where") {
    auto bytes = encode(sample());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto got = decode_calibration(std::span(bytes).first(size), kAt);
      REQUIRE_FALSE(got);
      CHECK(got.error().code == Code::kCorrupt);
      CHECK(got.error().at >= kAt);
    }
    bytes.push_back(std::byte{0});
    CHECK_FALSE(decode_calibration(bytes, kAt));
  }

  TEST_CASE("what a calibration may not say is refused") {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    CHECK(decode_calibration(with(0, std::uint16_t{2}), kAt).error().code == Code::kUnsupported);
    const std::vector<std::byte> bad[] = {
        with(2, std::uint16_t{2}),  // source
        with(4, std::uint32_t{0}),
        with(4, std::uint32_t{2}),
        with(4, ~std::uint32_t{0}),  // steps
        with(8, -1.0F),
        with(8, nan),
        with(8, kInfinity),          // norm
        with(12, std::uint32_t{0}),  // queries
        with(16, std::uint16_t{0}),
        with(16, std::uint16_t{3}),
        with(18, std::uint16_t{0}),  // curve
        with(20, std::uint32_t{0}),
        with(24, -1.0F),
        with(24, nan),  // effort
        with(28, -0.1F),
        with(28, 1.1F),
        with(28, nan),  // recall
        with(16, std::uint16_t{2}),
        with(18, std::uint16_t{11}),
        with(36, std::uint32_t{9}),
        with(40, -0.5F),  // order
        with(44, 0.5F),
    };
    for (std::size_t i = 0; i < std::size(bad); ++i) {
      CAPTURE(i);
      const auto got = decode_calibration(bad[i], kAt);
      REQUIRE_FALSE(got);
      CHECK(got.error().code == Code::kCorrupt);
    }
  }
}

}  // namespace nearline::format
