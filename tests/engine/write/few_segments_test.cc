// SPDX-License-Identifier: Apache-2.0
/// However small commits are, what they leave behind can be opened by everyone.
#include "tests/engine/write/writer_world.h"
#include "tests/support/long_form.h"

namespace nearline {
namespace {

using testing::check_holds;
using testing::findings;
using testing::small_writer;
using testing::WriterWorld;

constexpr std::uint32_t kMostSegments = 5;

/// One record more, another vector for one, or one less.
void change_one(WriterWorld& world, engine::IndexWriter& writer, Id& next) {
  const std::uint64_t draw = world.draw() % 8;
  const auto any = world.model.lower_bound(next == 0 ? 0 : world.draw() % next);
  if (draw < 5 || any == world.model.end()) {
    world.put(writer, next++, 1);
  } else if (draw < 7) {
    world.put(writer, std::vector<Id>{any->first}, true);
  } else {
    world.erase(writer, std::vector<Id>{any->first});
  }
}

/// Opens with what each command takes unless it is told otherwise.
void check_opens(WriterWorld& world) {
  for (const IoMode io : {IoMode::kMapped, IoMode::kPread}) {
    const auto index = engine::LiveIndex::open(world.disk, "index", {.io = io});
    REQUIRE_MESSAGE(index, (index ? std::string() : index.error().message()));
  }
}

}  // namespace

TEST_SUITE("engine/write/few_segments") {
  TEST_CASE("ten thousand commits of one record, under 20 MiB, beside a reader of 16 that follows each") {
    const int commits = testing::long_form() ? 10'000 : 1'500;
    WriterWorld world;
    WriterOptions options{.memory_bytes = 20U << 20, .background_merges = false, .threads = 1};
    if (!testing::long_form()) options.delta_records = 24;
    auto writer = engine::IndexWriter::open(world.disk, "index", options).value();
    auto reader = engine::LiveIndex::open(world.disk, "index", {.memory_bytes = 16U << 20, .threads = 1}).value();
    Id next = 0;
    std::uint32_t most = 0;
    for (int i = 0; i < commits; ++i) {
      CAPTURE(i);
      change_one(world, writer, next);
      const auto report = writer.commit(i % 16 == 0 ? Durability::kDurable : Durability::kRelaxed);
      REQUIRE_MESSAGE(report, (report ? std::string() : report.error().message()));
      most = std::max(most, report.value().segments);
      const auto seen = reader.refresh();
      REQUIRE_MESSAGE(seen, (seen ? std::string() : seen.error().message()));
      REQUIRE(reader.info().count == world.model.size());
    }
    CHECK(most <= kMostSegments);
    REQUIRE(writer.commit());
    check_opens(world);
    check_holds(world.disk, "index", world.model);
    CHECK(findings(world.disk, "index") == "");
  }

  TEST_CASE("one record a commit, of which none or one may stay without a graph") {
    for (const std::uint32_t delta : {0U, 1U}) {
      CAPTURE(delta);
      WriterWorld world;
      WriterOptions options = small_writer();
      options.delta_records = delta;
      auto writer = engine::IndexWriter::open(world.disk, "index", options).value();
      Id next = 0;
      for (int i = 0; i < 60; ++i) {
        CAPTURE(i);
        change_one(world, writer, next);
        REQUIRE(writer.commit().value().segments <= kMostSegments);
      }
      check_holds(world.disk, "index", world.model);
      CHECK(findings(world.disk, "index") == "");
    }
  }

  TEST_CASE("where commits do not merge they do once the index would not open any more") {
    WriterWorld world;
    const WriterOptions options{.memory_bytes = 12U << 20, .delta_records = 1, .merge = false, .threads = 1};
    std::uint32_t most = 0;
    for (Id first = 0; first < 120; first += 30) {  // each writer opens what the one before left
      auto writer = engine::IndexWriter::open(world.disk, "index", options).value();
      for (Id id = first; id < first + 30; ++id) {
        CAPTURE(id);
        world.put(writer, id, 1);
        const auto report = writer.commit(Durability::kRelaxed);
        REQUIRE_MESSAGE(report, (report ? std::string() : report.error().message()));
        most = std::max(most, report.value().segments);
      }
    }
    CHECK(most > kMostSegments);
    CHECK(most < 50);  // of two records each they would be 60
    check_opens(world);
    check_holds(world.disk, "index", world.model);
  }

  TEST_CASE("an index that a writer's memory does not open names the memory that does") {
    WriterWorld world;
    WriterOptions options = small_writer();
    options.delta_records = 1;
    options.merge = false;
    {
      auto writer = engine::IndexWriter::open(world.disk, "index", options).value();
      for (Id id = 0; id < 60; ++id) {
        world.put(writer, id, 1);
        REQUIRE(writer.commit(Durability::kRelaxed));
      }
    }
    const auto refused = engine::IndexWriter::open(world.disk, "index", {.memory_bytes = 4U << 20, .threads = 1});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kOverBudget);
    const std::string& what = refused.error().what;
    CHECK(what.find("a memory bound of 4194304 bytes") != std::string::npos);
    const std::uint64_t needed = std::stoull(what.substr(what.rfind(' ') + 1));
    CHECK(engine::IndexWriter::open(world.disk, "index", {.memory_bytes = needed - 8, .threads = 1}).error().code ==
          Code::kOverBudget);
    CHECK(engine::IndexWriter::open(world.disk, "index", {.memory_bytes = needed, .threads = 1}));
  }
}

}  // namespace nearline
