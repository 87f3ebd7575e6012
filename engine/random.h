// SPDX-License-Identifier: Apache-2.0
/// Seeded random numbers.
#pragma once

#include <cstdint>

namespace nearline::engine {

/// Source: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). Written out, since the standard's distributions differ between
/// libraries and files must not.
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9E37'79B9'7F4A'7C15);
    z = (z ^ (z >> 30)) * 0xBF58'476D'1CE4'E5B9;
    z = (z ^ (z >> 27)) * 0x94D0'49BB'1331'11EB;
    return z ^ (z >> 31);
  }

  /// A number below `bound`, which is at most 2^32; the bias is below 2^-32.
  std::uint32_t below(std::uint64_t bound) noexcept { return static_cast<std::uint32_t>((next() >> 32) * bound >> 32); }

 private:
  std::uint64_t state_;
};

}  // namespace nearline::engine
