// SPDX-License-Identifier: Apache-2.0
#include "format/nearest_word.h"

#include <algorithm>
#include <vector>

namespace nearline::format {
namespace {

constexpr std::size_t kLeastPrefix = 3;
constexpr std::size_t kLongestWord = 64;

std::string_view without_dashes(std::string_view word) noexcept {
  return word.substr(std::min(word.find_first_not_of('-'), word.size()));
}

/// Letters to insert, take out, exchange, or swap with the next one (optimal string alignment).
std::size_t changes(std::string_view from, std::string_view to) {
  std::vector<std::size_t> before, last(to.size() + 1), now(to.size() + 1);
  for (std::size_t j = 0; j <= to.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
        now[j] = std::min(now[j], before[j - 2] + 1);
    }
    before = last;
    std::swap(last, now);
  }
  return last[to.size()];
}

}  // namespace

std::string nearest_word(std::string_view word, std::span<const std::string> known) {
  const std::string_view letters = without_dashes(word);
  if (letters.size() > kLongestWord) return {};
  std::string best;
  std::size_t least = std::max<std::size_t>(2, letters.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const std::string_view other = without_dashes(candidate);
    if (other.size() < 2) continue;  // everything is near to a single letter
    const bool begins = letters.size() >= kLeastPrefix && other.starts_with(letters);
    const std::size_t distance = begins ? 0 : changes(letters, other);
    if (distance >= least || distance >= letters.size()) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

}  // namespace nearline::format
