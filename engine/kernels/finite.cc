// SPDX-License-Identifier: Apache-2.0
/// The door's check for NaN and infinity. One pass in the order of memory, which compilers turn into SIMD by
/// themselves.
#include <cstring>

#include "engine/kernels/kernels.h"

namespace nearline::kernels {
namespace {

/// A value is NaN or infinite when all bits of its exponent are set.
template <class Bits>
bool no_full_exponent(const std::byte* in, std::size_t count, Bits exponent) noexcept {
  std::size_t full = 0;
  for (std::size_t i = 0; i < count; ++i) {
    Bits bits;
    std::memcpy(&bits, in + i * sizeof bits, sizeof bits);
    full |= static_cast<std::size_t>((bits & exponent) == exponent);
  }
  return full == 0;
}

}  // namespace

bool all_finite(ElementType type, const std::byte* in, std::size_t count) noexcept {
  switch (type) {
    case ElementType::kF32: return no_full_exponent<std::uint32_t>(in, count, 0x7F80'0000U);
    case ElementType::kF16: return no_full_exponent<std::uint16_t>(in, count, 0x7C00U);
    case ElementType::kBF16: return no_full_exponent<std::uint16_t>(in, count, 0x7F80U);
    case ElementType::kI8:
    case ElementType::kU8:
    case ElementType::kB1: return true;
  }
  return true;
}

}  // namespace nearline::kernels
