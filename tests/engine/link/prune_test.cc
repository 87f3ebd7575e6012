// SPDX-License-Identifier: Apache-2.0
#include "engine/link/prune.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/engine/walk/image_world.h"

namespace nearline::engine {
namespace {

/// Algorithm 2 of the paper, word for word: take the nearest, drop what it is nearer to by the factor alpha.
std::vector<std::uint32_t> by_the_paper(const ImageWorld& world, std::uint32_t record, std::vector<Candidate> left,
                                        std::uint32_t degree, float alpha) {
  std::vector<std::uint32_t> chosen;
  std::erase_if(left, [&](const Candidate& c) { return c.ordinal == record; });
  while (!left.empty() && chosen.size() < degree) {
    const Candidate best = *std::min_element(left.begin(), left.end());
    chosen.push_back(best.ordinal);
    std::erase_if(left, [&](const Candidate& c) {
      return c.ordinal == best.ordinal || alpha * world.distance(c.ordinal, best.ordinal) <= c.distance;
    });
  }
  return chosen;
}

std::vector<Candidate> all_candidates(const ImageWorld& world, std::uint32_t record) {
  std::vector<Candidate> candidates;
  for (std::uint32_t i = 0; i < world.vectors.rows(); ++i) candidates.push_back({world.distance(record, i), i});
  return candidates;
}

std::vector<std::uint32_t> copied(std::span<const std::uint32_t> span) {
  return {span.begin(), span.end()};
}

}  // namespace

TEST_SUITE("engine/link/prune") {
  TEST_CASE("the neighbours are those of the paper's algorithm, whatever the metric, degree, alpha and order") {
    for (const auto& kind : testing::all_kinds()) {
      const auto& metric = kind.metric;
      const auto& type = kind.type;
      CAPTURE(name(metric));
      CAPTURE(name(type));
      const ImageWorld world(testing::clusters(type, 150, 24), type, metric);
      Pruner pruner(world.image, world.space);
      for (const std::uint32_t record : {0U, 77U, 149U}) {
        for (const float alpha : {1.0F, 1.2F, 2.0F}) {
          for (const std::uint32_t degree : {1U, 8U, 64U}) {
            CAPTURE(alpha);
            CAPTURE(degree);
            auto candidates = all_candidates(world, record);
            candidates.push_back(candidates[5]);  // seen twice
            const auto expected = by_the_paper(world, record, candidates, degree, alpha);
            std::rotate(candidates.begin(), candidates.begin() + 40, candidates.end());
            REQUIRE(copied(pruner.prune(record, candidates, degree, alpha)) == expected);
          }
        }
      }
    }
  }

  TEST_CASE("neighbours that were chosen before need no comparing with each other to give the same list with others") {
    for (const auto& kind : testing::all_kinds()) {
      const auto& metric = kind.metric;
      const auto& type = kind.type;
      CAPTURE(name(metric));
      CAPTURE(name(type));
      const ImageWorld world(testing::clusters(type, 150, 24), type, metric);
      Pruner pruner(world.image, world.space);
      for (const std::uint32_t degree : {4U, 12U, 64U}) {
        auto first = all_candidates(world, 7);
        first.resize(100);
        std::vector<Candidate> candidates;
        for (const std::uint32_t old : copied(pruner.prune(7, first, degree, 1.2F))) {
          candidates.push_back({world.distance(7, old), old});
        }
        const std::vector<std::uint32_t> fresh{149, 100, 120, 131};
        for (const std::uint32_t one : fresh) candidates.push_back({world.distance(7, one), one});
        const auto expected = by_the_paper(world, 7, candidates, degree, 1.2F);
        REQUIRE(copied(pruner.prune_with(fresh, 7, candidates, degree, 1.2F)) == expected);
      }
    }
  }

  TEST_CASE("neighbours that cover each other stay until a fresh one covers them") {
    testing::Vectors rows = testing::clusters(ElementType::kU8, 100, 8);
    for (int i = 0; i < 3; ++i) rows.push_back(rows.row(5));
    const ImageWorld world(rows, ElementType::kU8, Metric::kL2);
    Pruner pruner(world.image, world.space);
    std::vector<Candidate> candidates;
    for (const std::uint32_t copy : {5U, 100U, 101U, 102U}) candidates.push_back({world.distance(0, 5), copy});
    auto again = candidates;
    CHECK(copied(pruner.prune_with({}, 0, candidates, 8, 1.2F)) == std::vector<std::uint32_t>{5, 100, 101, 102});
    CHECK(copied(pruner.prune_with(std::vector{5U}, 0, again, 8, 1.2F)) == std::vector<std::uint32_t>{5});
  }

  TEST_CASE("of exact copies one becomes a neighbour, and the other places lead elsewhere") {
    testing::Vectors rows = testing::clusters(ElementType::kU8, 100, 8);
    for (int i = 0; i < 50; ++i) rows.push_back(rows.row(0));
    const ImageWorld world(rows, ElementType::kU8, Metric::kL2);
    Pruner pruner(world.image, world.space);
    auto candidates = all_candidates(world, 0);
    const auto chosen = copied(pruner.prune(0, candidates, 16, 1.2F));
    CHECK(chosen.size() > 5);
    CHECK(chosen[0] == 100);
    CHECK(std::count_if(chosen.begin(), chosen.end(), [](std::uint32_t o) { return o >= 100; }) == 1);
  }

  TEST_CASE("no candidates, or only the record itself, give no neighbours") {
    const ImageWorld world(testing::clusters(ElementType::kU8, 10, 8), ElementType::kU8, Metric::kL2);
    Pruner pruner(world.image, world.space);
    std::vector<Candidate> candidates;
    CHECK(pruner.prune(3, candidates, 8, 1.2F).empty());
    candidates = {{0, 3}, {0, 3}};
    CHECK(pruner.prune(3, candidates, 8, 1.2F).empty());
  }

  TEST_CASE("measuring appends the distances that the space gives") {
    const ImageWorld world(testing::clusters(ElementType::kF16, 30, 8), ElementType::kF16, Metric::kIp);
    Pruner pruner(world.image, world.space);
    std::vector<Candidate> out{{1, 2}};
    const std::vector<std::uint32_t> others{9, 4, 4, 7};
    pruner.measure(7, others, out);
    REQUIRE(out.size() == 5);
    for (std::size_t i = 0; i < others.size(); ++i) {
      CHECK(out[i + 1].ordinal == others[i]);
      CHECK(out[i + 1].distance == world.distance(7, others[i]));
    }
  }
}

}  // namespace nearline::engine
