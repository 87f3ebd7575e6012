// SPDX-License-Identifier: Apache-2.0
#include "engine/judge/components.h"

#include <algorithm>
#include <numeric>

namespace nearline::engine {

Components::Components(std::size_t nodes) : parents_(nodes), sizes_(nodes, 1) {
  std::iota(parents_.begin(), parents_.end(), std::uint64_t{0});
}

std::size_t Components::root(std::size_t node) noexcept {
  for (; parents_[node] != node; node = parents_[node]) parents_[node] = parents_[parents_[node]];
  return node;
}

void Components::connect(std::size_t a, std::size_t b) noexcept {
  a = root(a);
  b = root(b);
  if (a == b) return;
  if (sizes_[a] < sizes_[b]) std::swap(a, b);
  parents_[b] = a;
  sizes_[a] += sizes_[b];
}

std::vector<std::uint32_t> Components::numbers(std::vector<std::uint64_t>& sizes) {
  constexpr std::uint32_t kUnseen = 0xFFFF'FFFF;
  std::vector<std::uint32_t> of_root(parents_.size(), kUnseen);
  std::vector<std::size_t> roots;  // in the order of their components' smallest nodes
  for (std::size_t node = 0; node < parents_.size(); ++node) {
    const std::size_t its = root(node);
    if (of_root[its] != kUnseen) continue;
    of_root[its] = 0;
    roots.push_back(its);
  }
  std::stable_sort(roots.begin(), roots.end(), [this](std::size_t a, std::size_t b) { return sizes_[a] > sizes_[b]; });
  sizes.clear();
  sizes.reserve(roots.size());
  for (const std::size_t its : roots) {
    of_root[its] = static_cast<std::uint32_t>(sizes.size());
    sizes.push_back(sizes_[its]);
  }
  std::vector<std::uint32_t> numbers(parents_.size());
  for (std::size_t node = 0; node < parents_.size(); ++node) numbers[node] = of_root[root(node)];
  return numbers;
}

}  // namespace nearline::engine
