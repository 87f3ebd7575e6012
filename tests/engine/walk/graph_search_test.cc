// SPDX-License-Identifier: Apache-2.0
#include "engine/walk/graph_search.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/walk/record_scan.h"
#include "tests/engine/query/index_world.h"
#include "tests/support/allocations.h"
#include "tests/support/restamp.h"

namespace nearline::engine {
namespace {

using testing::Vectors;

struct Answer {
  std::vector<Hit> hits;
  QueryStats stats;

  friend bool operator==(const Answer& a, const Answer& b) {
    return a.stats.hops == b.stats.hops && a.stats.distance_computations == b.stats.distance_computations &&
           std::equal(a.hits.begin(), a.hits.end(), b.hits.begin(), b.hits.end(),
                      [](const Hit& x, const Hit& y) { return x.id == y.id && x.distance == y.distance; });
  }
};

SearchTask start(const GraphView& graph, const MatrixView& queries, std::size_t q, const WalkOptions& options,
                 io::PageReader& reader, Scratch& scratch, const Admission& admission = {}) {
  scratch.stats = {};
  scratch.query.resize(graph.space.query_bytes());
  const Query query = graph.space.query(queries.row(q), queries.type, scratch.query.data());
  return search_graph(scratch.frame, call_of(graph, query, options, reader, scratch, nullptr, admission));
}

std::vector<Answer> answers(const GraphView& graph, io::PageSource& source, std::uint64_t cache_bytes,
                            const Vectors& queries, const WalkOptions& options, std::size_t at_once,
                            const Admission& admission = {}) {
  const auto reader = source.reader(cache_bytes, kMaxBatch).value();
  std::vector<Answer> all(queries.rows());
  run_walks(
      *reader, queries.rows(), at_once,
      [&](std::size_t q, Scratch& scratch) {
        return start(graph, queries.view(), q, options, *reader, scratch, admission);
      },
      [&](std::size_t q, const Scratch& scratch, Result<void>& outcome) {
        REQUIRE(outcome);
        const auto hits = scratch.answers.hits();
        all[q] = {{hits.begin(), hits.end()}, scratch.stats};
      });
  return all;
}

/// The place in the file of a record's list.
std::uint64_t list_at(const IndexWorld& world, std::uint32_t ordinal) {
  const format::PageShape& shape = world.graph().shape;
  return world.graph().pages_at + std::uint64_t{ordinal / shape.slots} * shape.page_bytes +
         shape.place_of(format::Ordinal{ordinal}) + shape.degree_place();
}

}  // namespace

TEST_SUITE("engine/walk/graph_search") {
  TEST_CASE("with L as large as the index, the answers are those of brute force, for every metric and type") {
    for (const auto& kind : testing::all_kinds()) {
      const auto& metric = kind.metric;
      const auto& type = kind.type;
      CAPTURE(name(metric));
      CAPTURE(name(type));
      const Vectors base = testing::clusters(type, 300, 20);
      const Vectors queries = testing::clusters(type, 20, 20, 2);
      IndexWorld world(index_bytes(base, {20, type, metric}));
      const auto source = world.simulated();
      const auto found = answers(world.graph(), *source, world.least_cache(), queries, {.l = 300, .k = 10}, 1);
      for (std::size_t q = 0; q < queries.rows(); ++q) {
        const auto expected = testing::nearest(base, queries.row(q), metric, 10);
        REQUIRE(found[q].hits.size() == 10);
        for (std::size_t i = 0; i < 10; ++i) {
          REQUIRE(found[q].hits[i].distance == doctest::Approx(expected[i].distance).epsilon(1e-5));
          // Rounding may swap what is nearly equal; whole numbers under l2 and hamming are exact, ties by id included.
          if (metric == Metric::kL2 || metric == Metric::kHamming) REQUIRE(found[q].hits[i].id == expected[i].row);
        }
      }
    }
  }

  TEST_CASE("mapped, pread, direct and simulated pages give the same answers, one walk at a time or many") {
    const Vectors base = testing::clusters(ElementType::kU8, 1500, 32);
    const Vectors queries = testing::clusters(ElementType::kU8, 60, 32, 2);
    IndexWorld world(index_bytes(base, {32, ElementType::kU8, Metric::kL2}));
    for (const std::uint32_t beam_width : {1U, 4U, kMaxBatch}) {
      CAPTURE(beam_width);
      const WalkOptions options{.l = 30, .beam_width = beam_width, .k = 10};
      const auto expected = answers(world.graph(), *world.simulated(), 8U << 20, queries, options, 1);
      for (const std::uint64_t seed : {1U, 2U, 3U}) {
        for (const auto& each : world.sources(seed)) {
          const auto& name = each.name;
          const auto& source = each.source;
          CAPTURE(name);
          CHECK(answers(world.graph(), *source, 8U << 20, queries, options, 16) == expected);
          CHECK(answers(world.graph(), *source, world.least_cache(), queries, options, 1) == expected);
          // Room for one batch and many walks: they wait for each other's pages.
          CHECK(answers(world.graph(), *source, world.least_cache(), queries, options, 9) == expected);
        }
      }
    }
  }

  TEST_CASE("a stop rule ends walks sooner, and changes nothing where what is left is within it") {
    const Vectors base = testing::clusters(ElementType::kF32, 1'500, 24);
    const Vectors queries = testing::clusters(ElementType::kF32, 40, 24, 2);
    IndexWorld world(index_bytes(base, {24, ElementType::kF32, Metric::kL2}));
    const auto run = [&](float slack) {
      WalkOptions options{.l = 100, .beam_width = 1, .k = 10};
      options.stop.slack = slack;
      return answers(world.graph(), *world.simulated(), 8U << 20, queries, options, 1);
    };
    const auto full = run(StopRule::kNever), wide = run(1e6F), narrow = run(0.05F), narrower = run(0);
    CHECK(wide == full);
    std::uint32_t hops = 0, narrow_hops = 0;
    for (std::size_t q = 0; q < queries.rows(); ++q) {
      CHECK(narrower[q].stats.hops <= narrow[q].stats.hops);
      CHECK(narrow[q].stats.hops <= full[q].stats.hops);
      CHECK(narrow[q].hits.size() == 10);
      hops += full[q].stats.hops;
      narrow_hops += narrow[q].stats.hops;
    }
    CHECK(narrow_hops < hops * 2 / 3);
  }

  TEST_CASE("a hidden record is the only one that no walk answers") {
    const Vectors base = testing::clusters(ElementType::kU8, 300, 20);
    const Vectors queries = testing::clusters(ElementType::kU8, 5, 20, 2);
    IndexWorld world(index_bytes(base, {20, ElementType::kU8, Metric::kL2}));
    for (const std::uint32_t hidden : {0U, 137U, 299U}) {
      CAPTURE(hidden);
      const WalkOptions options{.l = 300, .k = 300};
      const auto all = answers(world.graph(), *world.simulated(), 8U << 20, queries, options, 1);
      const Admission without(RecordSet(), hidden);
      const auto rest = answers(world.graph(), *world.simulated(), 8U << 20, queries, options, 1, without);
      std::vector<Id> missing;
      for (std::size_t q = 0; q < queries.rows(); ++q) {
        REQUIRE(all[q].hits.size() == 300);
        REQUIRE(rest[q].hits.size() == 299);
        const auto differ = std::mismatch(rest[q].hits.begin(), rest[q].hits.end(), all[q].hits.begin(),
                                          [](const Hit& a, const Hit& b) { return a.id == b.id; });
        missing.push_back(differ.second->id);
      }
      CHECK(std::count(missing.begin(), missing.end(), missing[0]) == 5);
    }
  }

  TEST_CASE("an exact search compares with every record, and agrees with brute force") {
    const Vectors base = testing::clusters(ElementType::kI8, 777, 10);
    const Vectors queries = testing::clusters(ElementType::kI8, 10, 10, 2);
    IndexWorld world(index_bytes(base, {10, ElementType::kI8, Metric::kL2}));
    for (const auto& each : world.sources()) {
      const auto& name = each.name;
      const auto& source = each.source;
      CAPTURE(name);
      const auto reader = source->reader(world.least_cache(), kMaxBatch).value();
      for (const std::uint32_t k : {1U, 10U, 777U}) {
        run_walks(
            *reader, queries.rows(), 3,
            [&](std::size_t q, Scratch& scratch) {
              scratch.stats = {};
              scratch.query.resize(world.graph().space.query_bytes());
              const Query query = world.graph().space.query(queries.view().row(q), queries.type, scratch.query.data());
              return scan_records(scratch.frame, call_of(world.graph(), query, {.k = k}, *reader, scratch));
            },
            [&](std::size_t q, const Scratch& scratch, Result<void>& outcome) {
              REQUIRE(outcome);
              const auto expected = testing::nearest(base, queries.row(q), Metric::kL2, k);
              REQUIRE(scratch.answers.hits().size() == k);
              CHECK(scratch.stats.distance_computations == 777);
              for (std::size_t i = 0; i < k; ++i) REQUIRE(scratch.answers.hits()[i].id == expected[i].row);
            });
      }
    }
  }

  TEST_CASE("a walk visits no record twice, and its statistics say what it did") {
    const Vectors base = testing::clusters(ElementType::kU8, 600, 8);
    IndexWorld world(index_bytes(base, {8, ElementType::kU8, Metric::kL2}));
    const auto source = world.simulated();
    const auto found = answers(world.graph(), *source, world.least_cache(), base, {.l = 600, .k = 1}, 1);
    for (std::size_t q = 0; q < base.rows(); ++q) {
      CHECK(found[q].hits[0].distance == 0);
      CHECK(found[q].stats.hops == 600);  // every record is reachable, and none was left out or looked at again
      CHECK(found[q].stats.distance_computations == 600);
    }
  }

  TEST_CASE("a page that fails its checksum ends the walks that meet it with the place, and others go on") {
    const Vectors base = testing::clusters(ElementType::kU8, 8000, 32);
    const Vectors queries = testing::queries_for(ElementType::kU8, 8000, 32, 60);
    auto bytes = index_bytes(base, {32, ElementType::kU8, Metric::kL2});
    IndexWorld good(bytes);
    const GraphView& graph = good.graph();
    // A page that some walk needs and holds no entry point, which every walk reads.
    std::uint32_t page = 0;
    const auto holds_entry = [&](std::uint32_t entry) { return graph.places.of(entry).page == page; };
    const auto sources = good.sources();
    const auto reader_of_good = sources.front().source->reader(8U << 20, kMaxBatch).value();
    run_walks(
        *reader_of_good, queries.rows(), 1,
        [&](std::size_t q, Scratch& scratch) {
          return start(graph, queries.view(), q, {.l = 6, .k = 5}, *reader_of_good, scratch);
        },
        [&](std::size_t, const Scratch& scratch, Result<void>&) {
          if (page == 0 || std::any_of(graph.entries.begin(), graph.entries.end(), holds_entry)) {
            page = graph.places.of(scratch.candidates[0].ordinal).page;
          }
        });
    const std::uint64_t bad_at = graph.pages_at + page * std::uint64_t{graph.shape.page_bytes};
    bytes[bad_at + 100] ^= std::byte{1};
    IndexWorld world(bytes);
    for (const auto& each : world.sources()) {
      const auto& name = each.name;
      const auto& source = each.source;
      CAPTURE(name);
      const auto reader = source->reader(8U << 20, kMaxBatch).value();
      std::size_t refused = 0;
      run_walks(
          *reader, queries.rows(), 8,
          [&](std::size_t q, Scratch& scratch) {
            return start(world.graph(), queries.view(), q, {.l = 6, .k = 5}, *reader, scratch);
          },
          [&](std::size_t, const Scratch& scratch, Result<void>& outcome) {
            if (outcome) {
              CHECK(scratch.answers.hits().size() == 5);
              return;
            }
            ++refused;
            CHECK(outcome.error().code == Code::kCorrupt);
            CHECK(outcome.error().at == bad_at);
          });
      CHECK(refused > 0);
      CHECK(refused < queries.rows());
    }
  }

  TEST_CASE("a neighbour that does not exist is an error, though every checksum holds") {
    const Vectors base = testing::clusters(ElementType::kU8, 600, 8);
    const Schema schema{8, ElementType::kU8, Metric::kL2};
    auto bytes = index_bytes(base, schema);
    IndexWorld good(bytes);
    REQUIRE(good.graph().count == 600);
    REQUIRE(good.graph().shape.neighbor_bits == 10);  // ordinals up to 1023 can be written
    const std::uint32_t victim = good.entries()[0];
    for (std::size_t i = 0; i < 2; ++i) bytes[list_at(good, victim) + 2 + i] = std::byte{0xFF};
    testing::restamp_sections(bytes);
    IndexWorld world(bytes);
    for (const auto& each : world.sources()) {
      const auto& name = each.name;
      const auto& source = each.source;
      CAPTURE(name);
      const auto reader = source->reader(world.least_cache(), kMaxBatch).value();
      Scratch scratch;
      const auto task = start(world.graph(), base.view(), 0, {.l = 600, .k = 5}, *reader, scratch);
      while (!task.done()) reader->poll();
      REQUIRE_FALSE(task.outcome());
      CHECK(task.outcome().error().code == Code::kCorrupt);
      CHECK(task.outcome().error().what.find("neighbour 1023") != std::string::npos);
      CHECK(task.outcome().error().at ==
            world.graph().pages_at + victim / world.graph().shape.slots * world.graph().shape.page_bytes);
      reader->release(scratch.batch);
    }
  }

  TEST_CASE("a stored degree above the bound reads no further than the list's room") {
    const Vectors base = testing::clusters(ElementType::kU8, 600, 8);
    auto bytes = index_bytes(base, {8, ElementType::kU8, Metric::kL2});
    IndexWorld good(bytes);
    for (std::uint32_t o = 0; o < 600; ++o) bytes[list_at(good, o)] = bytes[list_at(good, o) + 1] = std::byte{0xFF};
    testing::restamp_sections(bytes);
    IndexWorld world(bytes);
    const auto source = world.simulated();
    for (const Answer& answer : answers(world.graph(), *source, world.least_cache(), base, {.l = 50, .k = 5}, 1)) {
      CHECK(answer.hits.size() == 5);
    }
  }

  TEST_CASE("stored components that are not numbers come last, and no answer is out of order") {
    const Vectors base = testing::clusters(ElementType::kF32, 600, 4);
    for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
      CAPTURE(name(metric));
      auto bytes = index_bytes(base, {4, ElementType::kF32, metric});
      IndexWorld good(bytes);
      const float values[] = {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::quiet_NaN(),
                              std::numeric_limits<float>::infinity()};
      for (std::uint32_t o = 0; o < 600; o += 2) {
        std::memcpy(bytes.data() + list_at(good, o) - good.graph().shape.degree_place(), &values[o / 2 % 3], 4);
      }
      testing::restamp_sections(bytes);
      IndexWorld world(bytes);
      const auto source = world.simulated();
      for (const Answer& answer : answers(world.graph(), *source, world.least_cache(), base, {.l = 600, .k = 600}, 1)) {
        REQUIRE(answer.hits.size() == 600);
        for (std::size_t i = 0; i < 600; ++i) {
          REQUIRE_FALSE(std::isnan(answer.hits[i].distance));
          if (i > 0) REQUIRE(answer.hits[i - 1].distance <= answer.hits[i].distance);
        }
      }
    }
  }

  TEST_CASE("a walk that has run before allocates nothing") {
    const Vectors base = testing::clusters(ElementType::kU8, 1500, 32);
    IndexWorld world(index_bytes(base, {32, ElementType::kU8, Metric::kL2}));
    const auto sources = world.sources();
    for (const auto& each : sources) {
      const auto& name = each.name;
      const auto& source = each.source;
      CAPTURE(name);
      const auto reader = source->reader(8U << 20, kMaxBatch).value();
      Scratch scratch;
      const auto walk_all = [&] {
        for (std::size_t q = 0; q < 200; ++q) {
          const auto task = start(world.graph(), base.view(), q, {.l = 50, .k = 10}, *reader, scratch);
          while (!task.done()) reader->poll();
          reader->release(scratch.batch);
        }
      };
      walk_all();
      const std::uint64_t before = testing::allocations();
      walk_all();
      CHECK(testing::allocations() == before);
    }
  }
}

}  // namespace nearline::engine
