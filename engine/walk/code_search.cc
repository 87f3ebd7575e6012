// SPDX-License-Identifier: Apache-2.0
#include "engine/walk/code_search.h"

#include <algorithm>
#include <numeric>

#include "engine/walk/page_walk.h"

namespace nearline::engine {
namespace {

/// Entry points whose surroundings are looked at, records that are looked at around each, and candidates that a walk
/// begins with: measured to bring walks as near as a resident sample of 2 % does.
constexpr std::size_t kEntryRegions = 4;
constexpr std::uint32_t kRegionSamples = 64;
constexpr std::size_t kStarts = 8;

/// A scan estimates so many records at once.
constexpr std::uint64_t kChunk = 256;

/// A walk over pages whose records have codes.
class CodePages : public PageWalk {
 public:
  CodePages(const WalkCall& call, CodeTable& codes) : PageWalk(call), codes_(codes) {}

 protected:
  /// s.distances: the estimates of s.fresh.
  Result<void> estimate_fresh() {
    if (codes_.short_codes() != nullptr) {
      estimate_short(*codes_.short_codes());
      return {};
    }
    NEARLINE_CHECK(codes_.need(s_.fresh));
    s_.records.resize(s_.fresh.size());
    for (std::size_t i = 0; i < s_.fresh.size(); ++i) s_.records[i] = codes_.of(s_.fresh[i]);
    estimate();
    return {};
  }

 private:
  void estimate_short(const ShortCodes& codes) {
    const std::size_t bytes = codes_.book().code_bytes();
    s_.long_codes.resize(kLengthened * bytes);
    s_.distances.resize(s_.fresh.size());
    for (std::size_t first = 0; first < s_.fresh.size(); first += kLengthened) {
      const auto some = std::span(s_.fresh).subspan(first, std::min(kLengthened, s_.fresh.size() - first));
      for (const std::uint32_t ordinal : some) codes.prefetch(ordinal);
      s_.records.resize(some.size());
      for (std::size_t i = 0; i < some.size(); ++i) {
        codes.lengthen(some[i], s_.long_codes.data() + i * bytes);
        s_.records[i] = s_.long_codes.data() + i * bytes;
      }
      scorer_.estimates(s_.records, s_.distances.data() + first);
    }
    s_.stats.estimates += static_cast<std::uint32_t>(s_.fresh.size());
  }

  CodeTable& codes_;
};

/// What one walk is made of; the coroutine only says when to wait.
class CodeWalk : public CodePages {
 public:
  using CodePages::CodePages;

  /// The nearest entry points, and around them, since ordinals that are near are near in space, the nearest of some.
  Result<void> enter() {
    reset(format::list_bytes(graph_.shape));
    s_.fresh.assign(graph_.entries.begin(), graph_.entries.end());
    NEARLINE_CHECK(estimate_fresh());
    sort_guesses(2 * kStarts);
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
    NEARLINE_CHECK(estimate_fresh());
    for (const Candidate& entry : entries) {
      s_.fresh.push_back(entry.ordinal);
      s_.distances.push_back(entry.distance);
    }
    sort_guesses(2 * kStarts);
    start(kStarts);
    return {};
  }

  /// Expands all that is here. True when the best guess's page is to be read now: it is in the newest flight.
  Result<bool> advance() {
    // What is here costs no read and may know of something better than the best guess.
    for (std::size_t here; (here = s_.shortlist.next(Shortlist::State::kHere)) != Shortlist::kNone;) {
      NEARLINE_CHECK(expand(here));
    }
    return ask();
  }

  Result<void> land() {
    const Landed landed = compare_oldest();
    for (std::uint32_t i = 0; i < landed.count; ++i) {
      const std::uint32_t ordinal = landed.first + i;
      if (admission_.lets_pass(ordinal) && s_.shortlist.keeps(s_.distances[i], ordinal)) {
        s_.shortlist.arrive(s_.distances[i], ordinal, s_.records[i] + graph_.shape.degree_place(),
                            admission_.admits(ordinal));
      }
    }
    return {};
  }

 private:
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
    NEARLINE_CHECK(estimate_fresh());
    guess();
    return {};
  }
};

class CodeScan : public CodePages {
 public:
  using CodePages::CodePages;

  Result<void> enter() {
    reset(0);
    look_no_farther_than(options_.errors * scorer_.error());
    if (admission_.matches() != nullptr) return enter_matches(*admission_.matches());
    for (std::uint64_t first = 0; first < graph_.count; first += kChunk) {
      s_.fresh.resize(std::min(kChunk, graph_.count - first));
      std::iota(s_.fresh.begin(), s_.fresh.end(), static_cast<std::uint32_t>(first));
      std::erase_if(s_.fresh, [this](std::uint32_t node) { return !admission_.admits(node); });
      NEARLINE_CHECK(estimate_fresh());
      guess();
    }
    return {};
  }
  Result<bool> advance() { return ask(); }
  Result<void> land() {
    compare_oldest();
    return {};
  }

 private:
  /// Estimates what may be an answer, and passes by all else without a look at it.
  Result<void> enter_matches(const RecordSet& matches) {
    s_.fresh.clear();
    for (std::uint64_t row = matches.next(0); row != RecordSet::kNone; row = matches.next(row + 1)) {
      const auto node = static_cast<std::uint32_t>(row);
      if (node != admission_.hidden()) s_.fresh.push_back(node);
      if (s_.fresh.size() < kChunk) continue;
      NEARLINE_CHECK(estimate_fresh());
      guess();
      s_.fresh.clear();
    }
    NEARLINE_CHECK(estimate_fresh());
    guess();
    return {};
  }
};

}  // namespace

SearchTask search_by_codes(FrameMemory& memory, const WalkCall& call, CodeTable& codes) {
  return run_walk(memory, CodeWalk(call, codes), call.reader);
}

SearchTask scan_codes(FrameMemory& memory, const WalkCall& call, CodeTable& codes) {
  return run_walk(memory, CodeScan(call, codes), call.reader);
}

}  // namespace nearline::engine
