// SPDX-License-Identifier: Apache-2.0
/// The question: what should a page hold that is a graph node by itself, with the codes of its neighbours inline? For
/// each number of members and each size of code, one 4 KiB page has room for so many neighbours; walks over the graph
/// of a real index say how many pages an answer then costs.
///
///     fused INDEX QUERIES [queries=400] [slots=3,4,6,8] [codes=axes:20,axes:36] [sample=0.01] [head=4] [page=4096]
///           [whole=0,1]     1: the whole table of a page that was read is looked at; 0: lists of what is expanded
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

#include "codes.h"
#include "packing.h"

namespace {

using namespace nearline::experiments;

struct Node {
  std::vector<std::uint32_t> members;
  std::vector<std::uint32_t> table;               ///< targets elsewhere
  std::vector<std::vector<std::uint32_t>> lists;  ///< of each member, what is left of it, members of the page too
};

struct Fused {
  std::vector<Node> pages;
  std::vector<std::uint32_t> page_of;
  double wanted = 0;  ///< distinct targets of a page, before the table's end
  double kept = 0;    ///< share of all edges
};

struct Plan {
  std::uint32_t k = 10, l = 140;
  double slack = 0;
  std::uint32_t samples = 5000;
  bool whole = true;
};

struct Point {
  double recall = 0, reads = 0, estimates = 0;
};

/// The table takes the targets of most weight: near neighbours, and those of several members.
Fused fuse(const World& world, std::uint32_t slots, std::uint32_t room) {
  const Packing packing = pack(world, slots, "greedy");
  Fused fused{.page_of = packing.page_of};
  double wanted = 0, kept = 0;
  for (const auto& members : packing.members) {
    Node node{.members = members};
    std::unordered_map<std::uint32_t, float> weights;
    for (const std::uint32_t o : members) {
      std::vector<std::pair<float, std::uint32_t>> near;
      for (const std::uint32_t to : world.list(o))
        near.emplace_back((world.vectors.row(o) - world.vectors.row(to)).squaredNorm(), to);
      std::sort(near.begin(), near.end());
      for (std::size_t rank = 0; rank < near.size(); ++rank) {
        if (fused.page_of[near[rank].second] != fused.page_of[o])
          weights[near[rank].second] += 1.0F / static_cast<float>(4 + rank);
      }
    }
    wanted += static_cast<double>(weights.size());
    std::vector<std::pair<float, std::uint32_t>> best;
    for (const auto& [to, weight] : weights) best.emplace_back(-weight, to);
    std::sort(best.begin(), best.end());
    if (best.size() > room) best.resize(room);
    for (const auto& [weight, to] : best) node.table.push_back(to);
    std::sort(node.table.begin(), node.table.end());
    for (const std::uint32_t o : members) {
      auto& list = node.lists.emplace_back();
      for (const std::uint32_t to : world.list(o)) {
        if (fused.page_of[to] == fused.page_of[o] || std::binary_search(node.table.begin(), node.table.end(), to))
          list.push_back(to);
      }
      kept += static_cast<double>(list.size());
    }
    fused.pages.push_back(std::move(node));
  }
  fused.wanted = wanted / static_cast<double>(fused.pages.size());
  fused.kept = kept / static_cast<double>(world.edges.size());
  return fused;
}

class Walk {
 public:
  Walk(const World& world, const Codes& codes, const Fused& fused)
      : world_(world), codes_(codes), fused_(fused), known_(world.count(), 0), here_(world.count(), 0) {}

