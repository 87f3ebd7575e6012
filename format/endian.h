// SPDX-License-Identifier: Apache-2.0
/// SPEC.md section 2. Little-endian numbers as byte arrays: structs made of them have no padding, no alignment and the
/// same bytes on every machine, so they can be laid over bytes of a file by copying.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>

namespace nearline::format {

template <std::unsigned_integral T>
struct Little {
  std::array<std::uint8_t, sizeof(T)> bytes;

  constexpr operator T() const noexcept {  // NOLINT(*-explicit-*): reads like the number it is
    T value = 0;
    for (std::size_t i = sizeof(T); i-- > 0;) value = static_cast<T>((std::uint64_t{value} << 8) | bytes[i]);
    return value;
  }
  constexpr Little& operator=(T value) noexcept {
    for (std::size_t i = 0; i < sizeof(T); ++i) bytes[i] = static_cast<std::uint8_t>(std::uint64_t{value} >> (8 * i));
    return *this;
  }
};

using le16 = Little<std::uint16_t>;
using le32 = Little<std::uint32_t>;
using le64 = Little<std::uint64_t>;
static_assert(sizeof(le16) == 2 && sizeof(le32) == 4 && sizeof(le64) == 8 && alignof(le64) == 1);

/// IEEE 754 binary32.
struct lef32 {
  le32 bits;

  constexpr operator float() const noexcept {
    return std::bit_cast<float>(std::uint32_t{bits});
  }  // NOLINT(*-explicit-*)
  constexpr lef32& operator=(float value) noexcept {
    bits = std::bit_cast<std::uint32_t>(value);
    return *this;
  }
};
static_assert(sizeof(lef32) == 4 && alignof(lef32) == 1);

}  // namespace nearline::format
