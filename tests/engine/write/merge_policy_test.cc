// SPDX-License-Identifier: Apache-2.0
#include "engine/write/merge_policy.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "format/manifest.h"

namespace nearline::engine {
namespace {

using Rows = std::vector<std::uint32_t>;

Rows sorted(Rows rows) {
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace

TEST_SUITE("engine/write/merge_policy") {
  TEST_CASE("beside merges new records join the newest flat segment, or begin one") {
    const std::vector<SegmentLoad> segments{
        {0, 100'000, 100'000, false}, {1, 4000, 4000, true}, {2, 300, 300, true}, {3, 9, 0, false}};
    CHECK(sorted(plan_beside(segments, 100, 4096, true).rows) == Rows{2, 3});
    CHECK(plan_beside(segments, 100, 4096, true).flat);
    CHECK(plan_beside(segments, 100, 4096, true).records == 400);
    const MergePlan begun = plan_beside(segments, 4000, 4096, true);
    CHECK(begun.rows == Rows{3});
    CHECK(begun.flat);
    CHECK(plan_beside(segments, 0, 4096, true).rows == Rows{3});
    std::vector<SegmentLoad> worn = segments;
    worn[2].live = 200;
    CHECK(sorted(plan_beside(worn, 0, 4096, true).rows) == Rows{2, 3});
  }

  TEST_CASE(
      "flat segments that a long merge leaves waiting are linked by a commit, with as many as are small beside them") {
    std::vector<SegmentLoad> segments{{0, 1'000'000, 1'000'000, false, 0, true}};
    for (std::uint32_t row = 1; row <= 6; ++row) segments.push_back({row, 4000, 4000, true});
    for (std::uint32_t row = 7; row <= 9; ++row) segments.push_back({row, 24'000, 24'000, false});
    CHECK(plan_beside(segments, 50, 4096, true).rows == Rows{6});
    CHECK(sorted(plan_beside(segments, 1000, 4096, true).rows) == Rows{1, 2, 3, 4, 5, 6});
    CHECK_FALSE(plan_beside(segments, 1000, 4096, true).flat);
    CHECK(plan_beside(segments, 1000, 4096, false).rows.empty());  // the merge that begins takes them
    segments.push_back({10, 24'000, 24'000, false});
    CHECK(sorted(plan_beside(segments, 1000, 4096, true).rows) == Rows{1, 2, 3, 4, 5, 6, 7});
  }

  TEST_CASE("beside merges a batch is linked at once, with what is at most twice as much") {
    const std::vector<SegmentLoad> segments{{0, 100'000, 100'000, false}, {1, 300, 300, true}};
    CHECK(sorted(plan_beside(segments, 60'000, 4096, false).rows) == Rows{0, 1});
    CHECK(sorted(plan_beside(segments, 49'000, 4096, false).rows) == Rows{1});
    CHECK_FALSE(plan_beside(segments, 49'000, 4096, false).flat);
    std::vector<SegmentLoad> busy = segments;
    busy[0].busy = true;
    CHECK(sorted(plan_beside(busy, 60'000, 4096, true).rows) == Rows{1});
  }

  TEST_CASE("a merge takes all flat segments but the newest, and what plan_merge takes with them") {
    std::vector<SegmentLoad> segments{{0, 100'000, 100'000, false}, {1, 4000, 4000, true}};
    CHECK(plan_background(segments).rows.empty());
    segments.push_back({2, 10, 10, true});
    CHECK(plan_background(segments).rows == Rows{1});
    CHECK(plan_background(segments).records == 4000);
    CHECK_FALSE(plan_background(segments).flat);
    segments[0] = {0, 7000, 7000, false};
    CHECK(sorted(plan_background(segments).rows) == Rows{0, 1});
    segments[0].busy = true;
    CHECK(plan_background(segments).rows == Rows{1});
    CHECK(plan_background(std::vector<SegmentLoad>{{0, 1, 1, true}, {1, 1, 1, true}}).rows.empty());
    CHECK(plan_background(std::vector<SegmentLoad>{{0, 100, 80, false}}).rows == Rows{0});
    const std::vector<SegmentLoad> alike{{0, 100'000, 100'000, false}, {1, 60'000, 60'000, false}};
    CHECK(sorted(plan_background(alike).rows) == Rows{0, 1});
    const std::vector<SegmentLoad> unlike{{0, 100'000, 100'000, false}, {1, 20'000, 20'000, false}};
    CHECK(plan_background(unlike).rows.empty());
  }

  TEST_CASE("what is busy is neither taken nor forgotten when segments have to be few") {
    const std::vector<SegmentLoad> segments{
        {0, 900, 900, false, 60, true}, {1, 40, 40, false, 10}, {2, 30, 30, false, 10}};
    const auto fits = [&](std::uint64_t bytes, MergePlan& made) {
      const OpenBound bound{.bytes = bytes, .delta_records = 1, .new_segment = [](std::uint64_t, bool) { return 10; }};
      return take_until_open(segments, bound, made);
    };
    MergePlan plan{.rows = {}, .flat = true, .records = 1};
    CHECK(fits(90, plan));
    CHECK(plan.rows.empty());
    CHECK(fits(70, plan));
    CHECK(plan.rows == Rows{2, 1});
    MergePlan none{.rows = {}, .flat = true, .records = 1};
    CHECK_FALSE(fits(69, none));
    CHECK(none.rows.empty());
  }

  TEST_CASE("few new records join the flat segment, and it alone is written anew") {
    const std::vector<SegmentLoad> segments{{0, 100'000, 100'000, false}, {1, 300, 290, true}};
    const MergePlan plan = plan_merge(segments, 100, 4096, true);
    CHECK(plan.rows == Rows{1});
    CHECK(plan.flat);
    CHECK(plan.records == 390);
  }

  TEST_CASE("when they are too many to be compared with every query they get a graph") {
    const std::vector<SegmentLoad> segments{{0, 100'000, 100'000, false}, {1, 4000, 4000, true}};
    const MergePlan plan = plan_merge(segments, 1000, 4096, true);
    CHECK(plan.rows == Rows{1});
    CHECK_FALSE(plan.flat);
    CHECK(plan.records == 5000);
  }

  TEST_CASE("one graph too many is taken in, and with it those of like size") {
    const std::vector<SegmentLoad> segments{{0, 900'000, 900'000, false},
                                            {1, 4000, 4000, true},
                                            {2, 6000, 6000, false},
                                            {3, 20'000, 20'000, false},
                                            {4, 100'000, 100'000, false}};
    const MergePlan plan = plan_merge(segments, 1000, 4096, true);
    CHECK(sorted(plan.rows) == Rows{1, 2, 3});
    CHECK(plan.records == 31'000);
    CHECK(plan_merge(segments, 1000, 4096, false).rows == Rows{1});
  }

  TEST_CASE("a segment of which more than an eighth is dead is written anew, and an empty one goes") {
    const std::vector<SegmentLoad> segments{{0, 1000, 874, false}, {1, 2400, 2100, false}, {2, 500, 0, false}};
    const MergePlan plan = plan_merge(segments, 0, 100, true);
    CHECK(sorted(plan.rows) == Rows{0, 2});
    CHECK(plan.records == 874);
    CHECK(plan_merge(segments, 0, 100, false).rows == Rows{2});
  }

  TEST_CASE("deletes alone write no record anew while few are dead") {
    const std::vector<SegmentLoad> segments{{0, 1000, 990, false}, {1, 100, 90, true}};
    CHECK(plan_merge(segments, 0, 4096, true).rows.empty());
    CHECK(plan_merge(segments, 0, 4096, true).records == 0);
  }

  TEST_CASE("what is merged goes into the largest segment, too, unless it is small beside that one") {
    const auto plan = [](std::uint64_t largest) {
      const std::vector<SegmentLoad> segments{
          {0, 5000, 5000, false}, {1, largest, largest, false}, {2, 5000, 5000, false}, {3, 5000, 5000, false}};
      return sorted(plan_merge(segments, 5000, 4096, true).rows);
    };
    CHECK(plan(200'000) == Rows{0, 2, 3});
    CHECK(plan(150'000) == Rows{0, 1, 2, 3});
  }

  TEST_CASE("what comes at once and is half as large as the largest segment goes into it at once") {
    const std::vector<SegmentLoad> segments{{0, 100'000, 100'000, false}, {1, 6000, 6000, false}};
    CHECK(sorted(plan_merge(segments, 50'000, 4096, true).rows) == Rows{0, 1});
    CHECK(plan_merge(segments, 50'000, 4096, true).records == 156'000);
    CHECK(plan_merge(segments, 40'000, 4096, true).rows.empty());
    CHECK(plan_merge(segments, 50'000, 4096, false).rows.empty());
  }

  TEST_CASE("three small segments go into the largest when they are no small part of it together") {
    const auto plan = [](std::uint64_t largest) {
      const std::vector<SegmentLoad> segments{
          {0, 8000, 8000, false}, {1, largest, largest, false}, {2, 10'000, 10'000, false}};
      return sorted(plan_merge(segments, 12'000, 4096, true).rows);
    };
    CHECK(plan(200'000).empty());
    CHECK(plan(180'000) == Rows{0, 1, 2});
  }

  TEST_CASE("segments are taken in, the smallest first, until those that stay can be opened beside the new one") {
    const std::vector<SegmentLoad> segments{
        {0, 900, 900, false, 60}, {1, 40, 40, false, 10}, {2, 30, 30, false, 10}, {3, 20, 20, true, 10}};
    const auto plan = [&](std::uint64_t bytes, std::uint64_t fresh) {
      MergePlan made{.rows = {}, .flat = true, .records = fresh};
      take_until_open(segments,
                      {.bytes = bytes,
                       .delta_records = 30,
                       .new_segment = [](std::uint64_t records, bool flat) { return flat ? 10 : 5 + records / 50; }},
                      made);
      return made;
    };
    CHECK(plan(100, 1).rows.empty());
    CHECK(plan(99, 1).rows == Rows{3});
    CHECK(plan(99, 1).flat);
    CHECK(plan(89, 1).rows == Rows{3, 2});  // with them it has a graph
    CHECK_FALSE(plan(89, 1).flat);
    CHECK(plan(66, 1).rows == Rows{3, 2, 1});
    CHECK(plan(65, 1).rows.empty());  // the largest stays: nothing that is taken in helps
    CHECK(plan(90, 0).rows.empty());
    CHECK(plan(89, 0).rows == Rows{3, 2});
  }

  TEST_CASE("no more segments stay than a manifest lists, and no more records go into one than it holds") {
    std::vector<SegmentLoad> segments;
    for (std::uint32_t row = 0; row < format::kMaxSegments; ++row) segments.push_back({row, 2 + row, 2 + row, false});
    const OpenBound bound{.bytes = 100, .delta_records = 0, .new_segment = [](std::uint64_t, bool) { return 1; }};
    MergePlan plan{.rows = {}, .flat = false, .records = 1};
    take_until_open(segments, bound, plan);
    CHECK(plan.rows == Rows{0});
    CHECK(plan.records == 3);
    plan = {.rows = {}, .flat = false, .records = kMaxRecords};
    take_until_open(segments, bound, plan);
    CHECK(plan.rows.empty());
    const std::vector<SegmentLoad> huge{{0, kMaxRecords, kMaxRecords, false}, {1, 9, 9, false}};
    CHECK(plan_merge(huge, kMaxRecords - 5, 4096, true).records == kMaxRecords - 5);
  }

  TEST_CASE("however many commits there were, there are few segments") {
    std::vector<SegmentLoad> segments;
    std::uint64_t written = 0, most = 0;
    constexpr std::uint64_t kCommits = 2000, kEach = 1000;
    for (std::uint64_t i = 0; i < kCommits; ++i) {
      const MergePlan plan = plan_merge(segments, kEach, 4096, true);
      written += plan.records;
      std::erase_if(segments, [&](const SegmentLoad& segment) {
        return std::find(plan.rows.begin(), plan.rows.end(), segment.row) != plan.rows.end();
      });
      segments.push_back({0, plan.records, plan.records, plan.flat});
      for (std::uint32_t row = 0; row < segments.size(); ++row) segments[row].row = row;
      most = std::max<std::uint64_t>(most, segments.size());
    }
    MESSAGE("at most ", most, " segments; each record was written ", written / (kCommits * kEach), " times");
    CHECK(most <= 5);
    CHECK(written / (kCommits * kEach) <= 12);
  }
}

}  // namespace nearline::engine
