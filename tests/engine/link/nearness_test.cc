// SPDX-License-Identifier: Apache-2.0
#include "engine/link/nearness.h"

#include <algorithm>

#include "engine/link/leaf_pairs.h"
#include "engine/link/prune.h"
#include "tests/engine/walk/image_world.h"

namespace nearline::engine {
namespace {

/// Rows of which every fifth is three times as long.
testing::Vectors lengthened() {
  testing::Vectors rows = testing::no_vectors(ElementType::kF32, 16);
  const testing::Vectors base = testing::clusters(ElementType::kF32, 300, 16);
  for (std::size_t i = 0; i < base.rows(); ++i) {
    std::vector<float> row(base.row(i).begin(), base.row(i).end());
    if (i % 5 == 0) {
      for (float& value : row) value *= 3;
    }
    rows.push_back(row);
  }
  return rows;
}

std::vector<std::uint32_t> copied(std::span<const std::uint32_t> span) {
  return {span.begin(), span.end()};
}

struct LengthenedWorld {
  ImageWorld world = ImageWorld(lengthened(), ElementType::kF32, Metric::kIp);
  Space ip = Space(Metric::kIp, ElementType::kF32, 16);
  Nearness nearness = Nearness::of(ip, 1, 9);

  [[nodiscard]] float distance(const Space& space, std::uint32_t from, std::uint32_t to) const {
    std::vector<std::byte> query(space.query_bytes());
    const std::byte* record = world.image.record(to);
    float out = 0;
    space.distances(space.query_of(world.image.record(from), query.data()), {&record, 1}, &out);
    return out;
  }
};

}  // namespace

TEST_SUITE("engine/link/nearness") {
  TEST_CASE("all metrics but ip link by themselves, and ip by l2 where lengths are alike") {
    for (const auto& kind : testing::all_kinds()) {
      const auto& metric = kind.metric;
      const auto& type = kind.type;
      CAPTURE(name(metric));
      const Nearness nearness = Nearness::of(Space(metric, type, 8), 0.5F, 1);
      CHECK(nearness.kinds().size() == (metric == Metric::kIp ? Nearness::kMostKinds : 1));
      CHECK(nearness.first().metric() == (metric == Metric::kIp ? Metric::kL2 : metric));
    }
    CHECK(Nearness::of(Space(Metric::kIp, ElementType::kF32, 8), 0.999F, 1.001F).kinds().size() == 1);
  }

  TEST_CASE("a list has room for every kind, the nearest of each first") {
    const LengthenedWorld lengthened;
    Pruner pruner(lengthened.world.image, lengthened.nearness);
    for (const std::uint32_t record : {0U, 151U, 299U}) {
      for (const std::uint32_t degree : {2U, 3U, 4U, 12U, 64U}) {
        std::vector<Candidate> candidates;
        for (std::uint32_t i = 0; i < 300; ++i) candidates.push_back({0, i});  // distances are measured anew
        candidates.push_back({0, 7});
        const auto list = copied(pruner.prune(record, candidates, degree, 1.2F));
        CHECK(list.size() <= degree);
        auto sorted = list;
        std::sort(sorted.begin(), sorted.end());
        REQUIRE(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
        REQUIRE_FALSE(std::binary_search(sorted.begin(), sorted.end(), record));
        // Of a list that is shorter than there are kinds the first ones have their place.
        for (const Space& space : lengthened.nearness.kinds().first(std::min<std::size_t>(degree, 3))) {
          std::uint32_t best = record == 0 ? 1 : 0;
          for (std::uint32_t i = 0; i < 300; ++i) {
            if (i != record && lengthened.distance(space, record, i) < lengthened.distance(space, record, best))
              best = i;
          }
          CHECK(std::binary_search(sorted.begin(), sorted.end(), best));
        }
      }
    }
  }

  TEST_CASE("a leaf remembers the nearest of each kind") {
    const LengthenedWorld lengthened;
    LeafPairs pairs(lengthened.world.image, lengthened.nearness, 5);
    std::vector<std::uint32_t> leaf(120);
    for (std::uint32_t i = 0; i < leaf.size(); ++i) leaf[i] = 2 * i;
    pairs.compare(leaf);
    for (const std::size_t at : {0U, 60U, 119U}) {
      std::vector<Candidate> found;
      pairs.nearest_of(at, found);
      for (const Space& space : lengthened.nearness.kinds()) {
        std::vector<Candidate> all;
        for (const std::uint32_t other : leaf) {
          if (other != leaf[at]) all.push_back({lengthened.distance(space, leaf[at], other), other});
        }
        std::sort(all.begin(), all.end());
        for (std::size_t i = 0; i < 5; ++i) {
          CHECK(
              std::any_of(found.begin(), found.end(), [&](const Candidate& c) { return c.ordinal == all[i].ordinal; }));
        }
      }
    }
  }
}

}  // namespace nearline::engine
