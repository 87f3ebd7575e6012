// SPDX-License-Identifier: Apache-2.0
#include "engine/write/merge_policy.h"

#include <algorithm>

namespace nearline::engine {
namespace {

/// A segment of up to so many times what is being written anyway is taken in.
constexpr std::uint64_t kRatio = 2;
/// More dead ones than one in so many make walks longer than they need be.
constexpr std::uint64_t kDeadOneIn = 5;

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
  const auto worn = [&](const SegmentLoad& segment) {
    return merge && (segment.count - segment.live) * kDeadOneIn > segment.count;
  };
  // What is flat is written anew with all that comes, so that there is one such segment. What is empty goes.
  for (const SegmentLoad& segment : sorted) {
    const bool joins = segment.flat && (fresh > 0 || worn(segment));
    if (segment.live == 0 || joins) take(segment, plan);
  }
  plan.flat = plan.records <= delta_records;
  for (const SegmentLoad& segment : sorted) {
    if (segment.flat || segment.live == 0) continue;
    const bool alike = merge && !plan.flat && segment.live <= kRatio * plan.records;
    if (!alike && !worn(segment)) continue;
    take(segment, plan);
    plan.flat = false;
  }
  if (plan.records <= delta_records) plan.flat = true;
  return plan;
}

MergePlan plan_compaction(std::span<const SegmentLoad> segments, std::uint64_t fresh) {
  MergePlan plan{.rows = {}, .flat = false, .records = fresh};
  for (const SegmentLoad& segment : segments) take(segment, plan);
  return plan;
}

}  // namespace nearline::engine
