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

/// A code point, and how many bytes it takes: none where there is no well-formed one.
struct Point {
  std::uint32_t value = 0;
  std::size_t bytes = 0;
};

Point first_point(std::string_view text) noexcept {
  constexpr std::uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};  // below it, a shorter form exists
  const auto lead = static_cast<std::uint8_t>(text.front());
  const int more = followers(lead);
  if (more < 0 || text.size() <= static_cast<std::size_t>(more)) return {};
  std::uint32_t point = more == 0 ? lead : lead & (0x3Fu >> more);
  for (int k = 1; k <= more; ++k) {
    const auto next = static_cast<std::uint8_t>(text[static_cast<std::size_t>(k)]);
    if ((next & 0xC0) != 0x80) return {};
    point = point << 6 | (next & 0x3Fu);
  }
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  if (point < kLeast[more] || surrogate || point > 0x10FFFF) return {};
  return {point, static_cast<std::size_t>(more) + 1};
}

bool is_control(std::uint32_t point) noexcept {
  return point < 0x20 || (point >= 0x7F && point <= 0x9F);
}

}  // namespace

std::size_t first_bad_utf8(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    const Point point = first_point(text.substr(at));
    if (point.bytes == 0) break;
    at += point.bytes;
  }
  return at;
}

bool is_printable_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const Point point = first_point(text);
    if (point.bytes == 0 || is_control(point.value)) return false;
    text.remove_prefix(point.bytes);
  }
  return true;
}

}  // namespace nearline::format
