// SPDX-License-Identifier: Apache-2.0
/// Searches for all records within a radius, against comparing with all records.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/api/range_world.h"

namespace nearline {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::span<const float> distances_of(const SearchResult& all, std::size_t query) {
  return std::span(all.distances).subspan(query * all.k, all.counts[query]);
}
std::span<const Id> ids_of(const SearchResult& all, std::size_t query) {
  return std::span(all.ids).subspan(query * all.k, all.counts[query]);
}
std::span<const Id> ids_of(const RangeResult& found, std::size_t query) {
  return std::span(found.ids).subspan(found.offsets[query], found.offsets[query + 1] - found.offsets[query]);
}
std::span<const float> distances_of(const RangeResult& found, std::size_t query) {
  return std::span(found.distances).subspan(found.offsets[query], found.offsets[query + 1] - found.offsets[query]);
}

/// How many records lie within.
std::size_t within(const SearchResult& all, std::size_t query, float radius) {
  const auto distances = distances_of(all, query);
  return static_cast<std::size_t>(std::upper_bound(distances.begin(), distances.end(), radius) - distances.begin());
}

void check_exact(const RangeResult& found, const SearchResult& all, float radius, std::uint64_t most) {
  REQUIRE(found.offsets.size() == all.counts.size() + 1);
  for (std::size_t q = 0; q < all.counts.size(); ++q) {
    CAPTURE(q);
    const std::size_t inside = within(all, q, radius), given = most == 0 ? inside : std::min<std::size_t>(inside, most);
    CHECK(std::ranges::equal(ids_of(found, q), ids_of(all, q).first(given)));
    CHECK(std::ranges::equal(distances_of(found, q), distances_of(all, q).first(given)));
    CHECK(found.cut[q] == (given < inside));
    if (given == inside) {
      CHECK(found.complete_to[q] == radius);
    } else {  // all up to there are given, and no more could be said
      CHECK(within(all, q, found.complete_to[q]) <= given);
      CHECK(within(all, q, std::nextafter(distances_of(all, q)[given], -kInfinity)) >=
            within(all, q, found.complete_to[q]));
      CHECK(found.complete_to[q] >=
            (given > 1 ? std::nextafter(distances_of(all, q)[given - 1], -kInfinity) : -kInfinity));
    }
  }
}

}  // namespace

