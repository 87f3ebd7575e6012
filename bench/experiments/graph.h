// SPDX-License-Identifier: Apache-2.0
/// The graph being built: a fixed number of neighbour slots for each record.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace nearline::experiments {

using NodeId = std::uint32_t;

class Graph {
 public:
  Graph(std::uint32_t count, std::uint32_t slots)
      : slots_(slots), degree_(count, 0), edges_(static_cast<std::size_t>(count) * slots) {}

  [[nodiscard]] std::uint32_t count() const { return static_cast<std::uint32_t>(degree_.size()); }
  [[nodiscard]] std::uint32_t slots() const { return slots_; }
  [[nodiscard]] std::span<const NodeId> neighbors(NodeId node) const {
    return {edges_.data() + static_cast<std::size_t>(node) * slots_, degree_[node]};
  }
  void assign(NodeId node, std::span<const NodeId> list) {
    std::copy(list.begin(), list.end(), edges_.begin() + static_cast<std::ptrdiff_t>(node) * slots_);
    degree_[node] = static_cast<std::uint8_t>(list.size());
  }
  void prefetch(NodeId node) const {
    const auto* at = reinterpret_cast<const char*>(edges_.data() + static_cast<std::size_t>(node) * slots_);
    __builtin_prefetch(at);
    __builtin_prefetch(at + 64);
  }
  /// FNV-1a over all lists: equal graphs, equal hashes.
  [[nodiscard]] std::uint64_t hash() const {
    std::uint64_t h = 0xcbf29ce484222325ULL;
    for (NodeId node = 0; node < count(); ++node) {
      for (const NodeId next : neighbors(node)) h = (h ^ next) * 0x100000001b3ULL;
      h = (h ^ 0xffffffffU) * 0x100000001b3ULL;
    }
    return h;
  }

 private:
  std::uint32_t slots_;
  std::vector<std::uint8_t> degree_;
  std::vector<NodeId> edges_;
};

}  // namespace nearline::experiments
