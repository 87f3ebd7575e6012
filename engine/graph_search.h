// SPDX-License-Identifier: Apache-2.0
/// The walk through a graph: the one search of the project. It says which pages it needs and does not know where they
/// come from, so it serves memory maps, disks, the simulated disk, and the graph that a build is still linking.
/// Source: greedy search of DiskANN (NeurIPS 2019), algorithm 1, with W candidates expanded together.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "engine/candidate_list.h"
#include "engine/codes/code_query.h"
#include "engine/places.h"
#include "engine/search_task.h"
#include "engine/shortlist.h"
#include "engine/space.h"
#include "engine/stop_rule.h"
#include "engine/tombstones.h"
#include "engine/visited_set.h"
#include "format/graph_page.h"
#include "io/page_source.h"
#include "nearline/index.h"

namespace nearline::engine {

/// Pages that one step of a walk may ask for together, and so the frames that a page reader must have per walk.
inline constexpr std::uint32_t kMaxBatch = 64;

/// A graph whose pages come from a PageReader. Borrows its entry points.
struct GraphView {
  Space space;
  format::PageShape shape;
  Places places;
  std::uint64_t count = 0;
  std::span<const std::uint32_t> entries;  ///< ordinals below `count`
  std::uint64_t pages_at = 0;              ///< offset of page 0 in the file, for errors
  Tombstones dead;                         ///< are walked through and never answered

  GraphView(const Space& s, const format::PageShape& p, std::uint64_t n, std::span<const std::uint32_t> e,
            std::uint64_t at)
      : space(s), shape(p), places(p), count(n), entries(e), pages_at(at) {}
};

struct Hit {
  float distance;
  Id id;
  friend bool operator<(const Hit& a, const Hit& b) noexcept {
    return a.distance < b.distance || (a.distance == b.distance && a.id < b.id);
  }
};

/// Keeps the k nearest: a heap with the farthest on top, once there are k.
void push_bounded(std::vector<Hit>& heap, const Hit& hit, std::uint32_t k);

/// The error of a neighbour list that leads out of the segment.
Error out_of_range(const GraphView& graph, std::uint32_t from, std::uint32_t to);

/// What one walk works with; kept between walks, so that the steady state allocates nothing.
struct Scratch {
  // Of the walk by codes.
  Shortlist shortlist;
  CodeQuery code_query;
  std::vector<float> code_vector;                       ///< the query as codes take it
  std::vector<std::unique_ptr<io::PageBatch>> flights;  ///< a page each, in flight or being looked at

  // Of both.
  CandidateList candidates;
  VisitedSet visited;
  io::PageBatch batch;
  std::vector<std::uint32_t> fresh;    ///< met and not yet compared
  std::vector<std::uint32_t> lists;    ///< neighbour lists being unpacked
  std::vector<std::uint32_t> offsets;  ///< of the wanted records on their pages
  std::vector<const std::byte*> records;
  std::vector<float> distances;
  std::vector<std::uint32_t> expanding;
  std::vector<Candidate> path;  ///< all that were expanded, in that order; linking chooses neighbours from it
  std::vector<Hit> hits;        ///< the answer
  std::vector<std::byte> query;
  FrameMemory frame;
  QueryStats stats;

  /// The batch of the i-th read in flight. Batches stay where they are.
  [[nodiscard]] io::PageBatch& flight(std::size_t i) {
    while (flights.size() <= i) flights.push_back(std::make_unique<io::PageBatch>());
    return *flights[i];
  }
  /// Gives back the pages of all batches.
  void release(io::PageReader& reader) noexcept;
  /// Before a walk: nothing counted yet.
  void clear_counters() noexcept;
  /// After it: reads and cache hits of all batches are in stats.
  void count_reads() noexcept;

  [[nodiscard]] std::uint64_t memory_bytes() const noexcept;
};

inline constexpr std::uint32_t kNoOrdinal = 0xFFFF'FFFF;

/// Sees a walk before each of its steps, and may end it.
class WalkWatch {
 public:
  virtual ~WalkWatch() = default;

  /// rule: what the walk itself ends by.  next: distance of the nearest candidate that is still open.
  virtual bool goes_on(const StopRule& rule, float next, const Scratch& scratch) = 0;
};

struct WalkOptions {
  std::uint32_t l = 64;
  std::uint32_t beam_width = 4;
  std::uint32_t k = 0;  ///< answers to name; 0 leaves it at the candidates
  StopRule stop{};
  std::uint32_t hidden = kNoOrdinal;  ///< a record that the walk does as if it were not there
  WalkWatch* watch = nullptr;         ///< of walks with a beam width of 1
  /// Distance of the k-th answer that other segments have: the stop rule goes by it, once the walk has met something
  /// as near. Before, it would end walks where they begin.
  float bound = std::numeric_limits<float>::infinity();

  /// The k-th distance for the stop rule. own: of this walk; best: the nearest that it met.
  [[nodiscard]] float kth(float own, float best) const noexcept { return best <= bound && bound < own ? bound : own; }
};

/// Walks from the entry points until none of the L nearest is left to expand, or what is left is beyond the stop rule:
/// scratch.candidates holds them, and scratch.hits the k nearest by id, nearest first, ties to the smaller id. graph,
/// reader, scratch and query.vector outlive the task. Errors: kCorrupt for an ordinal out of range, and those of the
/// reader.
SearchTask search_graph(FrameMemory& memory, const GraphView& graph, Query query, WalkOptions options,
                        io::PageReader& reader, Scratch& scratch);

/// Compares the query with every record: scratch.hits, as search_graph, without what is farther than the bound.
SearchTask search_exactly(FrameMemory& memory, const GraphView& graph, Query query, std::uint32_t k, float bound,
                          io::PageReader& reader, Scratch& scratch);

}  // namespace nearline::engine