  void run(Eigen::Index query, const Plan& plan, Point& sum) {
    plan_ = plan;
    ++epoch_;
    query_ = world_.queries.row(query);
    centered_ = codes_.rotation.transpose() * (query_ - codes_.mean);
    offset_ = (query_ - codes_.mean).squaredNorm();
    pool_.clear();
    hits_.clear();
    enter();
    while (true) {
      std::size_t guess = pool_.size(), open = pool_.size();
      for (std::size_t i = 0; i < pool_.size() && open == pool_.size(); ++i) {
        if (pool_[i].state == 1) open = i;
        if (pool_[i].state == 0) guess = std::min(guess, i);
      }
      if (open < pool_.size()) {
        pool_[open].state = 2;
        expand(pool_[open].ordinal);
        continue;
      }
      if (guess == pool_.size() || pool_[guess].key > limit()) break;
      read(fused_.page_of[pool_[guess].ordinal]);
      ++sum.reads;
    }
    const float reach = world_.reach[static_cast<std::size_t>(query)] * (1 + 1e-5F) + 1e-6F;
    for (const float hit : hits_) sum.recall += hit <= reach ? 1 : 0;
  }
  double estimates = 0;

 private:
  struct Candidate {
    float key;
    std::uint32_t ordinal;
    int state;  // 0 guess, 1 here, 2 done
    bool operator<(const Candidate& other) const {
      return key != other.key ? key < other.key : ordinal < other.ordinal;
    }
  };

  float limit() const {
    if (hits_.size() < plan_.k) return INFINITY;
    return hits_.back() + static_cast<float>(plan_.slack) * std::fabs(hits_.back());
  }

  float estimate(std::uint32_t o) {
    ++estimates;
    return offset_ + codes_.offset[o] - 2 * codes_.factor[o] * codes_.decoded.row(o).dot(centered_);
  }

  void enter() {
    const std::uint32_t step = std::max(1U, world_.count() / plan_.samples);
    std::vector<std::pair<float, std::uint32_t>> near;
    for (std::uint32_t o = step / 2; o < world_.count(); o += step) near.emplace_back(estimate(o), o);
    const std::size_t starts = std::min<std::size_t>(8, near.size());
    std::partial_sort(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(starts), near.end());
    for (std::size_t i = 0; i < starts; ++i) {
      known_[near[i].second] = epoch_;
      offer({near[i].first, near[i].second, 0});
    }
  }

  void offer(const Candidate& candidate) {
    if (pool_.size() == plan_.l && !(candidate < pool_.back())) return;
    pool_.insert(std::lower_bound(pool_.begin(), pool_.end(), candidate), candidate);
    if (pool_.size() > plan_.l) pool_.pop_back();
  }

  void read(std::uint32_t page) {
    const Node& node = fused_.pages[page];
    std::erase_if(pool_, [&](const Candidate& c) { return fused_.page_of[c.ordinal] == page; });
    for (const std::uint32_t o : node.members) {
      const float distance = (world_.vectors.row(o).transpose() - query_).squaredNorm();
      known_[o] = here_[o] = epoch_;
      hits_.insert(std::lower_bound(hits_.begin(), hits_.end(), distance), distance);
      if (hits_.size() > plan_.k) hits_.pop_back();
      offer({distance, o, plan_.whole ? 2 : 1});
    }
    if (plan_.whole) meet(node.table);
  }

  void expand(std::uint32_t o) {
    const Node& node = fused_.pages[fused_.page_of[o]];
    meet(node.lists[static_cast<std::size_t>(std::find(node.members.begin(), node.members.end(), o) -
                                             node.members.begin())]);
  }

  void meet(const std::vector<std::uint32_t>& list) {
    const float far = limit();
    for (const std::uint32_t to : list) {
      if (known_[to] == epoch_) continue;
      known_[to] = epoch_;
      const float key = estimate(to);
      if (!(key > far)) offer({key, to, 0});
    }
  }

  const World& world_;
  const Codes& codes_;
  const Fused& fused_;
  Plan plan_;
  std::vector<std::uint32_t> known_, here_;
  std::uint32_t epoch_ = 0;
  Vector query_, centered_;
  float offset_ = 0;
  std::vector<Candidate> pool_;
  std::vector<float> hits_;
};

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  std::stringstream stream(text);
  for (std::string word; std::getline(stream, word, ',');) words.push_back(word);
  return words;
}

