// SPDX-License-Identifier: Apache-2.0
#include "engine/link/link.h"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include "engine/link/back_edges.h"
#include "engine/link/ball_tree.h"
#include "engine/link/findable.h"
#include "engine/link/leaf_pairs.h"
#include "engine/link/list_worker.h"
#include "engine/link/reach.h"
#include "engine/link/reciprocate.h"
#include "engine/parallel.h"
#include "engine/progress.h"
#include "engine/walk/graph_search.h"

namespace nearline::engine {
namespace {

// Measured in docs/decisions.md.
struct Forest {
  std::uint32_t trees, leaf;
};
constexpr Forest kForest{.trees = 3, .leaf = 2048};
/// Up to kFewRecords a leaf of 2,048 is a large part of all, and comparing all its pairs takes most of the time.
constexpr Forest kSmallForest{.trees = 2, .leaf = 1024};
constexpr std::uint32_t kFewRecords = 8192;
constexpr std::uint32_t kNearest = 20;
/// Back edges are offered in this many windows of targets, and records refined in this many batches: they bound the
/// memory that waiting edges take, and the result depends on them, so they do not follow the machine. Few records have
/// fewer windows: threads wait for each other at the end of each.
constexpr std::uint32_t kWindows = 32;
constexpr std::uint32_t kFewWindows = 4;
constexpr std::uint32_t kBatches = 20;
constexpr std::size_t kChunk = 64;
/// Progress is told between rounds, for which threads wait: a round has many leaves, and a tree at most kMostRounds.
constexpr std::size_t kRoundLeaves = 32, kMostRounds = 8;
/// An insertion's search keeps kInserting times the L of a refining one, and begins at kSides records on each side.
constexpr std::uint32_t kInserting = 2;
constexpr std::ptrdiff_t kSides = 2;

/// Working memory of one thread.
struct Worker {
  Worker(const RecordImage& image, const Nearness& nearness) : reader(image), pairs(image, nearness, kNearest) {}
  ImageReader reader;
  LeafPairs pairs;
  Scratch scratch;
  std::vector<Candidate> candidates;
  std::vector<std::uint32_t> starts;
};

class Linker {
 public:
  Linker(RecordImage& image, const Nearness& nearness, const LinkOptions& options)
      : image_(image), nearness_(nearness), options_(options), count_(static_cast<std::uint32_t>(image.count())) {
    for (std::uint32_t i = 0; i < options.threads; ++i) {
      workers_.push_back(std::make_unique<Worker>(image, nearness));
      lists_.push_back(std::make_unique<ListWorker>(image, nearness, options.degree, options.alpha));
    }
  }

  Result<LinkReport> run() {
    NEARLINE_CHECK(progress(0));
    Leaves leaves = grow(0);
    std::vector<std::uint32_t> rows;
    if (options_.known != nullptr) rows = leaves.order;
    renumber(std::move(leaves));
    NEARLINE_CHECK(options_.known != nullptr ? connect(rows) : link_all());
    std::vector<std::uint32_t> entries(std::min(options_.entries, count_));
    for (std::uint32_t i = 0; i < entries.size(); ++i) {  // spread over the leaf order, and so over space
      entries[i] = static_cast<std::uint32_t>(std::uint64_t{i} * count_ / entries.size());
    }
    reciprocate(image_, nearness_.first(), options_.degree, options_.threads);
    const ReachReport reach =
        make_reachable(image_, nearness_.first(), std::move(entries), options_.degree, options_.l);
    make_findable(image_, nearness_.first(), reach.entries, options_.degree, options_.threads);
    return LinkReport{.entries = reach.entries, .repaired = reach.repaired, .rows = std::move(rows)};
  }

 private:
  static constexpr std::uint64_t kStep = 100;  // progress of one tree

  Result<void> link_all() {
    Leaves leaves;
    for (std::uint32_t tree = 1; tree <= forest_.trees; ++tree) {
      leaves = grow(tree);
      NEARLINE_CHECK(link_leaves(leaves, tree));
    }
    leaves.ends = {};
    NEARLINE_CHECK(progress(forest_.trees * kStep));
    add_back_edges();
    return refine(leaves.order, options_.l, forest_.trees, steps_);
  }

