// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "engine/kernels/kernels.h"

namespace nearline::kernels {
namespace {

std::uint32_t bits_of(float value) {
  return std::bit_cast<std::uint32_t>(value);
}

/// The value of an f16 by its definition.
double f16_value(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const double mantissa = bits & 1023;
  const double size = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
  return (bits & 0x8000) != 0 ? -size : size;
}

std::vector<std::uint16_t> narrow(ElementType type, const std::vector<float>& values) {
  std::vector<std::uint16_t> out(values.size());
  from_f32(type, values.data(), values.size(), reinterpret_cast<std::byte*>(out.data()));
  return out;
}

std::vector<float> widen(ElementType type, const std::vector<std::uint16_t>& bits) {
  std::vector<float> out(bits.size());
  to_f32(type, reinterpret_cast<const std::byte*>(bits.data()), bits.size(), out.data());
  return out;
}

template <class Check>
void on_each_target(Check check) {
  for (const char* name : targets()) {
    CAPTURE(name);
    REQUIRE(use_target(name));
    check();
  }
  use_target(nullptr);
}

std::vector<std::uint16_t> all_halves() {
  std::vector<std::uint16_t> all(0x10000);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint16_t>(i);
  return all;
}

}  // namespace

TEST_SUITE("engine/vectors/convert") {
  TEST_CASE("every f16 widens to its value, and narrows back to itself") {
    on_each_target([] {
      const auto all = all_halves();
      const auto wide = widen(ElementType::kF16, all);
      const auto back = narrow(ElementType::kF16, wide);
      for (std::size_t i = 0; i < all.size(); ++i) {
        const bool special = (all[i] & 0x7C00) == 0x7C00;
        const bool good = special ? !std::isfinite(wide[i]) && std::isnan(wide[i]) == ((all[i] & 0x3FF) != 0)
                                  : double{wide[i]} == f16_value(all[i]);
        if (!good || (!std::isnan(wide[i]) && back[i] != all[i])) FAIL("f16 bits ", i, " became ", wide[i]);
      }
    });
  }

  TEST_CASE("every bf16 widens to its value, and narrows back to itself") {
    on_each_target([] {
      const auto all = all_halves();
      const auto wide = widen(ElementType::kBF16, all);
      const auto back = narrow(ElementType::kBF16, wide);
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (bits_of(wide[i]) != std::uint32_t{all[i]} << 16) FAIL("bf16 bits ", i, " became ", wide[i]);
        if (!std::isnan(wide[i]) && back[i] != all[i]) FAIL("bf16 bits ", i, " came back as ", back[i]);
      }
    });
  }

  TEST_CASE("between two halves the nearer is taken, half way the even one") {
    on_each_target([] {
      for (const ElementType type : {ElementType::kF16, ElementType::kBF16}) {
        CAPTURE(name(type));
        const std::uint16_t infinity = type == ElementType::kF16 ? 0x7C00 : 0x7F80;
        for (std::uint16_t low = 0; low + 1 < infinity; ++low) {
          const auto ends = widen(type, {low, static_cast<std::uint16_t>(low + 1)});
          const float middle = static_cast<float>((double{ends[0]} + double{ends[1]}) / 2);
          const std::vector<float> values = {middle, std::nextafter(middle, ends[0]), std::nextafter(middle, ends[1]),
                                             -middle};
          const auto even = static_cast<std::uint16_t>(low + low % 2);
          const std::vector<std::uint16_t> want = {even, low, static_cast<std::uint16_t>(low + 1),
                                                   static_cast<std::uint16_t>(even | 0x8000)};
          if (narrow(type, values) != want) FAIL("around ", middle, ", between ", ends[0], " and ", ends[1]);
        }
      }
    });
  }

