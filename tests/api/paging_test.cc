// SPDX-License-Identifier: Apache-2.0
/// Answers page by page: never one twice, none lost, in the order of one long search.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <set>

#include "tests/api/range_world.h"

namespace nearline {
namespace {

/// All pages of a query one behind the other, checked on the way: next(n) gives them.
template <class Next>
AnswerPage walk(Next&& next, std::size_t most = std::numeric_limits<std::size_t>::max()) {
  AnswerPage all;
  std::set<Id> seen;
  for (std::uint32_t n = 1; all.ids.size() < most; n = n * 2 + 1) {
    const AnswerPage page = next(n);
    CHECK(page.ids.size() <= n);
    CHECK((page.end || page.ids.size() == n));
    bool in_order = true, repeats = false;
    for (std::size_t i = 0; i < page.ids.size(); ++i) {
      repeats |= !seen.insert(page.ids[i]).second;
      if (!all.ids.empty()) {
        in_order &= std::pair(all.distances.back(), all.ids.back()) < std::pair(page.distances[i], page.ids[i]);
      }
      all.ids.push_back(page.ids[i]);
      all.distances.push_back(page.distances[i]);
    }
    CHECK(in_order);
    CHECK_FALSE(repeats);
    all.late = page.late;
    all.complete_to = page.complete_to;
    all.end = page.end;
    if (page.end) break;
    CHECK(page.complete_to <= page.distances.back());
  }
  return all;
}

AnswerPage with_cursor(const Index& index, const MatrixView& query, const SearchOptions& options,
                       std::size_t most = std::numeric_limits<std::size_t>::max()) {
  auto cursor = index.cursor(query, options);
  REQUIRE_MESSAGE(cursor, message(cursor));
  return walk(
      [&](std::uint32_t n) {
        auto page = cursor->next(n);
        REQUIRE_MESSAGE(page, message(page));
        return std::move(page).value();
      },
      most);
}

AnswerPage with_tokens(const Index& index, const MatrixView& query, SearchOptions options,
                       std::size_t most = std::numeric_limits<std::size_t>::max()) {
  std::string token;
  return walk(
      [&](std::uint32_t n) {
        options.k = n;
        auto page = index.search_page(query, options, token);
        REQUIRE_MESSAGE(page, message(page));
        CHECK(page->next.empty() == page->end);
        token = page->next;
        return std::move(page).value();
      },
      most);
}

}  // namespace

TEST_SUITE("api/paging") {
  TEST_CASE("pages of an exact search are the long answer cut to pieces, by cursor and by token") {
    for (const testing::Kind& kind : some_kinds()) {
      for (const Form& form : forms_of(kind.metric)) {
        CAPTURE(name(kind.metric));
        CAPTURE(name(kind.type));
        CAPTURE(to_text(form));
        const RangeWorld& world = range_world(kind, form);
        const SearchResult all = world.all_of();
        const std::vector<Id> ids(all.ids.begin(), all.ids.begin() + all.counts[0]);
        for (const Index& index : world.openings(form)) {
          CAPTURE(name(index.io()));
          CAPTURE(name(index.ranking()));
          for (const auto& pages : {with_cursor(index, world.queries().view(0, 1), {.exact = true}),
                                    with_tokens(index, world.queries().view(0, 1), {.exact = true})}) {
            CHECK(pages.ids == ids);
            CHECK(pages.late == 0);
            CHECK(pages.end);
            CHECK(pages.complete_to == std::numeric_limits<float>::infinity());
          }
        }
      }
    }
  }

  TEST_CASE("pages of walks repeat nothing, keep the order, count what came too late, and hold what they promise") {
    for (const testing::Kind& kind : some_kinds()) {
      for (const Form& form : forms_of(kind.metric)) {
        CAPTURE(name(kind.metric));
        CAPTURE(to_text(form));
        const RangeWorld& world = range_world(kind, form);
        const SearchResult all = world.all_of();
        for (const Index& index : world.openings(form)) {
          CAPTURE(name(index.io()));
          CAPTURE(name(index.ranking()));
          std::size_t found = 0, asked = 0;
          for (std::size_t q = 0; q < RangeWorld::kQueries; ++q) {
            for (const auto& pages : {with_cursor(index, world.queries().view(q, 1), {.recall = 0.9F}, 120),
                                      with_tokens(index, world.queries().view(q, 1), {.l = 60}, 120)}) {
              const std::set<Id> nearest(all.ids.begin() + static_cast<std::ptrdiff_t>(q * all.k),
                                         all.ids.begin() + static_cast<std::ptrdiff_t>(q * all.k + 120));
              for (const Id id : pages.ids) found += nearest.contains(id) ? 1 : 0;
              asked += 120;
            }
          }
          CHECK(static_cast<double>(found) > 0.85 * static_cast<double>(asked));
        }
      }
    }
  }

  TEST_CASE("records at one distance are neither lost nor repeated where a page ends between them") {
    const io::TempDir folder;
    testing::Vectors base = testing::clusters(ElementType::kF32, 1'500, 8);
    const std::vector<float> one(base.row(300).begin(), base.row(300).end());
    for (int i = 0; i < 200; ++i) base.push_back(one);
    REQUIRE(build(folder / "x", {8, ElementType::kF32, Metric::kL2}, base.view()));
    const auto index = Index::open(folder / "x");
    REQUIRE_MESSAGE(index, message(index));
    for (const SearchOptions& options : {SearchOptions{.exact = true}, SearchOptions{.l = 400}}) {
      const AnswerPage by_cursor = with_cursor(*index, base.view(300, 1), options, 201);
      const AnswerPage by_token = with_tokens(*index, base.view(300, 1), options, 201);
      for (const AnswerPage& pages : {by_cursor, by_token}) {
        REQUIRE(pages.ids.size() >= 201);
        CHECK(pages.distances[200] == 0);
        CHECK(pages.ids[0] == 300);
        for (Id i = 0; i < 200; ++i) CHECK(pages.ids[i + 1] == 1'500 + i);
      }
      auto cursor = index->cursor(base.view(300, 1), options);
      const auto page = cursor->next(50);
      CHECK(page->complete_to < 0);  // others at 0 follow
    }
  }

  TEST_CASE("a cursor stays with its commit, whatever is committed, refreshed and closed meanwhile") {
    const RangeWorld world({Metric::kL2, ElementType::kF32}, {Layout::kLean, true, false});
    std::optional<Index> index(world.open(IoMode::kPread, Ranking::kCodes));
    const SearchResult all = world.all_of();
    auto cursor = index->cursor(world.queries().view(0, 1), {.exact = true});
    REQUIRE_MESSAGE(cursor, message(cursor));
    std::vector<Id> ids = cursor->next(20)->ids;
    {
      auto writer = Writer::open(world.path(), {.background_merges = false});
      REQUIRE_MESSAGE(writer, message(writer));
      REQUIRE(writer->erase(std::span(all.ids).first(100)));
      REQUIRE(writer->commit());
    }
    REQUIRE(index->refresh().value());
    index.reset();
    const auto more = cursor->next(60);
    REQUIRE_MESSAGE(more, message(more));
    ids.insert(ids.end(), more->ids.begin(), more->ids.end());
    CHECK(std::equal(ids.begin(), ids.end(), all.ids.begin()));
    CHECK(ids.size() == 80);
  }

  TEST_CASE("tokens of another index, commit, query or search are refused in a clear line") {
    const RangeWorld world({Metric::kL2, ElementType::kF32}, {Layout::kLean, true, false});
    const RangeWorld other({Metric::kL2, ElementType::kF32}, {Layout::kLean, false, false});
    auto index = world.open(IoMode::kMapped, Ranking::kAuto);
    const auto query = world.queries().view(0, 1);
    const auto page = index.search_page(query, {.k = 5});
    REQUIRE_MESSAGE(page, message(page));
    CHECK(page->next.size() == 72);
    const auto refused = [&](const Index& asked, const MatrixView& vector, const SearchOptions& options,
                             std::string_view token, std::string_view says) {
      const auto found = asked.search_page(vector, options, token);
      REQUIRE_FALSE(found);
      CHECK(found.error().code == Code::kInvalidArgument);
      CAPTURE(found.error().what);
      CHECK(found.error().what.find(says) != std::string::npos);
    };
    CHECK(index.search_page(query, {.k = 50}, page->next));  // a page of another size is no other search
    refused(index, query, {.k = 5}, "nonsense", "72 letters");
    std::string changed = page->next;
    changed[30] = changed[30] == 'A' ? 'B' : 'A';
    refused(index, query, {.k = 5}, changed, "letters that were changed");
    refused(index, world.queries().view(1, 1), {.k = 5}, page->next, "another query");
    refused(index, query, {.k = 5, .exact = true}, page->next, "other options");
    refused(index, query, {.k = 5, .l = 65}, page->next, "other options");
    refused(other.open(IoMode::kMapped, Ranking::kAuto), query, {.k = 5}, page->next, "another index");
    refused(index, world.queries().view(0, 2), {.k = 5}, {}, "2 queries: expected one");
    {
      auto writer = Writer::open(world.path());
      REQUIRE(writer->erase(std::array<Id, 1>{page->ids[0]}));
      REQUIRE(writer->commit());
    }
    CHECK(index.search_page(query, {.k = 5}, page->next));  // still open at that commit
    REQUIRE(index.refresh().value());
    refused(index, query, {.k = 5}, page->next, "commit 1: the index is open at commit 2");
    CHECK(index.cursor(world.queries().view(0, 2)).error().code == Code::kInvalidArgument);
    CHECK(index.cursor(query)->next(0).error().code == Code::kInvalidArgument);
    CHECK(index.cursor(query, {.k = 0})->next(3)->ids.size() == 3);  // k counts nothing
  }

  TEST_CASE("where the memory has no room for a longer walk pages end, and say up to where they are complete") {
    const io::TempDir folder;
    const auto base = testing::clusters(ElementType::kF32, 60'000, 4);
    BuildOptions options = quick_build();
    options.code_bytes = 0;
    REQUIRE(build(folder / "x", {4, ElementType::kF32, Metric::kL2}, base.view(), {}, options));
    OpenOptions small = with_io(IoMode::kPread, 1U << 20);
    small.ranking = Ranking::kExact;
    auto index = Index::open(folder / "x", small);
    REQUIRE_MESSAGE(index, message(index));
    auto cursor = index->cursor(base.view(9, 1));
    std::size_t given = 0;
    float last = 0;
    for (int i = 0; i < 200; ++i) {
      const auto page = cursor->next(500);
      REQUIRE_MESSAGE(page, message(page));
      given += page->ids.size();
      if (!page->ids.empty()) last = page->distances.back();
      if (!page->end) continue;
      CHECK(page->complete_to <= last);
      break;
    }
    CHECK(given >= 500);
    CHECK(given < 60'000);
    const auto behind = cursor->next(500);
    REQUIRE(behind);
    CHECK(behind->ids.empty());
    CHECK(behind->end);
  }

  TEST_CASE("an index without records has one page, which is empty") {
    const io::TempDir folder;
    auto builder = Builder::create(folder / "none", {4, ElementType::kF32, Metric::kL2}, quick_build());
    REQUIRE(builder->finish());
    const std::vector<float> query(4, 1);
    const auto index = Index::open(folder / "none");
    const auto page = index->search_page({query.data(), 1, 4});
    REQUIRE_MESSAGE(page, message(page));
    CHECK(page->ids.empty());
    CHECK(page->end);
    CHECK(page->next.empty());
    CHECK(index->cursor({query.data(), 1, 4})->next(10)->end);
  }
}

}  // namespace nearline
