// SPDX-License-Identifier: Apache-2.0
#include "engine/code_search.h"

#include <algorithm>
#include <limits>

namespace nearline::engine {
namespace {

/// Entry points whose surroundings are looked at, records that are looked at around each, and candidates that a walk
/// begins with: measured to bring walks as near as a resident sample of 2 % does.
constexpr std::size_t kEntryRegions = 4;
constexpr std::uint32_t kRegionSamples = 64;
constexpr std::size_t kStarts = 8;

/// What one walk is made of; the coroutine only says when to wait.
class CodeWalk {
 public:
  CodeWalk(const GraphView& graph, CodeTable& codes, const Query& query, const WalkOptions& options, Scratch& s)
      : graph_(graph), codes_(codes), query_(query), options_(options), s_(s) {}

  /// The nearest entry points, and around them, since ordinals that are near are near in space, the nearest of some.
  Result<void> enter() {
    s_.shortlist.reset(options_.l, format::list_bytes(graph_.shape));
    s_.visited.clear();
    s_.hits.clear();
    if (options_.hidden != kNoOrdinal) s_.visited.insert(options_.hidden);
    s_.fresh.assign(graph_.entries.begin(), graph_.entries.end());
    NEARLINE_CHECK(estimate());
    sort_guesses();
    const std::size_t regions = std::min(kEntryRegions, s_.path.size());
    const auto span = static_cast<std::uint32_t>(graph_.count / graph_.entries.size());
    const std::uint32_t step = std::max(1U, span / kRegionSamples);
    s_.fresh.clear();
    for (std::size_t r = 0; r < regions; ++r) {
      const std::uint64_t middle = s_.path[r].ordinal;
      const std::uint64_t first = middle - std::min<std::uint64_t>(middle, span / 2);
      for (std::uint64_t o = first; o < std::min(first + span, graph_.count); o += step) {
        if (o != middle) s_.fresh.push_back(static_cast<std::uint32_t>(o));
      }
    }
    const auto entries = s_.path;
    NEARLINE_CHECK(estimate());
    for (const Candidate& entry : entries) {
      s_.fresh.push_back(entry.ordinal);
      s_.distances.push_back(entry.distance);
    }
    sort_guesses();
    for (std::size_t i = 0; i < std::min<std::size_t>(kStarts, s_.path.size()); ++i) {
      if (s_.visited.insert(s_.path[i].ordinal)) s_.shortlist.guess(s_.path[i].distance, s_.path[i].ordinal, false);
    }
    s_.path.clear();
    return {};
  }

  /// Expands all that is here. True when the best guess's page is to be read now: it is in the newest flight.
  Result<bool> advance() {
    while (true) {
      // What is here costs no read and may know of something better than the best guess.
      if (const std::size_t here = s_.shortlist.next(Shortlist::State::kHere); here != Shortlist::kNone) {
        NEARLINE_CHECK(expand(here));
        continue;
      }
      const std::size_t best = s_.shortlist.next(Shortlist::State::kGuess);
      if (best == Shortlist::kNone || in_flight_ == options_.beam_width) return false;
      const float next = s_.shortlist[best].distance;
      if (next > limit()) return false;
      if (options_.watch != nullptr && !options_.watch->goes_on(options_.stop, next, s_)) return false;
      const std::uint32_t page = graph_.places.of(s_.shortlist[best].ordinal).page;
      s_.shortlist.ask(page * graph_.shape.slots, graph_.shape.slots);
      io::PageBatch& flight = s_.flight((oldest_ + in_flight_) % options_.beam_width);
      flight.wanted.assign(1, page);
      ++in_flight_;
      return true;
    }
  }

  [[nodiscard]] io::PageBatch& newest() { return s_.flight((oldest_ + in_flight_ - 1) % options_.beam_width); }
  [[nodiscard]] io::PageBatch& oldest() { return s_.flight(oldest_); }
  [[nodiscard]] bool waits() const noexcept { return in_flight_ > 0; }

  /// Compares the query with every record of the oldest flight's page.
  void land() {
    const io::PageBatch& flight = s_.flight(oldest_);
    oldest_ = (oldest_ + 1) % options_.beam_width;
    --in_flight_;
    const std::uint32_t slots = graph_.shape.slots;
    const std::uint32_t first = flight.wanted[0] * slots;
    const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(slots, graph_.count - first));
    s_.shortlist.take_out(first, count);
    s_.records.resize(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      s_.records[i] = flight.pages[0] + sizeof(format::GraphPageHeader) + std::size_t{i} * graph_.shape.slot_bytes;
    }
    s_.distances.resize(count);
    graph_.space.distances(query_, s_.records, s_.distances.data());
    s_.stats.distance_computations += count;
    for (std::uint32_t i = 0; i < count; ++i) {
      // Infinity less infinity, or a stored component that is no number: as far as can be, so that order stays order.
      float& distance = s_.distances[i];
      distance = distance == distance ? distance : std::numeric_limits<float>::infinity();
      best_ = std::min(best_, distance);
      s_.visited.insert(first + i);
      if (first + i == options_.hidden) continue;
      if (!graph_.dead.has(first + i)) {
        push_bounded(s_.hits, {distance, format::stored_id(graph_.shape, s_.records[i])}, options_.k);
      }
      if (s_.shortlist.has_room(distance, first + i))
        s_.shortlist.arrive(distance, first + i, s_.records[i] + graph_.shape.degree_place());
    }
  }

