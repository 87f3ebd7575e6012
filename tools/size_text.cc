// SPDX-License-Identifier: Apache-2.0
/// Sizes as people write them.
#include <array>
#include <charconv>

#include "tools/args.h"

namespace nearline::tools {
namespace {

struct Unit {
  char letter;
  unsigned shift;
};
constexpr std::array kUnits = {Unit{'T', 40}, Unit{'G', 30}, Unit{'M', 20}, Unit{'K', 10}};

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view suffix = text.substr(static_cast<std::size_t>(end - text.data()));
  if (suffix.empty()) return value;
  if (suffix.size() != 1 && suffix.substr(1) != "iB") return std::nullopt;
  for (const Unit& unit : kUnits) {
    if (suffix[0] != unit.letter) continue;
    if (value > (~std::uint64_t{0} >> unit.shift)) return std::nullopt;
    return value << unit.shift;
  }
  return std::nullopt;
}

std::string size_text(std::uint64_t bytes) {
  for (const Unit& unit : kUnits) {
    const std::uint64_t whole = std::uint64_t{1} << unit.shift;
    if (bytes != 0 && bytes % whole == 0) return std::to_string(bytes / whole) + unit.letter;
  }
  return std::to_string(bytes);
}

}  // namespace nearline::tools
