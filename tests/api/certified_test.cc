// SPDX-License-Identifier: Apache-2.0
/// Exact searches by bounds from codes give what comparing with all records gives, to the byte, and read little.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/api/range_world.h"

namespace nearline {
namespace {

using testing::Vectors;

double pages(const SearchResult& found) {
  double sum = 0;
  for (const QueryStats& stats : found.stats) sum += stats.page_reads + stats.cache_hits;
  return sum / static_cast<double>(found.stats.size());
}

}  // namespace

TEST_SUITE("api/certified") {
  TEST_CASE("exact answers are the same to the byte, however the index is built and opened") {
    for (const testing::Kind& kind : some_kinds()) {
      for (const Form& form : forms_of(kind.metric)) {
        CAPTURE(name(kind.metric));
        CAPTURE(name(kind.type));
        CAPTURE(to_text(form));
        const RangeWorld& world = range_world(kind, form);
        const SearchResult all = world.all_of();
        for (const Index& index : world.openings(form)) {
          CAPTURE(name(index.io()));
          CAPTURE(name(index.ranking()));
          for (const std::uint32_t k : {1U, 10U, 700U}) {
            const auto found = index.search(world.queries().view(), {.k = k, .exact = true});
            REQUIRE_MESSAGE(found, message(found));
            CHECK(found->expected_recall == 1);
            for (std::size_t q = 0; q < RangeWorld::kQueries; ++q) {
              const auto same = [&](const auto& a, const auto& b) {
                return std::equal(a.begin() + static_cast<std::ptrdiff_t>(q * k),
                                  a.begin() + static_cast<std::ptrdiff_t>(q * k + k),
                                  b.begin() + static_cast<std::ptrdiff_t>(q * all.k));
              };
              CHECK(same(found->ids, all.ids));
              CHECK(same(found->distances, all.distances));
            }
          }
        }
      }
    }
  }

  TEST_CASE("where codes are in memory an exact search reads a part of the pages, and says how many") {
    for (const Metric metric : {Metric::kL2, Metric::kCosine}) {
      CAPTURE(name(metric));
      const io::TempDir folder;
      const Vectors base = testing::clusters(ElementType::kF32, 8'000, 32);
      const Vectors queries = testing::queries_for(ElementType::kF32, 8'000, 32, 20);
      REQUIRE(build(folder / "x", {32, ElementType::kF32, metric}, base.view()));
      OpenOptions options = with_io(IoMode::kPread);
      options.ranking = Ranking::kCodes;
      const auto index = Index::open(folder / "x", options);
      REQUIRE_MESSAGE(index, message(index));
      const IndexInfo info = index->info();
      const double all = static_cast<double>(info.count) / info.records_per_page;
      const auto found = index->search(queries.view(), {.k = 10, .exact = true});
      REQUIRE_MESSAGE(found, message(found));
      CHECK(pages(*found) < all / 4);
      CHECK(pages(*found) >= 1);
      CHECK(found->stats[0].estimates > 0);
      options.ranking = Ranking::kExact;
      const auto scan = Index::open(folder / "x", options)->search(queries.view(), {.k = 10, .exact = true});
      CHECK(pages(*scan) >= all);
    }
  }

  TEST_CASE("many exact searches at once on one index agree, with memory for one or two at a time") {
    const RangeWorld world({Metric::kL2, ElementType::kU8}, {Layout::kLean, true, false});
    const Index index = world.open(IoMode::kPread, Ranking::kCodes, 1U << 20);
    const auto alone = index.search(world.queries().view(0, 1), {.k = 10, .exact = true});
    REQUIRE_MESSAGE(alone, message(alone));
    const auto together = index.search(world.queries().view(), {.k = 10, .exact = true});
    REQUIRE_MESSAGE(together, message(together));
    CHECK(std::equal(alone->ids.begin(), alone->ids.end(), together->ids.begin()));
    CHECK(index.memory_usage().total() <= 1U << 20);
  }
}

}  // namespace nearline
