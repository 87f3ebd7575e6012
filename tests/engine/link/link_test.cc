// SPDX-License-Identifier: Apache-2.0
#include "engine/link/link.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/engine/walk/image_world.h"

namespace nearline::engine {
namespace {

ImageWorld world_of(std::size_t rows, const BuildOptions& options = {}) {
  const auto vectors = testing::clusters(ElementType::kF32, rows, 8);
  return {testing::in_order(vectors, testing::shuffled_rows(rows)), ElementType::kF32, Metric::kL2, options};
}

}  // namespace

TEST_SUITE("engine/link/link") {
  TEST_CASE("every list is short enough, in order of distance, without repeats or the record itself; all are reached") {
    for (const std::size_t rows : {1U, 2U, 3U, 5U, 60U, 1500U}) {
      for (const std::uint32_t degree : {4U, 32U}) {
        CAPTURE(rows);
        CAPTURE(degree);
        ImageWorld world = world_of(rows, {.degree = degree});
        const auto report =
            link(world.image, world.space, {.degree = degree, .l = 40, .alpha = 1.2F, .entries = 3, .progress = {}});
        REQUIRE(report);
        CHECK(report->entries.size() >= std::min<std::size_t>(3, rows));
        CHECK(world.reachable(report->entries) == rows);
        std::size_t unsorted = 0;  // an edge that was added to reach a record stands behind the others
        for (std::uint32_t record = 0; record < rows; ++record) {
          auto list = world.list(record);
          REQUIRE(list.size() <= degree);
          const auto nearer = [&](std::uint32_t a, std::uint32_t b) {
            return world.distance(record, a) < world.distance(record, b);
          };
          unsorted += std::is_sorted(list.begin(), list.end(), nearer) ? 0 : 1;
          std::sort(list.begin(), list.end());
          REQUIRE(std::adjacent_find(list.begin(), list.end()) == list.end());
          REQUIRE(std::find(list.begin(), list.end(), record) == list.end());
          if (!list.empty()) REQUIRE(list.back() < rows);
        }
        CHECK(unsorted <= report->repaired);
      }
    }
  }

  TEST_CASE("most records are neighbours of their nearest one") {
    ImageWorld world = world_of(1000);
    REQUIRE(link(world.image, world.space, {.l = 60, .progress = {}}));
    std::size_t linked = 0;
    for (std::uint32_t record = 0; record < 1000; ++record) {
      const std::uint32_t row = world.row_of(record);
      const auto near = testing::nearest(world.vectors, world.vectors.row(row), Metric::kL2, 2);
      const std::uint64_t other = near[0].row == row ? near[1].row : near[0].row;
      const auto list = world.list(record);
      linked +=
          std::any_of(list.begin(), list.end(), [&](std::uint32_t o) { return world.row_of(o) == other; }) ? 1 : 0;
    }
    CHECK(linked > 950);
  }

  TEST_CASE("linking keeps every record, though it may move them") {
    ImageWorld world = world_of(1000);
    REQUIRE(link(world.image, world.space, {.l = 60, .progress = {}}));
    std::vector<bool> seen(1000);
    for (std::uint32_t record = 0; record < 1000; ++record) {
      const std::uint32_t row = world.row_of(record);
      REQUIRE_FALSE(seen[row]);
      seen[row] = true;
      REQUIRE(std::memcmp(world.image.record(record), world.vectors.view().row(row), 8 * sizeof(float)) == 0);
    }
  }

  TEST_CASE("the lists are the same with 1, 2, 3 and 7 threads") {
    ImageWorld first = world_of(800);
    REQUIRE(link(first.image, first.space, {.l = 40, .threads = 1, .progress = {}}));
    for (const std::uint32_t threads : {2U, 3U, 7U}) {
      CAPTURE(threads);
      ImageWorld world = world_of(800);
      REQUIRE(link(world.image, world.space, {.l = 40, .threads = threads, .progress = {}}));
      for (std::uint32_t record = 0; record < 800; ++record) {
        REQUIRE(world.row_of(record) == first.row_of(record));
        REQUIRE(world.list(record) == first.list(record));
      }
    }
  }

  TEST_CASE("progress tells of growing numbers of records, and stops the work when it says so") {
    ImageWorld world = world_of(500);
    std::uint64_t last = 0;
    int calls = 0;
    const auto cancelled = link(world.image, world.space, {.l = 40, .progress = [&](const Progress& progress) {
                                                             CHECK(progress.phase == "link");
                                                             CHECK(progress.done >= last);
                                                             CHECK(progress.done < 500);
                                                             CHECK(progress.total == 500);
                                                             last = progress.done;
                                                             return ++calls < 5;
                                                           }});
    REQUIRE_FALSE(cancelled);
    CHECK(cancelled.error().code == Code::kCancelled);
    CHECK(calls == 5);
  }

  TEST_CASE("an image of no records has no entries") {
    auto image = RecordImage::create(world_of(1).plan.image_shape, 0);
    REQUIRE(image);
    const auto report = link(*image, Space(Metric::kL2, ElementType::kF32, 8), {.progress = {}});
    REQUIRE(report);
    CHECK(report->entries.empty());
  }
}

}  // namespace nearline::engine