  TEST_CASE("what is too large becomes infinity, and NaN stays NaN") {
    const float infinity = std::numeric_limits<float>::infinity();
    on_each_target([&] {
      CHECK(narrow(ElementType::kF16, {65504.0F, 65519.9F, 65520.0F, 1e9F, -1e9F, infinity}) ==
            std::vector<std::uint16_t>{0x7BFF, 0x7BFF, 0x7C00, 0x7C00, 0xFC00, 0x7C00});
      CHECK(narrow(ElementType::kBF16, {3.4e38F, std::numeric_limits<float>::max(), infinity, -infinity}) ==
            std::vector<std::uint16_t>{0x7F80, 0x7F80, 0x7F80, 0xFF80});
      for (const ElementType type : {ElementType::kF16, ElementType::kBF16}) {
        for (const std::uint32_t pattern : {0x7F80'0001U, 0x7FC0'0000U, 0xFFFF'FFFFU}) {
          CHECK(std::isnan(widen(type, narrow(type, {std::bit_cast<float>(pattern)}))[0]));
        }
      }
    });
  }

  TEST_CASE("any count is converted, from and to exactly its bytes") {
    on_each_target([] {
      for (const ElementType type : {ElementType::kF32, ElementType::kF16, ElementType::kBF16}) {
        CAPTURE(name(type));
        for (std::uint32_t count = 0; count <= 70; ++count) {
          CAPTURE(count);
          std::vector<float> values(count);
          for (std::uint32_t i = 0; i < count; ++i) values[i] = static_cast<float>(i) - 20.0F;
          std::vector<std::byte> stored(vector_bytes(type, count));
          from_f32(type, values.data(), count, stored.data());
          std::vector<float> back(count);
          to_f32(type, stored.data(), count, back.data());
          CHECK(back == values);
        }
      }
    });
  }

  TEST_CASE("integers widen with their sign") {
    const std::vector<std::byte> bytes = {std::byte{0}, std::byte{0x7F}, std::byte{0x80}, std::byte{0xFF}};
    std::vector<float> out(4);
    on_each_target([&] {
      to_f32(ElementType::kI8, bytes.data(), 4, out.data());
      CHECK(out == std::vector<float>{0, 127, -128, -1});
      to_f32(ElementType::kU8, bytes.data(), 4, out.data());
      CHECK(out == std::vector<float>{0, 127, 128, 255});
    });
  }

  TEST_CASE("one value that is not finite is found at any place, and the largest finite ones pass") {
    struct Edge {
      ElementType type;
      std::uint32_t largest, infinity, nan;
    };
    for (const Edge& edge :
         {Edge{ElementType::kF32, 0xFF7F'FFFF, 0xFF80'0000, 0x7F80'0001},
          Edge{ElementType::kF16, 0xFBFF, 0xFC00, 0x7C01}, Edge{ElementType::kBF16, 0xFF7F, 0xFF80, 0x7F81}}) {
      CAPTURE(name(edge.type));
      constexpr std::uint32_t kCount = 37;
      const std::size_t size = vector_bytes(edge.type, 1);
      std::vector<std::byte> bytes(kCount * size);
      for (std::uint32_t i = 0; i < kCount; ++i) std::memcpy(&bytes[i * size], &edge.largest, size);
      CHECK(all_finite(edge.type, bytes.data(), kCount));
      for (std::uint32_t i = 0; i < kCount; ++i) {
        CAPTURE(i);
        for (const std::uint32_t bad : {edge.infinity, edge.nan}) {
          std::memcpy(&bytes[i * size], &bad, size);
          CHECK_FALSE(all_finite(edge.type, bytes.data(), kCount));
        }
        std::memcpy(&bytes[i * size], &edge.largest, size);
      }
    }
    const std::vector<std::byte> bytes(8, std::byte{0xFF});
    CHECK(all_finite(ElementType::kI8, bytes.data(), 8));
    CHECK(all_finite(ElementType::kU8, bytes.data(), 8));
    CHECK(all_finite(ElementType::kB1, bytes.data(), 64));
  }
}

}  // namespace nearline::kernels
