// SPDX-License-Identifier: Apache-2.0
/// Searches in which only some dimensions count, or some more than others: what they find is compared with arithmetic
/// in f64 over the shortened or weighted rows, however the index is built, grown and opened.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "tests/api/range_world.h"

namespace nearline {
namespace {

using testing::Vectors;

constexpr std::uint32_t kK = 10;

/// A prefix or a mask, and the weights that it stands for.
struct Weights {
  std::uint32_t prefix = 0;
  std::vector<float> mask{};

  [[nodiscard]] std::vector<float> all() const {
    if (prefix == 0) return mask;
    std::vector<float> weights(RangeWorld::kDim);
    std::fill_n(weights.begin(), prefix, 1.0F);
    return weights;
  }
  [[nodiscard]] SearchOptions options(bool exact) const {
    return {.k = kK, .exact = exact, .prefix = prefix, .mask = mask};
  }
};

std::vector<Weights> some_weights(ElementType type) {
  std::vector<Weights> some{{.prefix = 9}, {.prefix = 16}};
  std::mt19937_64 random(5);
  for (const bool whole : {true, false}) {
    if (!whole && type == ElementType::kB1) break;
    Weights weights;
    for (std::uint32_t i = 0; i < RangeWorld::kDim; ++i) {
      weights.mask.push_back(whole ? static_cast<float>(random() % 2) : static_cast<float>(random() % 9) / 4);
    }
    some.push_back(weights);
  }
  return some;
}

/// The metric's definition over rows multiplied by the roots of the weights, which is what weights mean.
double weighted(Metric metric, std::span<const float> a, std::span<const float> b, std::span<const float> weights) {
  std::vector<float> q(a.size()), x(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    q[i] = a[i] * std::sqrt(weights[i]);
    x[i] = b[i] * std::sqrt(weights[i]);
  }
  const auto is_zero = [](float value) { return value == 0; };
  if (metric == Metric::kCosine && std::ranges::all_of(x, is_zero)) return 1;
  return testing::distance(metric, q, x);
}

bool same(float found, double wanted) {
  return std::fabs(double{found} - wanted) <= 2e-5 * std::max(1.0, std::fabs(wanted));
}

/// Distances of all live records from a query, ascending.
std::vector<double> by_hand(const RangeWorld& world, std::span<const Id> live, std::size_t query,
                            std::span<const float> weights) {
  std::vector<double> all;
  for (const Id id : live) {
    all.push_back(weighted(world.metric(), world.queries().row(query), world.base().row(id), weights));
  }
  std::ranges::sort(all);
  return all;
}

/// Exact answers, an exact radius, and exact pages.
void check_exact(const Index& index, const RangeWorld& world, std::span<const Id> live, const Weights& weights) {
  const std::vector<float> all = weights.all();
  const auto found = index.search(world.queries().view(), weights.options(true));
  REQUIRE_MESSAGE(found, message(found));
  CHECK(found->expected_recall == 1);
  for (std::size_t q = 0; q < world.queries().rows(); ++q) {
    const std::vector<double> wanted = by_hand(world, live, q, all);
    for (std::uint32_t i = 0; i < kK; ++i) {
      const std::size_t at = q * kK + i;
      CHECK(same(found->distances[at], wanted[i]));
      CHECK(same(found->distances[at],
                 weighted(world.metric(), world.queries().row(q), world.base().row(found->ids[at]), all)));
    }
  }
  const MatrixView first = world.queries().view(0, 1);
  const float radius = found->distances[kK - 1];
  const auto within =
      index.range_search(first, {.radius = radius, .exact = true, .prefix = weights.prefix, .mask = weights.mask});
  REQUIRE_MESSAGE(within, message(within));
  REQUIRE(within->ids.size() >= kK);
  CHECK(std::equal(found->ids.begin(), found->ids.begin() + kK, within->ids.begin()));
  CHECK(within->distances.back() == radius);
  std::vector<Id> paged;
  std::string token;
  SearchOptions half = weights.options(true);
  half.k = kK / 2;
  for (int pages = 0; pages < 2; ++pages) {
    const auto page = index.search_page(first, half, token);
    REQUIRE_MESSAGE(page, message(page));
    paged.insert(paged.end(), page->ids.begin(), page->ids.end());
    token = page->next;
  }
  CHECK(std::equal(paged.begin(), paged.end(), found->ids.begin(), found->ids.begin() + kK));
  half.prefix = weights.prefix == 0 ? 3 : 0;
  half.mask.clear();
  CHECK(!index.search_page(first, half, token));  // a page of other distances
}

}  // namespace

TEST_SUITE("api/weights") {
  TEST_CASE("answers by prefixes and masks are those of brute force, in every form and opening") {
    for (const testing::Kind& kind : some_kinds()) {
      for (const Form& form : forms_of(kind.metric)) {
        CAPTURE(name(kind.metric));
        CAPTURE(name(kind.type));
        CAPTURE(to_text(form));
        const RangeWorld& world = range_world(kind, form);
        const std::vector<Id> live = *world.open(IoMode::kMapped, Ranking::kExact).matching_ids("id >= 0");
        std::vector<Index> openings = world.openings(form);
        for (const Weights& weights : some_weights(kind.type)) {
          check_exact(openings.front(), world, live, weights);
          const auto truth = openings.front().search(world.queries().view(), weights.options(true));
          for (const Index& index : openings) {
            CAPTURE(name(index.io()));
            CAPTURE(name(index.ranking()));
            CAPTURE(weights.prefix);
            const auto exact = index.search(world.queries().view(), weights.options(true));
            REQUIRE_MESSAGE(exact, message(exact));
            CHECK(exact->ids == truth->ids);
            CHECK(exact->distances == truth->distances);
            const auto found = index.search(world.queries().view(), weights.options(false));
            REQUIRE_MESSAGE(found, message(found));
            CHECK(share_found(*found, *truth) >= 0.8);
            SearchOptions few = weights.options(false);
            few.filter = "id < 700";
            const auto filtered = index.search(world.queries().view(), few);
            REQUIRE_MESSAGE(filtered, message(filtered));
            few.exact = true;
            CHECK(share_found(*filtered, *index.search(world.queries().view(), few)) >= 0.8);
          }
        }
      }
    }
  }

  TEST_CASE("a recall that is asked for is reached within five points, by codes and by distance") {
    for (const Metric metric : {Metric::kL2, Metric::kCosine, Metric::kIp}) {
      for (const Layout layout : {Layout::kLean, Layout::kFused}) {
        const testing::Kind kind{metric, metric == Metric::kCosine ? ElementType::kF16 : ElementType::kF32};
        const RangeWorld& world = range_world(kind, {layout, true, true});
        const Index exact = world.open(IoMode::kMapped, Ranking::kExact);
        for (const Ranking ranking : {Ranking::kExact, Ranking::kCodes}) {
          const Index index = world.open(IoMode::kPread, ranking);
          for (const Weights& weights : some_weights(kind.type)) {
            const Vectors queries = testing::queries_for(kind.type, RangeWorld::kRows, RangeWorld::kDim, 100);
            SearchOptions options = weights.options(false);
            options.recall = 0.9F;
            const auto found = index.search(queries.view(), options);
            REQUIRE_MESSAGE(found, message(found));
            CAPTURE(name(metric));
            CAPTURE(name(ranking));
            CAPTURE(weights.prefix);
            CHECK(share_found(*found, *exact.search(queries.view(), weights.options(true))) >= 0.85);
          }
        }
      }
    }
  }

  TEST_CASE("a prefix of all dimensions and a mask of ones answer as searches without do, to the byte") {
    const RangeWorld& world = range_world({Metric::kL2, ElementType::kU8}, {Layout::kLean, true, true});
    for (const Index& index : world.openings({Layout::kLean, true, true})) {
      const auto plain = index.search(world.queries().view(), {.k = kK});
      REQUIRE(plain);
      const auto whole = index.search(world.queries().view(), {.k = kK, .prefix = RangeWorld::kDim});
      const auto ones =
          index.search(world.queries().view(), {.k = kK, .mask = std::vector<float>(RangeWorld::kDim, 1.0F)});
      for (const auto* other : {&whole, &ones}) {
        REQUIRE(*other);
        CHECK((*other)->ids == plain->ids);
        CHECK((*other)->distances == plain->distances);
        CHECK((*other)->stats[0].distance_computations == plain->stats[0].distance_computations);
      }
    }
  }

  TEST_CASE("a funnel ranks its candidates by exact distances of the last prefix") {
    for (const testing::Kind& kind : some_kinds()) {
      for (const Form& form : forms_of(kind.metric)) {
        const RangeWorld& world = range_world(kind, form);
        CAPTURE(name(kind.metric));
        CAPTURE(to_text(form));
        for (const std::uint32_t last : {20U, RangeWorld::kDim}) {
          const Weights weights{.prefix = last};
          for (const Index& index : world.openings(form)) {
            const auto truth = index.search(world.queries().view(), weights.options(true));
            REQUIRE(truth);
            SearchOptions funnel = weights.options(false);
            funnel.walk_prefix = 12;
            funnel.l = 400;
            const auto found = index.search(world.queries().view(), funnel);
            REQUIRE_MESSAGE(found, message(found));
            CHECK(share_found(*found, *truth) >= 0.8);
            const std::vector<float> all = weights.all();
            for (std::size_t i = 0; i < found->ids.size(); ++i) {
              CHECK(same(found->distances[i],
                         weighted(kind.metric, world.queries().row(i / kK), world.base().row(found->ids[i]), all)));
            }
            if (index.ranking() == Ranking::kExact && form.layout == Layout::kLean && !form.grown) {
              funnel.explain = true;
              CHECK(index.search(world.queries().view(), funnel)->explanation[0].find("walked by the first 12") !=
                    std::string::npos);
            }
          }
        }
      }
    }
  }

  TEST_CASE("where too little counts for a walk all records are compared, and where codes are in memory all codes") {
    const testing::Kind kind{Metric::kL2, ElementType::kF32};
    const RangeWorld& world = range_world(kind, {Layout::kLean, true, false});
    const auto plan = [&](const Index& index, std::uint32_t prefix) {
      const auto found =
          index.search(world.queries().view(), {.k = kK, .recall = 0.9F, .explain = true, .prefix = prefix});
      REQUIRE_MESSAGE(found, message(found));
      return found->explanation[0];
    };
    const Index mapped = world.open(IoMode::kMapped, Ranking::kExact);
    CHECK(plan(mapped, 20).find("answers: walk") != std::string::npos);
    CHECK(plan(mapped, 20).find("by the first 20 of 24 dimensions") != std::string::npos);
    CHECK(plan(mapped, 4).find("answers: scan") != std::string::npos);
    CHECK(mapped.search(world.queries().view(), {.recall = 0.9F, .prefix = 4})->expected_recall == 1);
    CHECK(plan(world.open(IoMode::kPread, Ranking::kCodes), 20).find("answers: codes scan") != std::string::npos);
  }

  TEST_CASE("what does not fit is refused before anything is searched") {
    const RangeWorld& world = range_world({Metric::kCosine, ElementType::kF16}, {Layout::kLean, true, false});
    const Index index = world.open(IoMode::kMapped, Ranking::kExact);
    const auto refused = [&](const SearchOptions& options) {
      const auto found = index.search(world.queries().view(), options);
      REQUIRE(!found);
      return found.error().what;
    };
    CHECK(refused({.prefix = 25}) == "prefix of 25: expected 1 to 24, the dimension");
    CHECK(refused({.mask = {1, 0}}) == "mask of 2 weights: expected 24, one for each dimension");
    CHECK(refused({.prefix = 8, .walk_prefix = 9}) ==
          "walk prefix of 9: expected 1 to 8, the prefix that answers are ranked by");
    CHECK(refused({.walk_prefix = 4, .mask = std::vector<float>(24, 1.0F)}) ==
          "walk prefix and mask: expected one of them, found both");
    CHECK(refused({.recall = 0.9F, .walk_prefix = 4}) ==
          "recall and walk prefix: expected an L in place of the recall, found both");
    Vectors zero = testing::no_vectors(ElementType::kF16, 24);
    std::vector<float> row(24);
    row[20] = 1;
    zero.push_back(row);
    const auto nothing = index.search(zero.view(), {.prefix = 8});
    REQUIRE(!nothing);
    CHECK(nothing.error().code == Code::kBadInput);
    CHECK(nothing.error().what.starts_with("query 0 has no direction in the dimensions that count"));
    const auto range = index.range_search(world.queries().view(), {.radius = 1, .prefix = 30});
    REQUIRE(!range);
    CHECK(range.error().what.starts_with("prefix of 30"));
  }
}

}  // namespace nearline
