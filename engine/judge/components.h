// SPDX-License-Identifier: Apache-2.0
/// Connected components of a graph whose edges come one after another.
#pragma once

#include <cstdint>
#include <vector>

namespace nearline::engine {

/// Source: union by size with path halving (Tarjan, van Leeuwen, JACM 1984).
class Components {
 public:
  explicit Components(std::size_t nodes);

  void connect(std::size_t a, std::size_t b) noexcept;

  /// The number of each node's component, from 0: the largest first, ties by the smallest node. sizes: of each.
  std::vector<std::uint32_t> numbers(std::vector<std::uint64_t>& sizes);

 private:
  std::size_t root(std::size_t node) noexcept;

  std::vector<std::uint64_t> parents_;
  std::vector<std::uint64_t> sizes_;  ///< of roots
};

}  // namespace nearline::engine
