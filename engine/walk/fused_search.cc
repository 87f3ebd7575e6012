// SPDX-License-Identifier: Apache-2.0
#include "engine/walk/fused_search.h"

#include <algorithm>
#include <string>

#include "engine/walk/page_walk.h"
#include "format/fused_page.h"

namespace nearline::engine {
namespace {

/// Where there are more entry points than kScanned, one in kCoarse is looked at first, then those around the nearest
/// kRegions of them: entry points are in the order of their ordinals, and ordinals that are near are near in space.
constexpr std::size_t kScanned = 1024;
constexpr std::size_t kCoarse = 16;
constexpr std::size_t kRegions = 8;
constexpr std::size_t kStarts = 8;

class FusedWalk : public PageWalk {
 public:
  FusedWalk(const WalkCall& call, CodeTable& codes) : PageWalk(call), codes_(codes) {}

  Result<void> enter() {
    reset(0);
    const std::size_t entries = graph_.entries.size();
    const std::size_t step = entries > kScanned ? kCoarse : 1;
    s_.lists.clear();
    for (std::size_t i = 0; i < entries; i += step) s_.lists.push_back(static_cast<std::uint32_t>(i));
    NEARLINE_CHECK(estimate_listed());
    if (step > 1) {
      sort_guesses(kRegions);
      s_.lists.clear();
      for (std::size_t r = 0; r < std::min(kRegions, s_.path.size()); ++r) add_region(s_.path[r].ordinal, step);
      NEARLINE_CHECK(estimate_listed());
    }
    sort_guesses(kStarts);
    for (Candidate& candidate : s_.path) candidate.ordinal = graph_.entries[candidate.ordinal];
    start(kStarts);
    return {};
  }

  /// True when the best guess's page is to be read now: it is in the newest flight.
  Result<bool> advance() { return ask(); }

  Result<void> land() {
    const Landed landed = compare_oldest();
    s_.stats.hops += landed.count;
    for (std::uint32_t i = 0; i < landed.count; ++i) {
      const std::uint32_t ordinal = landed.first + i;
      if (admission_.lets_pass(ordinal) && s_.shortlist.keeps(s_.distances[i], ordinal))
        s_.shortlist.settle(s_.distances[i], ordinal, admission_.admits(ordinal));
    }
    return meet_targets(landed);
  }

 private:
  /// s.lists: numbers of entry points; s.fresh: the same, s.distances: their estimates.
  Result<void> estimate_listed() {
    NEARLINE_CHECK(codes_.need(s_.lists));
    s_.fresh.assign(s_.lists.begin(), s_.lists.end());
    s_.records.resize(s_.fresh.size());
    for (std::size_t i = 0; i < s_.fresh.size(); ++i) s_.records[i] = codes_.of(s_.fresh[i]);
    estimate();
    return {};
  }

  void add_region(std::uint32_t middle, std::size_t step) {
    const std::size_t first = middle - std::min<std::size_t>(middle, step / 2);
    const std::size_t last = std::min(middle + step / 2, graph_.entries.size());
    for (std::size_t i = first; i < last; ++i) s_.lists.push_back(static_cast<std::uint32_t>(i));
  }

  /// All that a page points to and that was not met before.
  Result<void> meet_targets(const Landed& landed) {
    const format::PageShape& shape = graph_.shape;
    const std::uint32_t targets = std::min(format::stored_targets(shape, landed.page), shape.targets);
    s_.lists.resize(targets);
    for (std::uint32_t i = 0; i < targets; ++i) {
      s_.lists[i] = format::target_ordinal(shape, landed.page, i);
      if (s_.lists[i] >= graph_.count) return out_of_range(graph_, landed.first, s_.lists[i]);
    }
    s_.fresh.resize(targets);
    s_.fresh.resize(s_.visited.insert_new(s_.lists, s_.fresh.data()));
    s_.records.resize(s_.fresh.size());
    for (std::uint32_t i = 0, kept = 0; i < targets && kept < s_.fresh.size(); ++i) {
      if (s_.lists[i] != s_.fresh[kept]) continue;  // both are in the order of the table
      s_.records[kept++] = format::target_code(shape, landed.page, i);
    }
    estimate();
    guess();
    return {};
  }

  CodeTable& codes_;
};

}  // namespace

std::uint64_t most_scanned(std::uint64_t entries) noexcept {
  return entries > kScanned ? entries / kCoarse + 1 : entries;
}

SearchTask search_fused(FrameMemory& memory, const WalkCall& call, CodeTable& codes) {
  return run_walk(memory, FusedWalk(call, codes), call.reader);
}

}  // namespace nearline::engine