TEST_SUITE("api/range") {
  TEST_CASE("an exact radius gives all within it, those at its edge included, as comparing with all records does") {
    for (const testing::Kind& kind : some_kinds()) {
      for (const Form& form : forms_of(kind.metric)) {
        CAPTURE(name(kind.metric));
        CAPTURE(name(kind.type));
        CAPTURE(to_text(form));
        const RangeWorld& world = range_world(kind, form);
        const SearchResult all = world.all_of();
        const auto first = distances_of(all, 0);
        // Nothing, one, some at an edge, just below it, many.
        const float edge = first[20];
        for (const Index& index : world.openings(form)) {
          CAPTURE(name(index.io()));
          CAPTURE(name(index.ranking()));
          for (const float radius :
               {std::nextafter(first[0], -kInfinity), first[0], edge, std::nextafter(edge, -kInfinity), first[600]}) {
            const bool fits = radius >= 0 || kind.metric == Metric::kIp || kind.metric == Metric::kCosine;
            if (!fits) continue;
            CAPTURE(radius);
            for (const std::uint64_t most : {0U, 7U}) {
              const auto found =
                  index.range_search(world.queries().view(), {.radius = radius, .max_results = most, .exact = true});
              REQUIRE_MESSAGE(found, message(found));
              CHECK(found->expected_recall == 1);
              check_exact(*found, all, radius, most);
            }
          }
        }
      }
    }
  }

  TEST_CASE("what the scan calls near is what arithmetic in f64 calls near") {
    for (const testing::Kind& kind : some_kinds()) {
      CAPTURE(name(kind.metric));
      const RangeWorld& world = range_world(kind, {Layout::kLean, false, false});
      const Index index = world.open(IoMode::kMapped, Ranking::kAuto);
      for (std::size_t q = 0; q < RangeWorld::kQueries; ++q) {
        const auto nearest = testing::nearest(world.base(), world.queries().row(q), kind.metric, 100);
        const double radius = (nearest[40].distance + nearest[41].distance) / 2;
        const auto found =
            index.range_search(world.queries().view(q, 1), {.radius = static_cast<float>(radius), .exact = true});
        REQUIRE_MESSAGE(found, message(found));
        const double slack = 1e-5 * (1 + std::fabs(radius));
        std::size_t surely = 0, perhaps = 0;
        for (const auto& one : nearest) {
          surely += one.distance < radius - slack ? 1 : 0;
          perhaps += one.distance <= radius + slack ? 1 : 0;
        }
        CHECK(found->ids.size() >= surely);
        CHECK(found->ids.size() <= perhaps);
      }
    }
  }

  TEST_CASE(
      "walks find the share that was asked for, as a search for as many nearest does, and nothing that lies outside") {
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
          for (const std::uint32_t rank : {3U, 30U, 300U}) {
            std::size_t inside = 0, found = 0, nearest = 0;
            for (std::size_t q = 0; q < RangeWorld::kQueries; ++q) {
              const float radius = distances_of(all, q)[rank];
              const auto part = index.range_search(world.queries().view(q, 1), {.radius = radius, .recall = 0.9F});
              REQUIRE_MESSAGE(part, message(part));
              CHECK(part->complete_to[0] == radius);
              CHECK(part->expected_recall >= 0.9F);
              inside += within(all, q, radius);
              found += part->ids.size();
              bool right = true;
              for (std::size_t i = 0; i < part->ids.size(); ++i) {
                const auto place =
                    static_cast<std::size_t>(std::ranges::find(ids_of(all, q), part->ids[i]) - ids_of(all, q).begin());
                right &= place < all.counts[q] && distances_of(all, q)[place] == part->distances[i] &&
                         part->distances[i] <= radius;
              }
              CHECK(right);
              const auto search = index.search(world.queries().view(q, 1), {.k = rank + 1, .recall = 0.9F});
              REQUIRE_MESSAGE(search, message(search));
              nearest += within(*search, 0, radius);
            }
            CHECK(static_cast<double>(found) >= 0.97 * static_cast<double>(nearest));
            CHECK(static_cast<double>(found) >= 0.87 * static_cast<double>(inside));
          }
          const auto many = index.range_search(world.queries().view(), {.radius = distances_of(all, 0)[300], .l = 64});
          REQUIRE_MESSAGE(many, message(many));
          CHECK(many->offsets[1] > 200);  // more than L
        }
      }
    }
  }

  TEST_CASE("a radius within which is nothing is an empty answer, also of an index without records") {
    const RangeWorld world({Metric::kL2, ElementType::kF32}, {Layout::kLean, true, true});
    for (const bool exact : {false, true}) {
      const Index index = world.open(IoMode::kPread, Ranking::kCodes);
      const auto found = index.range_search(world.queries().view(), {.radius = 0, .exact = exact, .recall = 0.9F});
      REQUIRE_MESSAGE(found, message(found));
      CHECK(found->ids.empty());
      CHECK(found->offsets == std::vector<std::uint64_t>(RangeWorld::kQueries + 1));
    }
    const io::TempDir folder;
    auto builder = Builder::create(folder / "none", {4, ElementType::kF32, Metric::kL2}, quick_build());
    REQUIRE(builder->finish());
    const std::vector<float> query(4, 1);
    const auto none = Index::open(folder / "none")->range_search({query.data(), 1, 4}, {.radius = 1});
    REQUIRE_MESSAGE(none, message(none));
    CHECK(none->offsets == std::vector<std::uint64_t>{0, 0});
    CHECK(none->complete_to == std::vector<float>{1});
  }

  TEST_CASE("copies of one vector are all within a radius of 0, cut or not") {
    const io::TempDir folder;
    testing::Vectors base = testing::clusters(ElementType::kF32, 3'000, 16);
    const std::vector<float> one(base.row(1'700).begin(), base.row(1'700).end());
    for (int i = 0; i < 900; ++i) base.push_back(one);
    REQUIRE(build(folder / "x", {16, ElementType::kF32, Metric::kL2}, base.view()));
    for (const Ranking ranking : {Ranking::kExact, Ranking::kCodes}) {
      OpenOptions options = with_io(IoMode::kPread);
      options.ranking = ranking;
      const auto index = Index::open(folder / "x", options);
      REQUIRE_MESSAGE(index, message(index));
      for (const bool exact : {false, true}) {
        const auto all = index->range_search(base.view(1'700, 1), {.radius = 0, .exact = exact});
        REQUIRE_MESSAGE(all, message(all));
        CHECK(all->ids.size() >= (exact ? 901U : 65U));  // of a walk more than L
        const auto some = index->range_search(base.view(1'700, 1), {.radius = 0, .max_results = 5, .exact = true});
        CHECK(some->ids == std::vector<Id>{1'700, 3'000, 3'001, 3'002, 3'003});
        CHECK(some->cut[0]);
        CHECK(some->complete_to[0] < 0);  // not even those at 0 are all there
      }
    }
  }

  TEST_CASE("a radius that is no number, or negative where distances are not, is refused by name") {
    const RangeWorld l2({Metric::kL2, ElementType::kF32}, {Layout::kLean, true, false});
    const RangeWorld ip({Metric::kIp, ElementType::kF32}, {Layout::kLean, true, false});
    const Index by_length = l2.open(IoMode::kMapped, Ranking::kAuto),
                by_product = ip.open(IoMode::kMapped, Ranking::kAuto);
    for (const float radius : {-1.0F, -kInfinity, std::nanf("")}) {
      const auto refused = by_length.range_search(l2.queries().view(), {.radius = radius});
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == Code::kInvalidArgument);
      CHECK(refused.error().what.starts_with("radius of "));
    }
    CHECK(by_product.range_search(ip.queries().view(), {}).error().code == Code::kInvalidArgument);
    CHECK(by_product.range_search(ip.queries().view(), {.radius = -10}));
    CHECK(by_length.range_search(l2.queries().view(), {.radius = 1, .recall = 2}).error().code ==
          Code::kInvalidArgument);
    const std::vector<float> bad(RangeWorld::kDim, std::nanf(""));
    CHECK(by_length.range_search({bad.data(), 1, RangeWorld::kDim}, {.radius = 1}).error().code == Code::kBadInput);
  }
}

}  // namespace nearline