  /// Inserts the records whose lists do not say yet what is near them.
  Result<void> connect(std::span<const std::uint32_t> rows) {
    NEARLINE_TRY(loose, options_.known->fill(image_, rows));
    for (std::uint32_t at = 0; at < count_; ++at) {
      if (!loose[at]) connected_.push_back(at);
    }
    std::vector<std::uint32_t> order;
    // Records that follow each other here are near each other, and would not see each other in one batch.
    for (std::uint32_t batch = 0; batch < kBatches; ++batch) {
      for (std::uint32_t at = batch; at < count_; at += kBatches) {
        if (loose[at]) order.push_back(at);
      }
    }
    NEARLINE_CHECK(refine(order, kInserting * options_.l, 0, forest_.trees));
    connected_ = {};  // now that all are they look around once more, as after linking anew
    return refine(order, options_.l, forest_.trees, steps_);
  }

  Result<void> progress(std::uint64_t done) const {
    return report(options_.progress, {"link", count_ * done / (steps_ * kStep), count_});
  }

  [[nodiscard]] Leaves grow(std::uint32_t tree) const {
    return grow_leaves(image_, nearness_.for_tree(tree), forest_.leaf, options_.seed * 1000 + tree, options_.threads);
  }

  /// Moves the records into the order of a tree's leaves, so that what is near in space is near in memory.
  void renumber(Leaves leaves) {
    const std::size_t bytes = image_.shape().slot_bytes;
    std::vector<std::byte> held(bytes);
    std::vector<std::uint32_t>& from =
        leaves.order;  // from[i]: the record that belongs at i; i itself once it is there
    for (std::uint32_t start = 0; start < count_; ++start) {
      if (from[start] == start) continue;
      std::copy_n(image_.record(start), bytes, held.data());
      std::uint32_t at = start;
      while (from[at] != start) {
        const std::uint32_t next = std::exchange(from[at], at);
        image_.prefetch(from[next]);
        std::copy_n(image_.record(next), bytes, image_.record(at));
        at = next;
      }
      from[at] = at;
      std::copy_n(held.data(), bytes, image_.record(at));
    }
  }

  /// Lets each record choose among its list and its nearest in its leaf. A record is in one leaf of a tree, so leaves
  /// touch disjoint lists and can be done in any order.
  Result<void> link_leaves(const Leaves& leaves, std::uint32_t tree) {
    const std::size_t rounds = std::clamp<std::size_t>(leaves.ends.size() / kRoundLeaves, 1, kMostRounds);
    for (std::size_t round = 0; round < rounds; ++round) {
      NEARLINE_CHECK(progress((tree - 1) * kStep + round * kStep / rounds));
      const std::size_t first = leaves.ends.size() * round / rounds;
      const std::size_t last = leaves.ends.size() * (round + 1) / rounds;
      parallel_for(last - first, 1, options_.threads, [&](std::size_t begin, std::size_t end, unsigned thread) {
        for (std::size_t i = begin; i < end; ++i) link_leaf(leaves.leaf(first + i), thread);
      });
    }
    return {};
  }

  void link_leaf(std::span<const std::uint32_t> leaf, unsigned thread) {
    Worker& worker = *workers_[thread];
    worker.pairs.compare(leaf);
    for (std::size_t i = 0; i < leaf.size(); ++i) {
      worker.candidates.clear();
      lists_[thread]->measured_list(leaf[i], worker.candidates);
      worker.pairs.nearest_of(i, worker.candidates);
      lists_[thread]->store(leaf[i], lists_[thread]->choose(leaf[i], worker.candidates));
    }
  }

  void add_back_edges() {
    const std::uint32_t windows = count_ > kFewRecords ? kWindows : kFewWindows;
    for (std::uint32_t window = 0; window < windows; ++window) {
      const auto first = static_cast<std::uint32_t>(std::uint64_t{count_} * window / windows);
      const auto end = static_cast<std::uint32_t>(std::uint64_t{count_} * (window + 1) / windows);
      if (first == end) continue;
      BackEdges edges(first, end, options_.threads);
      parallel_for(count_, 4096, options_.threads, [&](std::size_t from, std::size_t to, unsigned thread) {
        for (std::size_t source = from; source < to; ++source) {
          for (const std::uint32_t target : lists_[thread]->list(static_cast<std::uint32_t>(source))) {
            if (target >= first && target < end) edges.add(target, static_cast<std::uint32_t>(source), thread);
          }
        }
      });
      edges.apply(lists_);
    }
  }

