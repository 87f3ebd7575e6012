// SPDX-License-Identifier: Apache-2.0
#include "engine/make/partition.h"

#include <doctest/doctest.h>

#include "io/simulated_disk.h"
#include "tests/support/vectors.h"

namespace nearline::engine {
namespace {

class SpilledRows {
 public:
  explicit SpilledRows(const testing::Vectors& vectors)
      : spill(disk_.create_unnamed(".").value(), vector_bytes(vectors.type, vectors.dim)) {
    for (std::size_t i = 0; i < vectors.rows(); ++i) {
      REQUIRE(spill.append(i, {vectors.view().row(i), vector_bytes(vectors.type, vectors.dim)}));
    }
  }

 private:
  io::SimulatedDisk disk_;

 public:
  Spill spill;
};

bool same(const std::vector<PartPair>& a, const std::vector<PartPair>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const PartPair& x, const PartPair& y) { return x.home == y.home && x.other == y.other; });
}

/// Every row has parts that exist, and no part more rows than its capacity. Returns how many rows are in two parts.
std::size_t check_pairs(const std::vector<PartPair>& pairs, const PartitionOptions& options) {
  std::vector<std::uint64_t> sizes(options.parts);
  std::size_t twice = 0;
  for (const PartPair& pair : pairs) {
    REQUIRE(pair.home < options.parts);
    REQUIRE(pair.other < options.parts);
    ++sizes[pair.home];
    if (pair.home == pair.other) continue;
    ++sizes[pair.other];
    ++twice;
  }
  for (const std::uint64_t size : sizes) CHECK(size <= options.capacity);
  return twice;
}

}  // namespace

TEST_SUITE("engine/make/partition") {
  TEST_CASE("every row gets two parts that exist, none above capacity, the same with any number of threads") {
    for (const auto& kind : testing::all_kinds()) {
      const auto& metric = kind.metric;
      const auto& type = kind.type;
      CAPTURE(name(metric));
      CAPTURE(name(type));
      if (testing::no_vectors(type, 16).type != type) continue;  // rows in the form in which spills hold them
      const auto vectors = testing::clusters(type, 3000, 16);
      SpilledRows rows(vectors);
      const Space space = Space(metric, type, 16);
      PartitionOptions options{.parts = 7, .capacity = 3000 * 23 / 70 + 1};
      const auto pairs = partition(rows.spill, space, options);
      REQUIRE(pairs);
      REQUIRE(pairs->size() == 3000);
      CHECK(check_pairs(*pairs, options) > 2900);
      for (const std::uint32_t threads : {2U, 5U}) {
        options.threads = threads;
        CHECK(same(*partition(rows.spill, space, options), *pairs));
      }
    }
  }

  TEST_CASE("near rows share parts") {
    const auto vectors = testing::clusters(ElementType::kU8, 3000, 16);
    SpilledRows rows(vectors);
    const auto pairs =
        partition(rows.spill, Space(Metric::kL2, ElementType::kU8, 16), {.parts = 7, .capacity = 3000 * 23 / 70 + 1});
    REQUIRE(pairs);
    std::size_t shared = 0;
    for (std::size_t row = 0; row < 3000; row += 10) {
      const auto near = testing::nearest(vectors, vectors.row(row), Metric::kL2, 2);
      const PartPair mine = (*pairs)[row], other = (*pairs)[near[0].row == row ? near[1].row : near[0].row];
      shared += mine.home == other.home || mine.home == other.other || mine.other == other.home ? 1 : 0;
    }
    CHECK(shared > 285);  // of 300
  }

  TEST_CASE("capacity is kept where all rows are alike, and where there is room for two of each and no more") {
    testing::Vectors vectors = testing::no_vectors(ElementType::kU8, 4);
    for (int i = 0; i < 1000; ++i) vectors.push_back(std::vector<float>{1, 2, 3, 4});
    SpilledRows rows(vectors);
    const Space space(Metric::kL2, ElementType::kU8, 4);
    for (const PartitionOptions& options :
         {PartitionOptions{.parts = 2, .capacity = 1000}, PartitionOptions{.parts = 4, .capacity = 500},
          PartitionOptions{.parts = 100, .capacity = 20}}) {
      CAPTURE(options.parts);
      const auto pairs = partition(rows.spill, space, options);
      REQUIRE(pairs);
      CHECK(check_pairs(*pairs, options) >= 1000 - options.capacity);
    }
  }

  TEST_CASE("a failing disk is an error, not a partition") {
    SpilledRows rows(testing::clusters(ElementType::kU8, 100, 4));
    io::SimulatedDisk disk;
    Spill spill(disk.create_unnamed(".").value(), 4);
    for (int i = 0; i < 100; ++i) REQUIRE(spill.append(7, std::vector<std::byte>(4)));
    disk.set_faults({.fail_call = disk.calls() + 2});
    const auto pairs =
        partition(spill, Space(Metric::kL2, ElementType::kU8, 4), {.parts = 3, .capacity = 100, .threads = 2});
    REQUIRE_FALSE(pairs);
    CHECK(pairs.error().code == Code::kIo);
  }
}

}  // namespace nearline::engine