 private:
  /// No page of a guess beyond it is read any more, whatever comes.
  [[nodiscard]] float limit() const noexcept {
    const bool full = options_.k > 0 && s_.hits.size() == options_.k;
    const float own = full ? s_.hits.front().distance : std::numeric_limits<float>::infinity();
    const float kth = options_.kth(own, best_);
    return kth == std::numeric_limits<float>::infinity() ? StopRule::kNever : options_.stop.limit(kth);
  }

  /// s.distances: the estimates of s.fresh.
  Result<void> estimate() {
    NEARLINE_CHECK(codes_.need(s_.fresh));
    s_.records.resize(s_.fresh.size());
    for (std::size_t i = 0; i < s_.fresh.size(); ++i) s_.records[i] = codes_.of(s_.fresh[i]);
    s_.distances.resize(s_.fresh.size());
    s_.code_query.estimate(s_.records, s_.distances.data());
    // A hostile code book may overflow: as far as can be, so that order stays order.
    for (float& guess : s_.distances) guess = guess == guess ? guess : std::numeric_limits<float>::infinity();
    s_.stats.estimates += static_cast<std::uint32_t>(s_.fresh.size());
    return {};
  }

  /// s.path: s.fresh with their estimates, the best first; those before kStarts and kEntryRegions at least.
  void sort_guesses() {
    s_.path.resize(s_.fresh.size());
    for (std::size_t i = 0; i < s_.fresh.size(); ++i) s_.path[i] = {s_.distances[i], s_.fresh[i]};
    const auto sorted = static_cast<std::ptrdiff_t>(std::min(s_.path.size(), std::max(kStarts, kEntryRegions) * 2));
    std::partial_sort(s_.path.begin(), s_.path.begin() + sorted, s_.path.end());
  }

  /// Meets the neighbours of a candidate that is here.
  Result<void> expand(std::size_t candidate) {
    const std::uint32_t from = s_.shortlist[candidate].ordinal;
    s_.lists.resize(graph_.shape.degree);
    const std::uint32_t degree = format::unpack_list(graph_.shape, s_.shortlist.finish(candidate), s_.lists.data());
    const auto list = std::span<const std::uint32_t>(s_.lists).first(degree);
    for (const std::uint32_t neighbor : list) {
      if (neighbor >= graph_.count) return out_of_range(graph_, from, neighbor);
    }
    s_.fresh.resize(graph_.shape.degree);
    s_.fresh.resize(s_.visited.insert_new(list, s_.fresh.data()));
    ++s_.stats.hops;
    NEARLINE_CHECK(estimate());
    const float far = limit();
    for (std::size_t i = 0; i < s_.fresh.size(); ++i) {
      if (!(s_.distances[i] > far) && s_.shortlist.has_room(s_.distances[i], s_.fresh[i]))
        s_.shortlist.guess(s_.distances[i], s_.fresh[i], is_asked(s_.fresh[i]));
    }
    return {};
  }

  [[nodiscard]] bool is_asked(std::uint32_t ordinal) {
    if (in_flight_ == 0) return false;
    const std::uint32_t page = graph_.places.of(ordinal).page;
    for (std::uint32_t i = 0; i < in_flight_; ++i) {
      if (s_.flight((oldest_ + i) % options_.beam_width).wanted[0] == page) return true;
    }
    return false;
  }

  const GraphView& graph_;
  CodeTable& codes_;
  const Query query_;
  const WalkOptions options_;
  Scratch& s_;
  std::uint32_t oldest_ = 0;
  std::uint32_t in_flight_ = 0;
  float best_ = std::numeric_limits<float>::infinity();  // the nearest that was compared
};

}  // namespace

SearchTask search_by_codes(FrameMemory& /*memory*/, const GraphView& graph, CodeTable& codes, Query query,
                           WalkOptions options, io::PageReader& reader, Scratch& s) {
  CodeWalk walk(graph, codes, query, options, s);
  if (Result<void> entered = walk.enter(); !entered) co_return entered;
  while (true) {
    while (true) {
      Result<bool> more = walk.advance();
      if (!more) co_return std::move(more).error();
      if (!*more) break;
      reader.begin(walk.newest());
    }
    if (!walk.waits()) break;
    io::PageBatch* const oldest[] = {&walk.oldest()};
    co_await io::PageReader::any_of(oldest);
    if (!oldest[0]->outcome) co_return std::move(oldest[0]->outcome);
    walk.land();
  }
  std::sort_heap(s.hits.begin(), s.hits.end());
  co_return Result<void>{};
}

}  // namespace nearline::engine
