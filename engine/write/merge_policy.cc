// SPDX-License-Identifier: Apache-2.0
#include "engine/write/merge_policy.h"

#include <algorithm>

#include "format/manifest.h"

namespace nearline::engine {
namespace {

/// Most segments with a graph that a search shall walk: one large one, and some small.
constexpr std::size_t kMostLinked = 4;
/// When there would be more, segments of up to kRatio times what is being written anyway are taken in.
constexpr std::uint64_t kRatio = 2;
/// A merge of more than 1/kSmall of the largest segment goes into that one: beside it stand only small ones, which
/// cost a search little. While there are few it does so when it is half as large: each merge costs the graph a little.
constexpr std::uint64_t kSmall = 8;
/// Three small segments may be 1/kHeavy of the largest together.
constexpr std::uint64_t kHeavy = 6;
/// A segment of which more than 1/kDeadOneIn is dead is rewritten: its walks are longer than they need be.
constexpr std::uint64_t kDeadOneIn = 8;

/// Beside merges a commit takes in up to kMostTaken times what it brings, that included.
constexpr std::uint64_t kMostTaken = 3;
/// Flat segments that a running merge may leave waiting: each is compared with every query.
constexpr std::size_t kMostFlat = 6;

bool is_worn(const SegmentLoad& segment) noexcept {
  return (segment.count - segment.live) * kDeadOneIn > segment.count;
}

void take(const SegmentLoad& segment, MergePlan& plan) {
  plan.rows.push_back(segment.row);
  plan.records += segment.live;
}

}  // namespace

MergePlan plan_merge(std::span<const SegmentLoad> segments, std::uint64_t fresh, std::uint64_t delta_records,
                     bool merge) {
  std::vector<SegmentLoad> sorted(segments.begin(), segments.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const SegmentLoad& a, const SegmentLoad& b) { return a.live < b.live; });
  MergePlan plan{.rows = {}, .flat = false, .records = fresh};
  const auto worn = [&](const SegmentLoad& segment) { return merge && is_worn(segment); };
  // A flat segment is written anew with all that comes, so that there is one of them. An empty segment goes.
  for (const SegmentLoad& segment : sorted) {
    const bool joins = segment.flat && (fresh > 0 || worn(segment));
    if (segment.live == 0 || joins) take(segment, plan);
  }
  std::vector<SegmentLoad> linked;
  for (const SegmentLoad& segment : sorted) {
    if (segment.flat || segment.live == 0) continue;
    if (worn(segment) && plan.records + segment.live <= kMaxRecords) {
      take(segment, plan);
    } else {
      linked.push_back(segment);
    }
  }
  plan.flat = plan.records <= delta_records;
  if (plan.flat || !merge || linked.empty()) return plan;
  const auto take_linked = [&](const SegmentLoad& segment) {
    if (plan.records + segment.live <= kMaxRecords) take(segment, plan);
  };
  const std::uint64_t largest = linked.back().live;
  std::size_t i = 0;
  if (linked.size() >= kMostLinked) {
    const std::size_t too_many = linked.size() + 1 - kMostLinked;
    for (; i < linked.size() && (i < too_many || linked[i].live <= kRatio * plan.records); ++i) {
      take_linked(linked[i]);
    }
  }
  std::uint64_t beside = plan.records;
  for (std::size_t rest = i; rest + 1 < linked.size(); ++rest) beside += linked[rest].live;
  const bool heavy = linked.size() + 1 >= kMostLinked && beside >= largest / kHeavy;
  if (heavy || plan.records >= largest / (i > 0 ? kSmall : kRatio)) {
    for (; i < linked.size(); ++i) take_linked(linked[i]);
  }
  return plan;
}

