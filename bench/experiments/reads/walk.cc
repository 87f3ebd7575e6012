// SPDX-License-Identifier: Apache-2.0
#include "walk.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace nearline::experiments {
namespace {

struct Candidate {
  float key;
  std::uint32_t ordinal;
  bool operator<(const Candidate& other) const { return key != other.key ? key < other.key : ordinal < other.ordinal; }
};

class Walk {
 public:
  Walk(const World& world, const Codes& codes, const Packing& packing, const WalkPlan& plan)
      : world_(world), codes_(codes), packing_(packing), plan_(plan) {}

  void run(Eigen::Index query, Outcome& sum) {
    query_ = world_.queries.row(query);
    centered_ = codes_.rotation.transpose() * (query_ - codes_.mean);
    offset_ = (query_ - codes_.mean).squaredNorm();
    pool_.clear();
    known_.clear();
    pages_.clear();
    enter();
    for (std::size_t at; (at = choose()) < pool_.size();) {
      const std::uint32_t o = pool_[at].ordinal;
      if (pages_.insert(packing_.page_of[o]).second) {
        read(packing_.page_of[o]);
        continue;  // the candidate may now have another place
      }
      expand(o);
      ++sum.hops;
    }
    std::vector<float> exact;
    for (const auto& [o, state] : known_)
      if (state.exact) exact.push_back(state.key);
    const auto k = std::min<std::size_t>(plan_.k, exact.size());
    std::nth_element(exact.begin(), exact.begin() + static_cast<std::ptrdiff_t>(k) - 1, exact.end());
    const float reach = world_.reach[static_cast<std::size_t>(query)] * (1 + 1e-5F) + 1e-6F;
    for (std::size_t i = 0; i < k; ++i) sum.recall += exact[i] <= reach ? 1 : 0;
    sum.reads += static_cast<double>(pages_.size());
    sum.estimates += static_cast<double>(known_.size());
  }

 private:
  struct State {
    float key;
    bool exact;
    bool expanded;
  };

  float estimate(std::uint32_t o) const {
    return offset_ + codes_.offset[o] - 2 * codes_.factor[o] * codes_.decoded.row(o).dot(centered_);
  }

  void enter() {
    const auto step = static_cast<std::uint32_t>(1 / plan_.sample);
    std::vector<Candidate> nearest;
    for (std::uint32_t o = step / 2; o < world_.count(); o += step) nearest.push_back({estimate(o), o});
    const auto entries = std::min<std::size_t>(plan_.entries, nearest.size());
    std::partial_sort(nearest.begin(), nearest.begin() + static_cast<std::ptrdiff_t>(entries), nearest.end());
    for (std::size_t i = 0; i < entries; ++i) {
      known_[nearest[i].ordinal] = {nearest[i].key, false, false};
      offer(nearest[i]);
    }
  }

  void offer(const Candidate& candidate) {
    if (pool_.size() == plan_.l && !(candidate < pool_.back())) return;
    pool_.insert(std::lower_bound(pool_.begin(), pool_.end(), candidate), candidate);
    if (pool_.size() > plan_.l) pool_.pop_back();
  }

  /// The first not yet expanded whose page is here, else the first not yet expanded.
  std::size_t choose() const {
    std::size_t unread = pool_.size();
    for (std::size_t i = 0; i < pool_.size(); ++i) {
      const State& state = known_.at(pool_[i].ordinal);
      if (state.expanded) continue;
      if (state.exact) return i;
      unread = std::min(unread, i);
    }
    return unread;
  }

  void read(std::uint32_t page) {
    for (const std::uint32_t o : packing_.members[page]) {
      const float distance = (world_.vectors.row(o).transpose() - query_).squaredNorm();
      const auto [place, fresh] = known_.try_emplace(o, State{distance, true, false});
      if (!fresh) {
        const auto old = std::find_if(pool_.begin(), pool_.end(), [&](const Candidate& c) { return c.ordinal == o; });
        if (old != pool_.end()) pool_.erase(old);
        place->second.key = distance;
        place->second.exact = true;
      }
      offer({distance, o});
    }
  }

  void expand(std::uint32_t o) {
    known_[o].expanded = true;
    for (std::uint32_t e = world_.first[o]; e < world_.first[o + 1]; ++e) {
      const std::uint32_t to = world_.edges[e];
      if (known_.contains(to)) continue;
      const float key = estimate(to);
      known_[to] = {key, false, false};
      if (plan_.uses != nullptr && (pool_.size() < plan_.l / 2 || key < pool_[pool_.size() / 2].key))
        (*plan_.uses)[e] += 1;
      offer({key, to});
    }
  }

  const World& world_;
  const Codes& codes_;
  const Packing& packing_;
  const WalkPlan& plan_;
  Vector query_;
  Vector centered_;
  float offset_ = 0;
  std::vector<Candidate> pool_;
  std::unordered_map<std::uint32_t, State> known_;
  std::unordered_set<std::uint32_t> pages_;
};

}  // namespace

Outcome walk_all(const World& world, const Codes& codes, const Packing& packing, const WalkPlan& plan) {
  Outcome sum;
  Walk walk(world, codes, packing, plan);
  for (Eigen::Index q = 0; q < world.queries.rows(); ++q) walk.run(q, sum);
  const auto queries = static_cast<double>(world.queries.rows());
  return {sum.recall / queries / plan.k, sum.reads / queries, sum.hops / queries, sum.estimates / queries};
}

}  // namespace nearline::experiments
