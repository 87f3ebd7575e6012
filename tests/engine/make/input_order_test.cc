// SPDX-License-Identifier: Apache-2.0
#include "engine/make/input_order.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "tests/engine/query/index_world.h"

namespace nearline::engine {
namespace {

using testing::Vectors;

/// A spill of rows, whose ids are row numbers unless told otherwise.
struct Sorted {
  Sorted(const Vectors& rows, std::span<const std::uint32_t> order, const SortOptions& options)
      : spill(disk.create_unnamed(".").value(), rows.bytes.size() / rows.rows()) {
    for (const std::uint32_t row : order) {
      const std::size_t bytes = rows.bytes.size() / rows.rows();
      REQUIRE(spill.append(row, std::span(rows.bytes).subspan(row * bytes, bytes)));
    }
    const auto sorted = sort_rows(spill, disk, ".", options);
    REQUIRE(sorted);
    hash = *sorted;
  }

  std::vector<Id> ids(const Vectors& rows) {
    std::vector<Id> found;
    const std::size_t bytes = rows.bytes.size() / rows.rows();
    REQUIRE(spill.for_each([&](std::uint64_t row, Id id, std::span<const std::byte> vector) -> Result<void> {
      CHECK(row == found.size());
      CHECK(std::equal(vector.begin(), vector.end(), rows.bytes.begin() + static_cast<std::ptrdiff_t>(id * bytes)));
      found.push_back(id);
      return {};
    }));
    return found;
  }

  io::SimulatedDisk disk;
  Spill spill;
  format::Hash128 hash;
};

SortOptions at_once(std::uint64_t rows) {
  return {.rows_at_once = rows, .progress = [](std::uint64_t) { return Result<void>{}; }};
}

std::vector<std::uint32_t> ascending(std::uint32_t count) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  return order;
}

/// Row numbers in the orders that people have their rows in, and in some that they do not.
std::vector<std::vector<std::uint32_t>> other_orders(std::uint32_t count) {
  std::vector<std::vector<std::uint32_t>> orders(2, ascending(count));
  std::reverse(orders[0].begin(), orders[0].end());
  std::rotate(orders[1].begin(), orders[1].begin() + count / 3, orders[1].end());
  for (const std::uint64_t seed : {1U, 2U}) orders.push_back(testing::shuffled_rows(count, seed));
  return orders;
}

/// Rows of which some are copies of others, which are told apart by id alone.
Vectors with_copies(ElementType type, std::size_t count, std::uint32_t dim) {
  Vectors rows = testing::clusters(type, count, dim);
  for (std::size_t row = 0; row < count; row += 5) {
    const std::vector<float> copied(rows.row(row % 20).begin(), rows.row(row % 20).end());
    rows.push_back(copied);
  }
  return rows;
}

std::vector<Id> ids_of(std::span<const std::uint32_t> order) {
  std::vector<Id> ids;
  for (const std::uint32_t row : order) ids.push_back(Id{row} * 7919 % 1'000'003);
  return ids;
}

}  // namespace

