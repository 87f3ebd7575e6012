// SPDX-License-Identifier: Apache-2.0
/// What a search reads of the file is what it says that it reads.
#include <doctest/doctest.h>

#include "engine/api/live_index.h"
#include "tests/engine/query/index_world.h"
#include "tests/support/one_file.h"

namespace nearline::engine {

TEST_SUITE("engine/query/reads") {
  TEST_CASE("searches with little memory read the pages that they count, and nothing besides") {
    const auto rows = testing::clusters(ElementType::kU8, 5'000, 32);
    for (const Layout layout : {Layout::kLean, Layout::kFused}) {
      CAPTURE(static_cast<int>(layout));
      BuildOptions build = quick_build();
      build.layout = layout;
      if (layout == Layout::kFused) build.page_records = 1;  // 20 MB of pages, whose checksums alone take ten blocks
      testing::OneFile fs(index_bytes(rows, {32, ElementType::kU8, Metric::kL2}, build));
      const auto index =
          engine::LiveIndex::open(fs, "index", {.io = IoMode::kPread, .memory_bytes = 1U << 20, .threads = 1});
      REQUIRE_MESSAGE(index, (index ? std::string() : index.error().message()));
      REQUIRE(index->search(rows.view(), {.k = 10, .l = 40}));  // codes are read when they are first met
      fs.reads = 0;
      const auto found = index->search(rows.view(), {.k = 10, .l = 40});
      REQUIRE(found);
      std::uint64_t counted = 0;
      for (const QueryStats& stats : found->stats) counted += stats.page_reads;
      if (layout == Layout::kFused) CHECK(counted > 5'000);
      CHECK(fs.reads.load() == counted);
    }
  }
}

}  // namespace nearline::engine