  /// One pass of short searches, each beginning at the record itself or near it: finds the near records that no leaf
  /// brought together. The records of a batch see the graph as it was before the batch.
  /// from, to: steps of progress.
  Result<void> refine(std::span<const std::uint32_t> order, std::uint32_t l, std::uint32_t from, std::uint32_t to) {
    const std::size_t size = std::max<std::size_t>(1, (order.size() + kBatches - 1) / kBatches);
    std::vector<std::uint32_t> chosen(size * options_.degree);
    std::vector<std::uint32_t> degrees(size);
    BackEdges edges(0, count_, options_.threads);
    for (std::size_t first = 0; first < order.size(); first += size) {
      NEARLINE_CHECK(progress((from + first * (to - from) / order.size()) * kStep));
      const auto batch = order.subspan(first, std::min(size, order.size() - first));
      parallel_for(batch.size(), kChunk, options_.threads, [&](std::size_t begin, std::size_t end, unsigned thread) {
        for (std::size_t i = begin; i < end; ++i) {
          const auto list = search(batch[i], l, thread);
          degrees[i] = static_cast<std::uint32_t>(list.size());
          std::copy(list.begin(), list.end(), chosen.begin() + static_cast<std::ptrdiff_t>(i * options_.degree));
        }
      });
      parallel_for(batch.size(), kChunk, options_.threads, [&](std::size_t begin, std::size_t end, unsigned thread) {
        for (std::size_t i = begin; i < end; ++i) {
          const auto list = std::span<const std::uint32_t>(chosen).subspan(i * options_.degree, degrees[i]);
          offer_new(batch[i], list, edges, thread);
          lists_[thread]->store(batch[i], list);
        }
      });
      edges.apply(lists_);
    }
    return {};
  }

  /// Offers only what the record's list does not hold yet: the others know of it, or turned it down before.
  void offer_new(std::uint32_t record, std::span<const std::uint32_t> chosen, BackEdges& edges, unsigned thread) {
    const auto old = lists_[thread]->list(record);
    for (const std::uint32_t target : chosen) {
      if (std::find(old.begin(), old.end(), target) == old.end()) edges.add(target, record, thread);
    }
  }

  /// Starts of a search for what is near a record: the record, and where it is still to be connected also the connected
  /// ones that come before and after it, for the order is that of a tree's leaves.
  void begin_near(std::uint32_t record, std::vector<std::uint32_t>& starts) const {
    starts.assign(1, record);
    const auto after = std::lower_bound(connected_.begin(), connected_.end(), record);
    const auto room = [](auto from, auto to) { return std::min<std::ptrdiff_t>(kSides, to - from); };
    starts.insert(starts.end(), after - room(connected_.begin(), after), after);
    starts.insert(starts.end(), after, after + room(after, connected_.end()));
  }

  /// The neighbours that a record would choose of its list and of what searches that begin near it meet.
  std::span<const std::uint32_t> search(std::uint32_t record, std::uint32_t l, unsigned thread) {
    Worker& worker = *workers_[thread];
    Scratch& s = worker.scratch;
    begin_near(record, worker.starts);
    worker.candidates.clear();
    for (const Space& space : nearness_.kinds()) {
      const GraphView graph(space, image_.shape(), count_, worker.starts, 0);
      s.query.resize(space.query_bytes());
      const Query query = space.query_of(image_.record(record), s.query.data());
      search_in_memory(graph, query, l, worker.reader, s);
      worker.candidates.insert(worker.candidates.end(), s.path.begin(), s.path.end());
    }
    lists_[thread]->measured_list(record, worker.candidates);
    return lists_[thread]->choose(record, worker.candidates);
  }

  RecordImage& image_;
  const Nearness& nearness_;
  const LinkOptions& options_;
  const std::uint32_t count_;
  const Forest forest_ = count_ > kFewRecords ? kForest : kSmallForest;
  const std::uint32_t steps_ = forest_.trees + 2;
  std::vector<std::uint32_t> connected_;  ///< while others are inserted: the records beside which they begin
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<ListWorker>> lists_;
};

}  // namespace

std::uint64_t link_worker_bytes(const format::PageShape& shape) noexcept {
  constexpr std::uint64_t kSmall = 256u << 10;  // its stack, what a short search keeps, lists being chosen
  return kSmall + 4 * std::uint64_t{shape.dim} * sizeof(float) +
         LeafPairs::memory_bytes(shape, kForest.leaf, kNearest * Nearness::kMostKinds);
}

std::uint32_t refining_list(std::uint32_t l_build) noexcept {
  return std::max(16U, l_build / 4);
}

Result<LinkReport> link(RecordImage& image, const Nearness& nearness, const LinkOptions& options) {
  if (image.count() == 0) return LinkReport{};
  return Linker(image, nearness, options).run();
}

}  // namespace nearline::engine