MergePlan plan_beside(std::span<const SegmentLoad> segments, std::uint64_t fresh, std::uint64_t delta_records,
                      bool goes_on) {
  MergePlan plan{.rows = {}, .flat = true, .records = fresh};
  std::vector<SegmentLoad> idle, flat, linked;
  for (const SegmentLoad& segment : segments) {
    if (segment.busy) continue;
    if (segment.live == 0) {
      take(segment, plan);
      continue;
    }
    idle.push_back(segment);
    (segment.flat ? flat : linked).push_back(segment);
  }
  if (fresh > delta_records) {
    MergePlan all = plan_merge(idle, fresh, delta_records, true);
    plan.flat = false;
    if (all.records > kMostTaken * fresh) return plan;
    all.rows.insert(all.rows.end(), plan.rows.begin(), plan.rows.end());
    return all;
  }
  if (!flat.empty() && (fresh > 0 || is_worn(flat.back())) && flat.back().live + fresh <= delta_records) {
    take(flat.back(), plan);
  } else if (fresh > 0 && goes_on && flat.size() >= kMostFlat) {
    plan.flat = false;
    for (const SegmentLoad& segment : flat) take(segment, plan);
    std::ranges::stable_sort(linked, {}, &SegmentLoad::live);
    for (std::size_t i = 0; i + kMostLinked <= linked.size() && linked[i].live <= kMostTaken * plan.records; ++i) {
      take(linked[i], plan);
    }
  }
  return plan;
}

MergePlan plan_background(std::span<const SegmentLoad> segments) {
  std::vector<SegmentLoad> flat, linked;
  for (const SegmentLoad& segment : segments) {
    if (!segment.busy && segment.live > 0) (segment.flat ? flat : linked).push_back(segment);
  }
  if (!flat.empty()) flat.pop_back();  // commits add to it
  std::uint64_t full = 0;
  for (const SegmentLoad& segment : flat) full += segment.live;
  MergePlan plan = plan_merge(linked, full, 0, true);
  if (plan.records > 1) {  // one record alone has no graph
    for (const SegmentLoad& segment : flat) plan.rows.push_back(segment.row);
  }
  if (!plan.rows.empty() || linked.size() < 2) return plan;
  const auto smallest = std::ranges::min_element(linked, {}, &SegmentLoad::live);
  const SegmentLoad comes = *smallest;
  linked.erase(smallest);
  plan = plan_merge(linked, comes.live, 0, true);
  if (!plan.rows.empty()) plan.rows.push_back(comes.row);
  return plan;
}

bool take_until_open(std::span<const SegmentLoad> segments, const OpenBound& bound, MergePlan& plan) {
  std::vector<SegmentLoad> staying;
  std::uint64_t bytes = 0;
  std::size_t busy = 0;
  for (const SegmentLoad& segment : segments) {
    if (std::ranges::find(plan.rows, segment.row) != plan.rows.end()) continue;
    bytes += segment.open_bytes;
    if (segment.busy) {
      ++busy;
    } else {
      staying.push_back(segment);
    }
  }
  // Of all the largest stays, be it busy or not.
  const std::size_t takable = staying.size() + busy > 0 ? std::min(staying.size(), staying.size() + busy - 1) : 0;
  std::ranges::stable_sort(staying, {}, &SegmentLoad::live);
  MergePlan more = plan;
  for (std::size_t i = 0;; ++i) {
    const std::uint64_t fresh = more.records == 0 ? 0 : bound.new_segment(more.records, more.flat);
    const std::size_t count = busy + staying.size() - i + (more.records > 0 ? 1 : 0);
    const bool listed = count <= bound.segments;
    if (count == bound.segments) plan = more;  // at least this
    if (listed && bytes + fresh <= bound.bytes) {
      plan = std::move(more);
      return true;
    }
    if (i >= takable || more.records + staying[i].live > kMaxRecords) return false;
    take(staying[i], more);
    bytes -= staying[i].open_bytes;
    more.flat = more.records <= bound.delta_records;
  }
}

MergePlan plan_compaction(std::span<const SegmentLoad> segments, std::uint64_t fresh) {
  MergePlan plan{.rows = {}, .flat = false, .records = fresh, .anew = true};
  for (const SegmentLoad& segment : segments) take(segment, plan);
  return plan;
}

}  // namespace nearline::engine
