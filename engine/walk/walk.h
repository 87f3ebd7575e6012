// SPDX-License-Identifier: Apache-2.0
/// What every walk is told: the graph, the query, how far to go, which nodes count, and where pages come from.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "engine/walk/admission.h"
#include "engine/walk/graph_view.h"
#include "engine/walk/scorer.h"
#include "engine/walk/scratch.h"
#include "engine/walk/search_task.h"
#include "engine/walk/stop_rule.h"
#include "io/page_source.h"

namespace nearline::engine {

/// Pages that one step of a walk may ask for together, and so the frames that a page reader must have per walk.
inline constexpr std::uint32_t kMaxBatch = 64;

/// Sees a walk before each of its steps, and may end it.
class WalkWatch {
 public:
  virtual ~WalkWatch() = default;

  /// rule: what the walk itself ends by.  next: distance of the nearest candidate that is still open.
  virtual bool goes_on(const StopRule& rule, float next, const Scratch& scratch) = 0;
};

struct WalkOptions {
  std::uint32_t l = 64;  ///< L: candidates that are kept, of those that may be answers
  /// Candidates that are kept at most, those included that may not be answers; l where it is less.
  std::uint32_t room = 0;
  std::uint32_t beam_width = 4;
  std::uint32_t k = 0;  ///< answers to name; 0 leaves it at the candidates
  StopRule stop{};
  /// Of a search that has an estimate of every record: so many standard errors beyond what is known it looks.
  float errors = 2;
  WalkWatch* watch = nullptr;  ///< of walks with a beam width of 1
  /// Distance of the k-th answer that other segments have: the stop rule goes by it, once the walk has met an answer
  /// as near. Before, it would end walks where they begin.
  float bound = std::numeric_limits<float>::infinity();
  /// Of scans: all that is as near as `bound` is wanted. How much that is nobody knows; it counts in no budget.
  bool within = false;

  /// The k-th distance for the stop rule. own: of the answers of this walk; best: the nearest of them.
  [[nodiscard]] float kth(float own, float best) const noexcept { return best <= bound && bound < own ? bound : own; }
};

/// One walk. What it refers to outlives the task, scorers and admission excepted, which the walk copies.
struct WalkCall {
  const GraphView& graph;
  Scorer scorer;
  Admission admission;
  WalkOptions options;
  io::PageReader& reader;
  Scratch& scratch;
  /// Of a walk by distance: what its candidates are ranked by in the end, where that is not what it walks by.
  std::optional<Scorer> rerank{};
};

/// Asks the processor for a record, or a part of one.
void prefetch(const std::byte* record, std::size_t bytes) noexcept;

/// scratch.distances: those of scratch.records, exactly.
void compare_records(const WalkCall& call);

}  // namespace nearline::engine
