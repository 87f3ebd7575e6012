// SPDX-License-Identifier: Apache-2.0
#include "engine/walk/graph_search.h"

#include <algorithm>
#include <cassert>
#include <limits>

namespace nearline::engine {
namespace {

/// Until something is met that other segments have no k nearer ones to, a walk goes by so few of its own answers: all k
/// of them are wanted by nobody.
constexpr std::uint32_t kFewAnswers = 5;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Asks the batch for the pages of `nodes`, and notes where on them the records stand.
void want(const GraphView& graph, std::span<const std::uint32_t> nodes, Scratch& s) {
  s.batch.wanted.resize(nodes.size());
  s.offsets.resize(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Places::Place place = graph.places.of(nodes[i]);
    s.batch.wanted[i] = place.page;
    s.offsets[i] = place.byte;
  }
}

/// The records that were wanted, whose pages the batch holds.
void locate(Scratch& s) {
  s.records.resize(s.offsets.size());
  for (std::size_t i = 0; i < s.offsets.size(); ++i) s.records[i] = s.batch.pages[i] + s.offsets[i];
}

/// The distance beyond which nothing is expanded any more, whatever comes. It goes by what may be an answer.
float limit(const WalkOptions& options, const CandidateList& candidates) noexcept {
  if (options.k == 0 || candidates.admitted() == 0) return StopRule::kNever;
  const float best = candidates.nth_admitted(0);
  const std::uint32_t k = best > options.bound ? std::min(options.k, kFewAnswers) : options.k;
  const float own = candidates.admitted() >= k ? candidates.nth_admitted(k - 1) : kInfinity;
  const float kth = options.kth(own, best);
  return kth == kInfinity ? StopRule::kNever : std::max(kth, options.stop.limit(kth));
}

/// Offers the compared records to the candidates. The list of one that comes first will be read next.
void keep(const WalkCall& call, std::span<const std::uint32_t> nodes, float limit, Scratch& s) {
  const format::PageShape& shape = call.graph.shape;
  const bool all = call.admission.admits_all();
  const float* const distances = s.distances.data();
  float far = std::min(limit, s.candidates.farthest());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (distances[i] > far) continue;
    if (s.candidates.insert(distances[i], nodes[i], all || call.admission.admits(nodes[i]))) {
      prefetch(s.records[i] + shape.degree_place(), shape.slot_bytes - shape.degree_place());
    }
    far = std::min(limit, s.candidates.farthest());
  }
}

/// Collects into s.fresh the neighbours of s.expanding that were not met before. Their records are in s.records.
Result<void> meet_neighbors(const GraphView& graph, Scratch& s) {
  s.lists.resize(graph.shape.degree);
  s.fresh.resize(s.expanding.size() * graph.shape.degree);
  std::size_t met = 0;
  for (std::size_t i = 0; i < s.expanding.size(); ++i) {
    const std::uint32_t degree = format::unpack_neighbors(graph.shape, s.records[i], s.lists.data());
    const auto list = std::span<const std::uint32_t>(s.lists).first(degree);
    std::uint32_t largest = 0;
    for (const std::uint32_t neighbor : list) largest = std::max(largest, neighbor);
    if (largest >= graph.count) return out_of_range(graph, s.expanding[i], largest);
    met += s.visited.insert_new(list, s.fresh.data() + met);
  }
  s.fresh.resize(met);
  s.stats.hops += static_cast<std::uint32_t>(s.expanding.size());
  return {};
}

void choose_expanding(std::uint32_t beam_width, float limit, Scratch& s) {
  s.expanding.clear();
  for (Candidate next{}; s.expanding.size() < beam_width && s.candidates.expand_next(limit, next);) {
    s.expanding.push_back(next.ordinal);
    s.path.push_back(next);
  }
}

void begin(const WalkCall& call, Scratch& s) {
  s.candidates.reset(call.options.l, call.options.room);
  s.visited.clear();
  if (call.admission.hidden() != kNoOrdinal) s.visited.insert(call.admission.hidden());
  s.fresh.clear();
  s.path.clear();
  for (const std::uint32_t entry : call.graph.entries) {
    if (s.visited.insert(entry)) s.fresh.push_back(entry);
  }
}

/// Puts into s.fresh the candidates that can be among the k nearest once ties are settled by id; all of them where they
/// are still to be ranked.
void choose_contenders(std::uint32_t k, bool ranked, Scratch& s) {
  const CandidateList& sorted = s.candidates;
  s.fresh.clear();
  s.distances.clear();
  s.answers.reset(k);
  for (std::size_t i = 0; i < sorted.size() && k > 0; ++i) {
    if (!sorted.is_admitted(i)) continue;
    if (ranked && s.fresh.size() >= k && sorted[i].distance != s.distances[k - 1]) break;
    s.fresh.push_back(sorted[i].ordinal);
    s.distances.push_back(sorted[i].distance);
  }
}

std::span<const std::uint32_t> batch_of(const std::vector<std::uint32_t>& nodes, std::size_t at) {
  return std::span(nodes).subspan(at, std::min<std::size_t>(kMaxBatch, nodes.size() - at));
}

}  // namespace

SearchTask search_graph(FrameMemory& /*memory*/, WalkCall call) {
  const GraphView& graph = call.graph;
  const WalkOptions& options = call.options;
  Scratch& s = call.scratch;
  begin(call, s);
  while (true) {
    for (std::size_t at = 0; at < s.fresh.size(); at += kMaxBatch) {
      const auto part = batch_of(s.fresh, at);
      want(graph, part, s);
      Result<void> got = co_await call.reader.read(s.batch);
      if (!got) co_return got;
      locate(s);
      compare_records(call);
      keep(call, part, limit(options, s.candidates), s);
    }
    choose_expanding(options.beam_width, limit(options, s.candidates), s);
    if (s.expanding.empty()) break;
    if (options.watch != nullptr && !options.watch->goes_on(options.stop, s.path.back().distance, s)) break;
    want(graph, s.expanding, s);
    Result<void> got = co_await call.reader.read(s.batch);
    if (!got) co_return got;
    locate(s);
    Result<void> met = meet_neighbors(graph, s);
    if (!met) co_return met;
  }
  choose_contenders(options.k, !call.rerank, s);
  for (std::size_t at = 0; at < s.fresh.size(); at += kMaxBatch) {
    const auto part = batch_of(s.fresh, at);
    want(graph, part, s);
    Result<void> got = co_await call.reader.read(s.batch);
    if (!got) co_return got;
    locate(s);
    if (call.rerank) {
      call.rerank->distances(s.records, s.distances.data() + at);
      s.stats.distance_computations += static_cast<std::uint32_t>(part.size());
    }
    for (std::size_t i = 0; i < part.size(); ++i) {
      s.answers.offer({s.distances[at + i], format::stored_id(graph.shape, s.records[i])});
    }
  }
  s.answers.sort();
  co_return Result<void>{};
}

void search_in_memory(const GraphView& graph, const Query& query, std::uint32_t l, io::PageReader& reader,
                      Scratch& scratch) {
  const SearchTask task = search_graph(scratch.frame, {.graph = graph,
                                                       .scorer = Scorer(graph.space, query),
                                                       .admission = {},
                                                       .options = {.l = l, .beam_width = 1, .k = 0},
                                                       .reader = reader,
                                                       .scratch = scratch});
  assert(task.done());
  if (!task.outcome()) throw std::bad_alloc();
}

}  // namespace nearline::engine