TEST_SUITE("engine/make/input_order") {
  TEST_CASE("rows end up in one order, in whatever order they came, in memory and by buckets") {
    const Vectors rows = with_copies(ElementType::kU8, 5'000, 8);
    const auto count = static_cast<std::uint32_t>(rows.rows());
    Sorted first(rows, ascending(count), at_once(count));
    const std::vector<Id> expected = first.ids(rows);
    CHECK(std::is_permutation(expected.begin(), expected.end(), ascending(count).begin()));
    for (const auto& order : other_orders(count)) {
      for (const std::uint64_t together : {count, count - 1, 1'000U, 7U}) {
        CAPTURE(together);
        Sorted other(rows, order, at_once(together));
        CHECK(other.ids(rows) == expected);
        CHECK(other.hash == first.hash);
      }
    }
  }

  TEST_CASE("another seed gives another order; another id, vector or row another hash") {
    const Vectors rows = testing::clusters(ElementType::kU8, 100, 8);
    Sorted first(rows, ascending(100), at_once(100));
    SortOptions options = at_once(100);
    options.seed = 2;
    Sorted seeded(rows, ascending(100), options);
    CHECK(seeded.ids(rows) != first.ids(rows));

    Vectors changed = rows;
    changed.bytes[17] ^= std::byte{1};
    CHECK(Sorted(changed, ascending(100), at_once(100)).hash != first.hash);
    CHECK(Sorted(rows, ascending(99), at_once(100)).hash != first.hash);
    auto swapped = first.ids(rows);
    io::SimulatedDisk disk;
    Spill spill(disk.create_unnamed(".").value(), 8);
    for (Id id = 0; id < 100; ++id) REQUIRE(spill.append(id ^ 1, std::span(rows.bytes).subspan(id * 8, 8)));
    CHECK(*sort_rows(spill, disk, ".", at_once(100)) != first.hash);
  }

  TEST_CASE("no rows and one row are sorted as well") {
    const Vectors rows = testing::clusters(ElementType::kU8, 2, 8);
    CHECK(Sorted(rows, {}, at_once(0)).ids(rows).empty());
    CHECK(Sorted(rows, ascending(1), at_once(1)).ids(rows) == std::vector<Id>{0});
  }

  TEST_CASE("a disk that fails while rows are sorted is an error, and so is being told to stop") {
    const Vectors rows = testing::clusters(ElementType::kU8, 500, 8);
    for (const std::uint64_t call : {1U, 2U, 3U, 4U}) {
      CAPTURE(call);
      io::SimulatedDisk disk;
      Spill spill(disk.create_unnamed(".").value(), 8);
      for (Id id = 0; id < 500; ++id) REQUIRE(spill.append(id, std::span(rows.bytes).subspan(id * 8, 8)));
      disk.set_faults({.fail_call = disk.calls() + call, .error = EIO});
      const auto failed = sort_rows(spill, disk, ".", at_once(100));
      REQUIRE_FALSE(failed);
      CHECK(failed.error().code == Code::kIo);
    }
    io::SimulatedDisk disk;
    Spill spill(disk.create_unnamed(".").value(), 8);
    REQUIRE(spill.append(0, std::span(rows.bytes).first(8)));
    SortOptions options = at_once(100);
    options.progress = [](std::uint64_t) { return Error{.code = Code::kCancelled}; };
    CHECK(sort_rows(spill, disk, ".", options).error().code == Code::kCancelled);
  }

  TEST_CASE("the same records in any order give the same file to the byte, with 1 and 2 threads") {
    const Vectors rows = with_copies(ElementType::kF32, 2'000, 16);
    const auto count = static_cast<std::uint32_t>(rows.rows());
    for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
      CAPTURE(name(metric));
      const Schema schema{16, ElementType::kF32, metric};
      BuildOptions options = quick_build();
      options.calibrate = metric == Metric::kIp;
      const auto as_given = index_bytes(rows, schema, options, ids_of(ascending(count)));
      options.threads = 2;
      for (const auto& order : other_orders(count)) {
        CHECK(index_bytes(testing::in_order(rows, order), schema, options, ids_of(order)) == as_given);
      }
    }
  }

  TEST_CASE("where ids are row numbers, the graph is the same but for them") {
    const Vectors rows = with_copies(ElementType::kI8, 2'000, 24);
    const auto count = static_cast<std::uint32_t>(rows.rows());
    const Schema schema{24, ElementType::kI8, Metric::kCosine};
    const IndexWorld as_given(index_bytes(rows, schema));
    const auto list_of = [](const IndexWorld& world, std::uint32_t ordinal) {
      const GraphView& graph = world.graph();
      const Places::Place place = graph.places.of(ordinal);
      const std::byte* record =
          world.bytes().data() + graph.pages_at + std::size_t{place.page} * graph.shape.page_bytes + place.byte;
      std::vector<std::uint32_t> list(graph.shape.degree);
      list.resize(format::unpack_neighbors(graph.shape, record, list.data()));
      return list;
    };
    for (const auto& order : other_orders(count)) {
      const IndexWorld other(index_bytes(testing::in_order(rows, order), schema));
      REQUIRE(other.entries() == as_given.entries());
      bool same = true;
      for (std::uint32_t o = 0; o < count; ++o) same = same && list_of(other, o) == list_of(as_given, o);
      CHECK(same);
    }
  }
}

}  // namespace nearline::engine
