// SPDX-License-Identifier: Apache-2.0
#include "packing.h"

#include <algorithm>
#include <queue>

namespace nearline::experiments {
namespace {

struct Edge {
  std::uint32_t to;
  float weight;
};

/// Edges in both directions, with what each is worth to a page that has both ends.
struct Affinity {
  std::vector<std::uint32_t> first;
  std::vector<Edge> edges;
};

Affinity affinity_of(const World& world, const std::vector<float>& uses) {
  const std::uint32_t count = world.count();
  std::vector<float> weights(world.edges.size());
  for (std::uint32_t o = 0; o < count; ++o) {
    std::vector<std::pair<float, std::uint32_t>> gaps;
    for (std::uint32_t e = world.first[o]; e < world.first[o + 1]; ++e)
      gaps.emplace_back((world.vectors.row(o) - world.vectors.row(world.edges[e])).squaredNorm(), e);
    std::sort(gaps.begin(), gaps.end());
    for (std::size_t rank = 0; rank < gaps.size(); ++rank)
      weights[gaps[rank].second] =
          1.0F / static_cast<float>(4 + rank) + (uses.empty() ? 0.0F : uses[gaps[rank].second]);
  }
  Affinity all;
  all.first.assign(count + 1, 0);
  for (std::uint32_t o = 0; o < count; ++o)
    for (const std::uint32_t to : world.list(o)) ++all.first[o + 1], ++all.first[to + 1];
  for (std::uint32_t o = 0; o < count; ++o) all.first[o + 1] += all.first[o];
  all.edges.resize(all.first[count]);
  std::vector<std::uint32_t> next(all.first.begin(), all.first.end() - 1);
  for (std::uint32_t o = 0; o < count; ++o)
    for (std::uint32_t e = world.first[o]; e < world.first[o + 1]; ++e) {
      all.edges[next[o]++] = {world.edges[e], weights[e]};
      all.edges[next[world.edges[e]]++] = {o, weights[e]};
    }
  return all;
}

std::vector<std::uint32_t> grow(const Affinity& all, std::uint32_t count, std::uint32_t slots) {
  constexpr std::uint32_t kNone = ~0U;
  std::vector<std::uint32_t> order;
  std::vector<char> placed(count, 0);
  std::vector<float> score(count, 0);
  std::uint32_t next = 0;
  while (order.size() < count) {
    std::vector<std::uint32_t> touched;
    std::priority_queue<std::pair<float, std::uint32_t>> best;
    for (std::uint32_t i = 0; i < slots && order.size() < count; ++i) {
      std::uint32_t chosen = kNone;
      while (!best.empty() && chosen == kNone) {
        const auto [weight, o] = best.top();
        best.pop();
        if (placed[o] == 0 && weight == score[o]) chosen = o;
      }
      if (chosen == kNone) {
        while (placed[next] != 0) ++next;
        chosen = next;
      }
      placed[chosen] = 1;
      order.push_back(chosen);
      for (std::uint32_t e = all.first[chosen]; e < all.first[chosen + 1]; ++e) {
        const auto [to, weight] = all.edges[e];
        if (placed[to] != 0) continue;
        if (score[to] == 0) touched.push_back(to);
        score[to] += weight;
        best.emplace(score[to], to);
      }
    }
    for (const std::uint32_t o : touched) score[o] = 0;
  }
  return order;
}

}  // namespace

Packing pack(const World& world, std::uint32_t slots, const std::string& how, const std::vector<float>& uses) {
  std::vector<std::uint32_t> order(world.count());
  if (how == "order") {
    for (std::uint32_t o = 0; o < order.size(); ++o) order[o] = o;
  } else {
    order = grow(affinity_of(world, uses), world.count(), slots);
  }
  Packing packing;
  packing.page_of.resize(world.count());
  packing.members.resize((world.count() + slots - 1) / slots);
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    packing.page_of[order[i]] = i / slots;
    packing.members[i / slots].push_back(order[i]);
  }
  std::size_t local = 0;
  for (std::uint32_t o = 0; o < world.count(); ++o)
    for (const std::uint32_t to : world.list(o)) local += packing.page_of[o] == packing.page_of[to] ? 1 : 0;
  packing.local_edges = static_cast<double>(local) / static_cast<double>(world.edges.size());
  return packing;
}

}  // namespace nearline::experiments