double reads_at(const std::vector<Point>& curve, double recall) {
  for (std::size_t i = 1; i < curve.size(); ++i) {
    const Point &low = curve[i - 1], &high = curve[i];
    if (low.recall <= recall && recall <= high.recall && high.recall > low.recall)
      return low.reads + (recall - low.recall) / (high.recall - low.recall) * (high.reads - low.reads);
  }
  return std::nan("");
}

/// How many table entries fit a page with so many members, each linked by a bit a table entry.
std::uint32_t room_for(std::uint32_t page, std::uint32_t slots, std::uint32_t record, std::uint32_t entry) {
  std::uint32_t room = 0;
  while (18 + slots * (record + (slots + room + 1 + 7) / 8) + (room + 1) * entry <= page) ++room;
  return room;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: fused INDEX QUERIES [name=value ...]\n");
    return 1;
  }
  std::uint32_t queries = 400, head = 4, page = 4096, element = 1;
  double sample = 0.01;
  std::string all_slots = "3,4,6,8", all_codes = "axes:20,axes:36", all_whole = "0,1";
  for (int i = 3; i < argc; ++i) {
    const std::string word = argv[i];
    const std::string value = word.substr(word.find('=') + 1);
    if (word.starts_with("queries=")) queries = static_cast<std::uint32_t>(std::atoi(value.c_str()));
    if (word.starts_with("head=")) head = static_cast<std::uint32_t>(std::atoi(value.c_str()));
    if (word.starts_with("page=")) page = static_cast<std::uint32_t>(std::atoi(value.c_str()));
    if (word.starts_with("element=")) element = static_cast<std::uint32_t>(std::atoi(value.c_str()));
    if (word.starts_with("sample=")) sample = std::atof(value.c_str());
    if (word.starts_with("slots=")) all_slots = value;
    if (word.starts_with("codes=")) all_codes = value;
    if (word.starts_with("whole=")) all_whole = value;
  }
  const World world = load_world(argv[1], argv[2], queries, 10);
  const auto vector_bytes = static_cast<std::uint32_t>(world.vectors.cols()) * element;
  for (const std::string& what : split(all_codes)) {
    const Codes codes = encode(world, what);
    for (const std::string& slot_text : split(all_slots)) {
      const auto slots = static_cast<std::uint32_t>(std::atoi(slot_text.c_str()));
      const auto code = static_cast<std::uint32_t>(codes.bytes);
      const std::uint32_t room = room_for(page, slots, vector_bytes + 4, head + code);
      const Fused fused = fuse(world, slots, room);
      Walk walk(world, codes, fused);
      for (const std::string& whole : split(all_whole)) {
        std::vector<Point> curve;
        const double before = walk.estimates;
        for (const double slack : {-0.15, -0.1, -0.05, 0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.6, 1.0}) {
          Point sum;
          const Plan plan{
              .slack = slack, .samples = static_cast<std::uint32_t>(sample * world.count()), .whole = whole == "1"};
          for (Eigen::Index q = 0; q < world.queries.rows(); ++q) walk.run(q, plan, sum);
          const auto n = static_cast<double>(world.queries.rows());
          curve.push_back({sum.recall / n / 10, sum.reads / n});
          if (curve.back().recall > 0.995) break;
        }
        std::printf(
            "%-8s %2u members %3u of %5.1f targets, %.3f of the edges, %4u B a record, whole %s: reads at 0.95 %5.1f "
            " at 0.99 %5.1f, most recall %.4f, estimates %.0f\n",
            what.c_str(), slots, room, fused.wanted, fused.kept, page / slots, whole.c_str(), reads_at(curve, 0.95),
            reads_at(curve, 0.99), curve.back().recall,
            (walk.estimates - before) / static_cast<double>(world.queries.rows()) / static_cast<double>(curve.size()));
        std::fflush(stdout);
      }
    }
  }
}
