// SPDX-License-Identifier: Apache-2.0
/// SPEC.md section 6. Unsigned integers of a fixed number of bits (1..32), packed least significant bit first.
/// Reading may touch up to 7 bytes beyond the last packed one; every user of the format leaves that room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace nearline::format {

/// Bits that hold every value below `bound`; at least 1.
constexpr std::uint8_t bits_for(std::uint64_t bound) noexcept {
  std::uint8_t bits = 1;
  while (bits < 64 && (std::uint64_t{1} << bits) < bound) ++bits;
  return bits;
}

constexpr std::size_t packed_bytes(std::size_t count, std::uint8_t bits) noexcept {
  return (count * bits + 7) / 8;
}

/// Precondition: 7 readable bytes behind the packed ones.
inline void unpack(const std::byte* packed, std::uint8_t bits, std::size_t count, std::uint32_t* out) noexcept {
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  std::size_t bit = 0;
  for (std::size_t i = 0; i < count; ++i, bit += bits) {
    std::uint64_t word;
    std::memcpy(&word, packed + bit / 8, sizeof word);
    out[i] = static_cast<std::uint32_t>((word >> (bit % 8)) & mask);
  }
}

/// Writes packed_bytes(values.size(), bits) bytes; unused bits of the last one are zero.
inline void pack(std::span<const std::uint32_t> values, std::uint8_t bits, std::byte* out) noexcept {
  std::uint64_t word = 0;
  unsigned held = 0;
  for (const std::uint32_t value : values) {
    word |= std::uint64_t{value} << held;
    held += bits;
    for (; held >= 8; held -= 8, word >>= 8) *out++ = static_cast<std::byte>(word & 0xFF);
  }
  if (held > 0) *out = static_cast<std::byte>(word & 0xFF);
}

}  // namespace nearline::format
