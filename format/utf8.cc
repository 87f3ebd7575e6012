// SPDX-License-Identifier: Apache-2.0
#include "format/utf8.h"

#include <cstddef>
#include <cstdint>

namespace nearline::format {
namespace {

/// Bytes that follow a lead byte, or -1 for one that leads nothing.
int followers(std::uint8_t lead) noexcept {
  if (lead < 0x80) return 0;
  if (lead >= 0xC2 && lead <= 0xDF) return 1;
  if (lead >= 0xE0 && lead <= 0xEF) return 2;
  if (lead >= 0xF0 && lead <= 0xF4) return 3;
  return -1;
}

bool is_printable(std::uint32_t point) noexcept {
  const bool control = point < 0x20 || (point >= 0x7F && point <= 0x9F);
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  return !control && !surrogate && point <= 0x10FFFF;
}

}  // namespace

bool is_printable_utf8(std::string_view text) noexcept {
  constexpr std::uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};  // below it, a shorter form exists
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<std::uint8_t>(text[i++]);
    const int more = followers(lead);
    if (more < 0 || text.size() - i < static_cast<std::size_t>(more)) return false;
    std::uint32_t point = more == 0 ? lead : lead & (0x3Fu >> more);
    for (int k = 0; k < more; ++k) {
      const auto next = static_cast<std::uint8_t>(text[i++]);
      if ((next & 0xC0) != 0x80) return false;
      point = point << 6 | (next & 0x3Fu);
    }
    if (point < kLeast[more] || !is_printable(point)) return false;
  }
  return true;
}

}  // namespace nearline::format
