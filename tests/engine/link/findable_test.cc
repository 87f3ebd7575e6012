// SPDX-License-Identifier: Apache-2.0
#include "engine/link/findable.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "engine/walk/graph_search.h"
#include "tests/engine/walk/image_world.h"

namespace nearline::engine {
namespace {

constexpr std::uint32_t kDegree = 16;

/// Rings of ten records, one a cluster; all of them hang on a chain of edges from the first record of each ring to that
/// of the next. Clusters lie as they like, so most of these edges lead away from where a search wants to go.
ImageWorld rings(std::uint32_t count) {
  ImageWorld world(testing::clusters(ElementType::kU8, count * 10, 8), ElementType::kU8, Metric::kL2,
                   {.degree = kDegree});
  for (std::uint32_t i = 0; i < count * 10; ++i) {
    std::vector<std::uint32_t> list{i / 10 * 10 + (i + 1) % 10, i / 10 * 10 + (i + 2) % 10, i / 10 * 10 + (i + 9) % 10};
    if (i % 10 == 0 && i + 10 < count * 10) list.push_back(i + 10);
    world.set_list(i, list);
  }
  return world;
}

/// How many records a short search from record 0 finds.
std::size_t found(ImageWorld& world) {
  const std::vector<std::uint32_t> entries{0};
  const GraphView graph(world.space, world.image.shape(), world.image.count(), entries, 0);
  ImageReader reader(world.image);
  Scratch scratch;
  scratch.query.resize(world.space.query_bytes());
  std::size_t count = 0;
  for (std::uint32_t record = 0; record < world.image.count(); ++record) {
    const Query query = world.space.query_of(world.image.record(record), scratch.query.data());
    search_in_memory(graph, query, 24, reader, scratch);
    count += scratch.candidates[0].distance == 0 ? 1 : 0;
  }
  return count;
}

}  // namespace

TEST_SUITE("engine/link/findable") {
  TEST_CASE("most of what lay behind a local minimum is found afterwards, by edges added where there was room") {
    ImageWorld world = rings(60);
    const ImageWorld before = rings(60);
    const std::size_t found_before = found(world);
    REQUIRE(found_before < 100);
    make_findable(world.image, world.space, std::vector<std::uint32_t>{0}, kDegree, 1);
    CHECK(found(world) > 5 * found_before);
    for (std::uint32_t i = 0; i < 600; ++i) {
      const auto list = world.list(i), old = before.list(i);
      REQUIRE(list.size() <= kDegree);
      REQUIRE(list.size() >= old.size());
      REQUIRE(std::equal(old.begin(), old.end(), list.begin()));
    }
  }

  TEST_CASE("the same edges are added with any number of threads") {
    ImageWorld one = rings(60);
    make_findable(one.image, one.space, std::vector<std::uint32_t>{0, 300}, kDegree, 1);
    for (const std::uint32_t threads : {2U, 5U}) {
      ImageWorld many = rings(60);
      make_findable(many.image, many.space, std::vector<std::uint32_t>{0, 300}, kDegree, threads);
      for (std::uint32_t i = 0; i < 600; ++i) REQUIRE(many.list(i) == one.list(i));
    }
  }

  TEST_CASE("full lists stay as they are") {
    ImageWorld world = rings(60);
    const ImageWorld before = rings(60);
    make_findable(world.image, world.space, std::vector<std::uint32_t>{0}, 3, 1);
    for (std::uint32_t i = 0; i < 600; ++i) REQUIRE(world.list(i) == before.list(i));
  }
}

}  // namespace nearline::engine
