// SPDX-License-Identifier: Apache-2.0
/// What every check of this room says and asks: damage at a byte, and whether bytes that must be zero are.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "nearline/result.h"

namespace nearline::format {

inline Error corrupt(std::uint64_t at, std::string what) {
  return {Code::kCorrupt, std::move(what), {}, at, 0};
}
inline Error unsupported(std::uint64_t at, std::string what) {
  return {Code::kUnsupported, std::move(what), {}, at, 0};
}

inline bool all_zero(std::span<const std::byte> bytes) noexcept {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

/// The same for a reserved member of a pinned struct.
template <std::size_t N>
bool all_zero(const std::array<std::uint8_t, N>& reserved) noexcept {
  return all_zero(std::as_bytes(std::span(reserved)));
}

}  // namespace nearline::format
