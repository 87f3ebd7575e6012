// SPDX-License-Identifier: Apache-2.0
#include "engine/walk/certified_scan.h"

#include <algorithm>
#include <numeric>

#include "engine/walk/record_scan.h"

namespace nearline::engine {
namespace {

/// Records that are read first: of so many that are likely the nearest, nearly all are among those to be read anyway.
constexpr std::uint32_t kLikelyOfEach = 2;
constexpr std::uint32_t kLeastLikely = 16;
/// Codes that are looked at together.
constexpr std::uint64_t kChunk = 256;

std::uint64_t likely(std::uint32_t k) noexcept {
  return std::max<std::uint64_t>(kLeastLikely, std::uint64_t{kLikelyOfEach} * k);
}

/// What the scan is made of; the coroutine only says when to wait.
class CertifiedScan {
 public:
  CertifiedScan(const WalkCall& call, CodeTable& codes) noexcept
      : call_(call),
        graph_(call.graph),
        codes_(codes),
        s_(call.scratch),
        together_(pages_together(call.graph.shape)),
        pages_(static_cast<std::uint32_t>(call.graph.shape.pages(call.graph.count))) {}

  /// s.path: the records that are likely the nearest, the best first. Where a distance is given beyond which nothing
  /// counts, all within are wanted, and there is no k-th to look for.
  Result<void> begin() {
    s_.answers.reset(call_.options.k);
    s_.path.clear();
    s_.expanding.clear();
    if (call_.options.within) return {};
    const std::size_t most = std::min(likely(call_.options.k), graph_.count);
    s_.path.reserve(most);
    for (std::uint64_t first = 0; first < graph_.count; first += kChunk) {
      NEARLINE_CHECK(admit(first, std::min(kChunk, graph_.count - first)));
      for (const std::uint32_t node : s_.fresh) {
        const Candidate one{bound(node).likely, node};
        if (s_.path.size() == most) {
          if (!(one < s_.path.front())) continue;
          std::pop_heap(s_.path.begin(), s_.path.end());
          s_.path.pop_back();
        }
        s_.path.push_back(one);
        std::push_heap(s_.path.begin(), s_.path.end());
      }
    }
    std::sort_heap(s_.path.begin(), s_.path.end());
    return {};
  }

  /// Whether there are pages to read: s.batch.wanted.
  Result<bool> choose() {
    s_.batch.wanted.clear();
    while (next_likely_ < s_.path.size() && s_.batch.wanted.size() < together_) {
      const std::uint32_t node = s_.path[next_likely_++].ordinal;
      const std::uint32_t page = graph_.places.of(node).page;
      const auto place = std::ranges::lower_bound(s_.expanding, page);
      if (!may_be_answer(node) || (place != s_.expanding.end() && *place == page)) continue;
      s_.expanding.insert(place, page);  // pages that were read, ascending
      s_.batch.wanted.push_back(page);
    }
    if (!s_.batch.wanted.empty()) return true;
    for (; next_page_ < pages_ && s_.batch.wanted.size() < together_; ++next_page_) {
      if (std::ranges::binary_search(s_.expanding, next_page_)) continue;
      const std::uint64_t first = std::uint64_t{next_page_} * graph_.shape.slots;
      NEARLINE_CHECK(admit(first, std::min<std::uint64_t>(graph_.shape.slots, graph_.count - first)));
      if (std::ranges::any_of(s_.fresh, [this](std::uint32_t node) { return may_be_answer(node); })) {
        s_.batch.wanted.push_back(next_page_);
      }
    }
    return !s_.batch.wanted.empty();
  }

  /// Compares the query with all records of the pages that came.
  void compare() {
    s_.records.clear();
    s_.fresh.clear();
    for (std::size_t i = 0; i < s_.batch.wanted.size(); ++i) {
      const std::uint64_t first = std::uint64_t{s_.batch.wanted[i]} * graph_.shape.slots;
      const std::uint64_t end = std::min<std::uint64_t>(first + graph_.shape.slots, graph_.count);
      for (std::uint64_t node = first; node < end; ++node) {
        s_.fresh.push_back(static_cast<std::uint32_t>(node));
        s_.records.push_back(s_.batch.pages[i] + graph_.places.of(s_.fresh.back()).byte);
      }
    }
    compare_records(call_);
    for (std::size_t i = 0; i < s_.records.size(); ++i) {
      if (s_.distances[i] > limit() || !call_.admission.admits(s_.fresh[i])) continue;
      s_.answers.offer({s_.distances[i], format::stored_id(graph_.shape, s_.records[i])});
    }
  }

 private:
  /// s.fresh: those of `count` nodes that may be answers at all. Their codes are there.
  Result<void> admit(std::uint64_t first, std::uint64_t count) {
    s_.fresh.resize(count);
    std::iota(s_.fresh.begin(), s_.fresh.end(), static_cast<std::uint32_t>(first));
    std::erase_if(s_.fresh, [this](std::uint32_t node) { return !call_.admission.admits(node); });
    return codes_.need(s_.fresh);
  }
  CodeBound::Bound bound(std::uint32_t node) noexcept {
    ++s_.stats.estimates;
    return s_.code_bound.of(codes_.of(node));
  }
  [[nodiscard]] float limit() const noexcept { return std::min(call_.options.bound, s_.answers.kth()); }
  /// True of what is no number, too.
  bool may_be_answer(std::uint32_t node) noexcept { return !(bound(node).least > static_cast<double>(limit())); }

  const WalkCall& call_;
  const GraphView& graph_;
  CodeTable& codes_;
  Scratch& s_;
  const std::uint32_t together_;
  const std::uint32_t pages_;
  std::size_t next_likely_ = 0;
  std::uint32_t next_page_ = 0;
};

}  // namespace

std::uint64_t certified_scan_bytes(const WalkOptions& options) noexcept {
  if (options.within) return 0;
  return std::uint64_t{options.k} * 2 * sizeof(Hit) +
         likely(options.k) * (sizeof(Candidate) + 2 * sizeof(std::uint32_t));
}

SearchTask scan_certified(FrameMemory& /*memory*/, WalkCall call, CodeTable& codes) {
  CertifiedScan scan(call, codes);
  if (Result<void> begun = scan.begin(); !begun) co_return begun;
  while (true) {
    Result<bool> more = scan.choose();
    if (!more) co_return std::move(more).error();
    if (!*more) break;
    Result<void> got = co_await call.reader.read(call.scratch.batch);
    if (!got) co_return got;
    scan.compare();
  }
  call.scratch.answers.sort();
  co_return Result<void>{};
}

}  // namespace nearline::engine
