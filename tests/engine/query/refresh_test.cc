// SPDX-License-Identifier: Apache-2.0
/// A reader that follows a writer: what stays in a commit stays warm, what is gone is let go.
#include <new>

#include "engine/api/live_index.h"
#include "engine/write/index_writer.h"
#include "nearline/writer.h"
#include "tests/engine/write/writer_world.h"
#include "tests/support/allocations.h"
#include "tests/support/long_form.h"

namespace nearline {
namespace {

using testing::contents;
using testing::Model;
using testing::WriterWorld;

constexpr std::size_t kLarge = 3'000;
constexpr std::uint64_t kMemory = 8U << 20;

/// A large segment, and a writer that keeps new records in a flat one.
struct World : WriterWorld {
  World()
      : writer(
            engine::IndexWriter::open(disk, "index", {.delta_records = 1'000, .background_merges = false, .threads = 1})
                .value()) {
    put(writer, 0, kLarge);
    commit();
  }
  void commit() {
    const auto done = writer.commit();
    REQUIRE_MESSAGE(done, (done ? std::string() : done.error().message()));
  }
  engine::IndexWriter writer;
};

engine::LiveIndex open(World& world) {
  const OpenOptions options{.io = IoMode::kPread, .memory_bytes = kMemory, .threads = 1};
  auto index = engine::LiveIndex::open(world.disk, "index", options);
  REQUIRE_MESSAGE(index, (index ? std::string() : index.error().message()));
  return std::move(index).value();
}

/// Pages that searches for some records read.
std::uint64_t reads(const engine::LiveIndex& index, const Model& model) {
  std::uint64_t sum = 0;
  int left = 200;
  for (const auto& [id, row] : model) {
    if (left-- == 0) break;
    const auto found = index.search({row.data(), 1, testing::kDim}, {.k = 1, .l = 20});
    REQUIRE_MESSAGE(found, (found ? std::string() : found.error().message()));
    CHECK(found->ids[0] == id);
    sum += found->stats[0].page_reads;
  }
  return sum;
}

struct Attempt {
  bool reached = false;  ///< something went wrong
  bool done = false;     ///< the refresh went well, as it may where it can do without
};

/// Refreshes while the first, the second, ... thing that can go wrong does, every step-th of them. fails: tries one,
/// and says what came of it. Returns the first that was not reached.
template <class Fails>
std::uint64_t refresh_without(Fails fails, std::uint64_t step = 1) {
  World world;
  engine::LiveIndex index = open(world);
  for (std::uint64_t k = 1;; k += step) {
    CAPTURE(k);
    REQUIRE(k < 2'000);
    const Model before = contents(index);
    world.put(world.writer, world.some_ids(20), true);
    world.commit();
    const Attempt attempt = fails(world, index, k);
    REQUIRE((attempt.reached || attempt.done));
    if (!attempt.done) {
      CHECK(contents(index) == before);
      for (int round = 0; round < 3; ++round) {  // long enough for its space to be wanted
        world.put(world.writer, world.some_ids(200), true);
        world.commit();
      }
      REQUIRE(contents(index) == before);
      CHECK(index.refresh().value());
    }
    CHECK(contents(index) == world.model);
    if (!attempt.reached) return k;
  }
}

}  // namespace

TEST_SUITE("engine/query/refresh") {
  TEST_CASE("pages that were read of a segment that stays are not read again after a refresh") {
    World world;
    engine::LiveIndex index = open(world);  // a segment that has all memory; the first refresh leaves it less
    REQUIRE(reads(index, world.model) > 20);
    Id next = kLarge;
    for (int round = 0; round < 5; ++round, next += 10) {
      world.put(world.writer, next, 10);
      world.erase(world.writer, std::vector<Id>{next / 2});
      world.commit();
      REQUIRE(index.refresh().value());
      CHECK(reads(index, world.model) <= 4);
      CHECK(contents(index) == world.model);
      CHECK(index.memory_usage().total() <= kMemory);
    }
    CHECK(index.info().deleted == 5);
  }

  TEST_CASE("a reader that refreshes holds one commit, so that space is written again as if it were not there") {
    std::uint64_t bytes[2];
    for (const bool watched : {false, true}) {
      World world;
      engine::LiveIndex index = open(world);
      for (int round = 0; round < 40; ++round) {
        world.put(world.writer, world.some_ids(300), true);
        world.commit();
        if (watched) CHECK(index.refresh().value());
        if (!watched) index = open(world);
      }
      CHECK(contents(index) == world.model);
      bytes[watched ? 1 : 0] = index.info().file_bytes;
    }
    CHECK(bytes[1] == bytes[0]);
  }

  TEST_CASE("the commit that a reader held before a refresh is still held by others") {
    World world;
    const engine::LiveIndex held = open(world);
    const Model before = world.model;
    engine::LiveIndex index = open(world);
    for (int round = 0; round < 20; ++round) {
      world.put(world.writer, world.some_ids(300), true);
      world.commit();
      CHECK(index.refresh().value());
      REQUIRE(contents(held) == before);
    }
    CHECK(contents(index) == world.model);
  }

  TEST_CASE("whichever call of a refresh fails, the index is as before, holds its commit, and refreshes later") {
    const std::uint64_t calls = refresh_without([](World& world, engine::LiveIndex& index, std::uint64_t call) {
      const std::uint64_t failing = world.disk.calls() + call;
      world.disk.set_faults({.fail_call = failing});
      const bool done = index.refresh().has_value();
      world.disk.set_faults({});
      return Attempt{world.disk.calls() >= failing, done};
    });
    CHECK(calls > 3);
  }

  TEST_CASE("whichever allocation of a refresh fails, once or for ever: the same") {
    for (const bool for_ever : {false, true}) {
      const std::uint64_t allocations = refresh_without(
          [&](World&, engine::LiveIndex& index, std::uint64_t k) {
            bool done = false;
            testing::fail_allocation(k, for_ever);
            try {
              done = index.refresh().has_value();
            } catch (const std::bad_alloc&) {
            }
            return Attempt{testing::allow_allocations(), done};
          },
          testing::kSanitized    ? 5
          : testing::long_form() ? 1
                                 : 3);
      CHECK(allocations > 20);
    }
  }

  TEST_CASE("a file that was put in the index's place is opened anew") {
    World world;
    engine::LiveIndex index = open(world);
    REQUIRE(world.writer.compact_to("index", true));
    CHECK(index.refresh().value());
    CHECK(contents(index) == world.model);
    auto writer = engine::IndexWriter::open(world.disk, "index", {.background_merges = false, .threads = 1});
    REQUIRE(writer);
    world.put(writer.value(), kLarge, 5);
    REQUIRE(writer->commit());
    CHECK(index.refresh().value());
    CHECK(contents(index) == world.model);
  }
}

}  // namespace nearline
