// SPDX-License-Identifier: Apache-2.0
#include "engine/graph_search.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

#include "format/superblock.h"

namespace nearline::engine {
namespace {

/// Lines of a record worth asking for ahead of its comparison; the processor follows a longer run by itself.
constexpr std::size_t kPrefetchBytes = 1024;
constexpr std::size_t kLineBytes = 64;
/// Until something is met that other segments have no k nearer ones to, a walk goes by so few of its own answers: all k
/// of them are wanted by nobody.
constexpr std::uint32_t kFewAnswers = 5;
/// A scan asks at once for pages of so many records: enough for a disk, and the scratch of short walks has room.
constexpr std::uint32_t kScanRecords = 256;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

void prefetch(const std::byte* record, std::size_t bytes) noexcept {
  for (std::size_t at = 0; at < bytes; at += kLineBytes) __builtin_prefetch(record + at);
  __builtin_prefetch(record + bytes - 1);
}

/// Asks the batch for the pages of `ordinals`, and notes where on them the records stand.
void want(const GraphView& graph, std::span<const std::uint32_t> ordinals, Scratch& s) {
  s.batch.wanted.resize(ordinals.size());
  s.offsets.resize(ordinals.size());
  for (std::size_t i = 0; i < ordinals.size(); ++i) {
    const Places::Place place = graph.places.of(ordinals[i]);
    s.batch.wanted[i] = place.page;
    s.offsets[i] = place.byte;
  }
}

/// The records that were wanted, whose pages the batch holds.
void locate(Scratch& s) {
  s.records.resize(s.offsets.size());
  for (std::size_t i = 0; i < s.offsets.size(); ++i) s.records[i] = s.batch.pages[i] + s.offsets[i];
}

/// All records of the pages that the batch holds, which follow each other. first: the ordinal of the first record.
void locate_all(const GraphView& graph, std::uint32_t first, Scratch& s) {
  s.records.clear();
  for (const std::byte* page : s.batch.pages) {
    for (std::uint32_t slot = 0; slot < graph.shape.slots && first < graph.count; ++slot, ++first) {
      s.records.push_back(page + graph.places.of(first).byte);
    }
  }
}

/// Compares the query with s.records.
void compare(const GraphView& graph, const Query& query, Scratch& s) {
  const std::size_t bytes = std::min<std::size_t>(graph.shape.vector_bytes, kPrefetchBytes);
  for (const std::byte* record : s.records) prefetch(record, bytes);
  s.distances.resize(s.records.size());
  graph.space.distances(query, s.records, s.distances.data());
  // Infinity less infinity, or a stored component that is no number: as far as can be, so that order stays order.
  for (float& distance : s.distances) distance = distance == distance ? distance : kInfinity;
  s.stats.distance_computations += static_cast<std::uint32_t>(s.records.size());
}

/// Beyond it nothing is expanded any more, whatever comes.
float limit(const WalkOptions& options, const CandidateList& candidates) noexcept {
  if (options.k == 0 || candidates.size() == 0) return StopRule::kNever;
  const std::uint32_t k = candidates[0].distance > options.bound ? std::min(options.k, kFewAnswers) : options.k;
  const float own = candidates.size() >= k ? candidates[k - 1].distance : kInfinity;
  const float kth = options.kth(own, candidates[0].distance);
  return kth == kInfinity ? StopRule::kNever : std::max(kth, options.stop.limit(kth));
}

/// Offers the compared records to the candidates. The list of one that comes first will be read next.
void keep(const GraphView& graph, std::span<const std::uint32_t> ordinals, float limit, Scratch& s) {
  for (std::size_t i = 0; i < ordinals.size(); ++i) {
    if (s.distances[i] > limit) continue;
    if (s.candidates.insert(s.distances[i], ordinals[i])) {
      prefetch(s.records[i] + graph.shape.degree_place(), graph.shape.slot_bytes - graph.shape.degree_place());
    }
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

void begin(const GraphView& graph, const WalkOptions& options, Scratch& s) {
  s.candidates.reset(options.l);
  s.visited.clear();
  if (options.hidden != kNoOrdinal) s.visited.insert(options.hidden);
  s.fresh.clear();
  s.path.clear();
  for (const std::uint32_t entry : graph.entries) {
    if (s.visited.insert(entry)) s.fresh.push_back(entry);
  }
}

/// Puts into s.fresh the candidates that can be among the k nearest once ties are settled by id.
void choose_contenders(const GraphView& graph, std::uint32_t k, Scratch& s) {
  const CandidateList& sorted = s.candidates;
  s.fresh.clear();
  s.hits.clear();
  s.distances.clear();
  for (std::size_t i = 0; i < sorted.size() && k > 0; ++i) {
    if (graph.dead.has(sorted[i].ordinal)) continue;
    if (s.fresh.size() >= k && sorted[i].distance != s.distances[k - 1]) break;
    s.fresh.push_back(sorted[i].ordinal);
    s.distances.push_back(sorted[i].distance);
  }
}

std::span<const std::uint32_t> batch_of(const std::vector<std::uint32_t>& ordinals, std::size_t at) {
  return std::span(ordinals).subspan(at, std::min<std::size_t>(kMaxBatch, ordinals.size() - at));
}

}  // namespace

Error out_of_range(const GraphView& graph, std::uint32_t from, std::uint32_t to) {
  return {.code = Code::kCorrupt,
          .what = "record " + std::to_string(from) + " has neighbour " + std::to_string(to) +
                  ": expected an ordinal below " + std::to_string(graph.count),
          .at = graph.pages_at + std::uint64_t{graph.places.of(from).page} * graph.shape.page_bytes};
}

void push_bounded(std::vector<Hit>& heap, const Hit& hit, std::uint32_t k) {
  if (heap.size() == k) {
    if (!(hit < heap.front())) return;
    std::pop_heap(heap.begin(), heap.end());
    heap.pop_back();
  }
  heap.push_back(hit);
  std::push_heap(heap.begin(), heap.end());
}

void Scratch::release(io::PageReader& reader) noexcept {
  reader.release(batch);
  for (const auto& flight : flights) reader.release(*flight);
}

void Scratch::clear_counters() noexcept {
  stats = {};
  batch.disk_reads = batch.cache_hits = 0;
  for (const auto& flight : flights) flight->disk_reads = flight->cache_hits = 0;
}

void Scratch::count_reads() noexcept {
  stats.page_reads = batch.disk_reads;
  stats.cache_hits = batch.cache_hits;
  for (const auto& flight : flights) {
    stats.page_reads += flight->disk_reads;
    stats.cache_hits += flight->cache_hits;
  }
  stats.bytes_read = std::uint64_t{stats.page_reads} * format::kBlockBytes;
}

std::uint64_t Scratch::memory_bytes() const noexcept {
  return shortlist.memory_bytes() + code_query.memory_bytes() + code_vector.capacity() * sizeof(float) +
         flights.size() * sizeof(io::PageBatch) + candidates.memory_bytes() + visited.memory_bytes() +
         frame.memory_bytes() + query.capacity() +
         (fresh.capacity() + lists.capacity() + expanding.capacity() + offsets.capacity() + batch.wanted.capacity() +
          batch.pinned.capacity() + distances.capacity()) *
             4 +
         (records.capacity() + batch.pages.capacity()) * sizeof(void*) + hits.capacity() * sizeof(Hit) +
         path.capacity() * sizeof(Candidate);
}

SearchTask search_graph(FrameMemory& /*memory*/, const GraphView& graph, Query query, WalkOptions options,
                        io::PageReader& reader, Scratch& s) {
  begin(graph, options, s);
  while (true) {
    for (std::size_t at = 0; at < s.fresh.size(); at += kMaxBatch) {
      const auto part = batch_of(s.fresh, at);
      want(graph, part, s);
      Result<void> got = co_await reader.read(s.batch);
      if (!got) co_return got;
      locate(s);
      compare(graph, query, s);
      keep(graph, part, limit(options, s.candidates), s);
    }
    choose_expanding(options.beam_width, limit(options, s.candidates), s);
    if (s.expanding.empty()) break;
    if (options.watch != nullptr && !options.watch->goes_on(options.stop, s.path.back().distance, s)) break;
    want(graph, s.expanding, s);
    Result<void> got = co_await reader.read(s.batch);
    if (!got) co_return got;
    locate(s);
    Result<void> met = meet_neighbors(graph, s);
    if (!met) co_return met;
  }
  choose_contenders(graph, options.k, s);
  for (std::size_t at = 0; at < s.fresh.size(); at += kMaxBatch) {
    const auto part = batch_of(s.fresh, at);
    want(graph, part, s);
    Result<void> got = co_await reader.read(s.batch);
    if (!got) co_return got;
    locate(s);
    for (std::size_t i = 0; i < part.size(); ++i) {
      s.hits.push_back({s.distances[at + i], format::stored_id(graph.shape, s.records[i])});
    }
  }
  std::sort(s.hits.begin(), s.hits.end());
  if (s.hits.size() > options.k) s.hits.resize(options.k);
  co_return Result<void>{};
}

SearchTask search_exactly(FrameMemory& /*memory*/, const GraphView& graph, Query query, std::uint32_t k, float bound,
                          io::PageReader& reader, Scratch& s) {
  s.hits.clear();
  const auto pages = static_cast<std::uint32_t>(graph.shape.pages(graph.count));
  const std::uint32_t together = std::clamp(kScanRecords / graph.shape.slots, 1U, kMaxBatch);
  for (std::uint32_t page = 0; page < pages; page += together) {
    s.batch.wanted.resize(std::min(together, pages - page));
    std::iota(s.batch.wanted.begin(), s.batch.wanted.end(), page);
    Result<void> got = co_await reader.read(s.batch);
    if (!got) co_return got;
    const std::uint32_t first = page * graph.shape.slots;
    locate_all(graph, first, s);
    compare(graph, query, s);
    for (std::size_t i = 0; i < s.records.size(); ++i) {
      if (s.distances[i] > bound) continue;  // of a scan almost all: what follows is for the few
      if (graph.dead.has(first + static_cast<std::uint32_t>(i))) continue;
      push_bounded(s.hits, {s.distances[i], format::stored_id(graph.shape, s.records[i])}, k);
      if (s.hits.size() == k) bound = std::min(bound, s.hits.front().distance);
    }
  }
  std::sort_heap(s.hits.begin(), s.hits.end());
  co_return Result<void>{};
}

}  // namespace nearline::engine
