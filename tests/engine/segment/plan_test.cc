// SPDX-License-Identifier: Apache-2.0
#include "engine/segment/plan.h"

#include <doctest/doctest.h>

#include "engine/segment/segment.h"
#include "tests/engine/query/index_world.h"

namespace nearline::engine {
namespace {

/// A segment on pages of a kind, opened to be ranked in a way.
class OpenedWorld {
 public:
  explicit OpenedWorld(std::size_t rows, Ranking ranking, Layout layout = Layout::kLean) {
    BuildOptions options = quick_build();
    options.layout = layout;
    disk_.put("index", index_bytes(testing::clusters(ElementType::kU8, rows, 32), kSchema, options));
    file_ = IndexFile::open(disk_, "index").value();
    segment_ = Segment::open(file_->segments().front(), {.ranking = ranking, .threads = 1}, IoMode::kPread).value();
  }
  Plan plan(const SearchOptions& options, const PlanFacts& facts = {}) {
    PlanFacts all = facts;
    if (all.live == 0) all.live = segment_->count();
    return plan_search(segment_->field(), options, all).value();
  }
  [[nodiscard]] const Field& field() const { return segment_->field(); }

 private:
  static inline const Schema kSchema{32, ElementType::kU8, Metric::kL2};
  io::SimulatedDisk disk_;
  std::unique_ptr<IndexFile> file_;
  std::unique_ptr<Segment> segment_;
};

}  // namespace

TEST_SUITE("engine/segment/plan") {
  TEST_CASE("the way follows from the file, the ranking and the call, and can be read") {
    OpenedWorld exact(2'000, Ranking::kExact), codes(2'000, Ranking::kCodes), few(300, Ranking::kExact);
    OpenedWorld fused(2'000, Ranking::kCodes, Layout::kFused);
    CHECK(to_text(exact.plan({.k = 10, .l = 40})) == "walk, L 40, W 4, k 10");
    CHECK(to_text(codes.plan({.k = 10, .l = 40}, {.queries = 64})) == "codes walk, L 40, W 1, k 10");
    CHECK(to_text(codes.plan({.k = 10, .l = 40}, {.bounded = true})) == "codes scan, L 40, W 4, k 10");
    CHECK(to_text(fused.plan({.k = 10, .l = 40, .beam_width = 2})) == "fused walk, L 40, W 2, k 10");
    CHECK(to_text(exact.plan({.k = 10, .exact = true})) == "scan, k 10");
    CHECK(to_text(few.plan({.k = 10, .l = 40})) == "scan, k 10");
    Plan eased = exact.plan({.k = 10});
    eased.walk.stop.slack = 0.125F;
    CHECK(to_text(eased) == "walk, L 64, W 4, k 10, slack 0.125");
  }

  TEST_CASE("L is raised to k, never above the records, and grows by the share of the deleted, with room for them") {
    OpenedWorld world(2'000, Ranking::kExact);
    CHECK(world.plan({.k = 100, .l = 10}).walk.l == 100);
    CHECK(world.plan({.k = 10, .l = 5'000}).walk.l == 2'000);
    CHECK(world.plan({.k = 10, .l = 40}).walk.room == 40);
    const Plan half = world.plan({.k = 10, .l = 40}, {.live = 1'000});
    CHECK(half.walk.l == 80);
    CHECK(half.walk.room == kUsualL);
    CHECK(world.plan({.k = 10, .l = 40}, {.live = 1'990}).walk.room == 41 + 10);
  }

  TEST_CASE("what found too little looks farther and farther, and at last at everything") {
    OpenedWorld world(2'000, Ranking::kExact);
    Plan plan = world.plan({.k = 10, .l = 40}, {.live = 1'990});
    CHECK(widen(plan, world.field(), false));
    CHECK(plan.walk.l == 41);  // it found enough, and its list had no room for what led there
    CHECK(plan.walk.room == 4 * 51);
    CHECK(widen(plan, world.field(), true));
    CHECK(plan.walk.l == 4 * 41);
    int steps = 0;
    while (widen(plan, world.field(), true)) ++steps;
    CHECK(plan.way == Way::kScan);
    CHECK(steps == 2);
  }
}

}  // namespace nearline::engine
