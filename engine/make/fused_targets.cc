// SPDX-License-Identifier: Apache-2.0
#include "engine/make/fused_targets.h"

#include <algorithm>

namespace nearline::engine {
namespace {

struct Target {
  std::uint32_t ordinal;
  float weight;
};

}  // namespace

std::vector<std::uint32_t> choose_targets(std::span<const std::vector<std::uint32_t>> lists, std::uint32_t first,
                                          std::uint32_t slots, std::uint32_t room) {
  std::vector<Target> targets;
  for (const std::vector<std::uint32_t>& list : lists) {
    for (std::size_t rank = 0; rank < list.size(); ++rank) {
      if (list[rank] - first >= slots) targets.push_back({list[rank], 1.0F / (4.0F + static_cast<float>(rank))});
    }
  }
  // Stable, so that weights are always added up in the same order.
  const auto by_ordinal = [](const Target& a, const Target& b) { return a.ordinal < b.ordinal; };
  std::stable_sort(targets.begin(), targets.end(), by_ordinal);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (kept > 0 && targets[kept - 1].ordinal == targets[i].ordinal) {
      targets[kept - 1].weight += targets[i].weight;
    } else {
      targets[kept++] = targets[i];
    }
  }
  targets.resize(kept);
  if (targets.size() > room) {
    std::stable_sort(targets.begin(), targets.end(),
                     [](const Target& a, const Target& b) { return a.weight > b.weight; });
    targets.resize(room);
    std::sort(targets.begin(), targets.end(), by_ordinal);
  }
  std::vector<std::uint32_t> ordinals;
  ordinals.reserve(targets.size());
  for (const Target& target : targets) ordinals.push_back(target.ordinal);
  return ordinals;
}

}  // namespace nearline::engine
