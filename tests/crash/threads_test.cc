// SPDX-License-Identifier: Apache-2.0
/// Promises 6 and 7 inside one process: a writer changes an index while threads search it, follow it and copy it. Built
/// with ThreadSanitizer too, where io_uring is left out: the sanitizer does not see what the kernel orders.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "engine/api/live_index.h"
#include "engine/make/index_maker.h"
#include "engine/write/index_writer.h"
#include "io/page_cache.h"
#include "tests/crash/agent/agent.h"
#include "tests/io/page_world.h"
#include "tests/io/temp_dir.h"
#include "tests/support/sanitizers.h"

namespace nearline::crash {
namespace {

#if defined(NEARLINE_TSAN)
constexpr IoMode kModes[] = {IoMode::kPread, IoMode::kMapped};
#else
constexpr IoMode kModes[] = {IoMode::kPread, IoMode::kMapped, IoMode::kDirect};
#endif
constexpr std::uint64_t kCommits = 60;
constexpr int kReaders = 4;

struct Run {
  std::atomic<bool> done{false};
  std::atomic<int> failures{0};
  std::atomic<std::uint64_t> checks{0};
  std::array<std::atomic<std::uint64_t>, kCommits + 1> hashes{};
};

void write(Run& shared, engine::IndexWriter& writer) {
  StepSource source(1);
  Model model;
  for (std::uint64_t state = 1; state <= kCommits; ++state) {
    const Kind commit = state % 3 == 0 ? Kind::kCommit : Kind::kRelaxed;
    Step step = source.draw(state % 10 == 0 ? Kind::kCompact : commit, model);
    step.added.erase(0);
    std::erase(step.erased, 0);
    step.replaced[0] = {static_cast<float>(state), 0, 0, 0};
    model = after(std::move(model), step);
    shared.hashes[state] = hash_of(model);
    Done done;
    if (!run(io::real_file_system(), writer, step, done)) ++shared.failures;
  }
  shared.done = true;
}

/// Two searches at once on one index, then a look at all of it, then the next commit.
void read(Run& shared, const std::filesystem::path& path, int number) {
  auto index = engine::LiveIndex::open(
      io::real_file_system(), path, {.io = kModes[static_cast<std::size_t>(number) % std::size(kModes)], .threads = 2});
  if (!index) return static_cast<void>(++shared.failures);
  const std::filesystem::path copy = path.string() + std::to_string(number);
  const std::vector<float> query(kDim, 500.0F);
  const auto search = [&] {
    const auto found = index->search({query.data(), 1, kDim}, {.k = 1, .l = 50});
    if (!found && index->info().count > 0) ++shared.failures;
  };
  while (!shared.done) {
    if (!index->refresh()) ++shared.failures;
    std::thread other(search);
    search();
    other.join();
    const auto held = contents(index.value());
    if (!held || shared.hashes[state_of(held.value())] != hash_of(held.value())) ++shared.failures;
    if (shared.checks++ % 8 == 0 && !index->snapshot(copy, true)) ++shared.failures;
  }
}

}  // namespace

TEST_SUITE("crash/threads") {
  TEST_CASE("readers see whole commits, one at a time, while a writer goes on") {
    const io::TempDir folder;
    const std::filesystem::path path = folder / kIndex;
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(path.parent_path());  // steps name the index alone
    create_index(io::real_file_system());
    Run shared;
    shared.hashes[0] = hash_of({});
    auto writer = open_writer(io::real_file_system(), true, engine::MergeThread::kOwn);
    REQUIRE(writer);
    CHECK(engine::IndexWriter::open(io::real_file_system(), kIndex).error().code == Code::kBusy);
    std::vector<std::thread> readers;
    for (int number = 0; number < kReaders; ++number) {
      readers.emplace_back([&shared, &path, number] { read(shared, path, number); });
    }
    write(shared, writer.value());
    for (std::thread& reader : readers) reader.join();
    std::filesystem::current_path(before);
    CHECK(shared.failures == 0);
    MESSAGE(shared.checks.load(), " checks of ", kCommits, " commits");
  }

  TEST_CASE("an index is refreshed while threads search it: each search answers from one commit, whole") {
    for (const IoMode mode : kModes) {
      CAPTURE(name(mode));
      const io::TempDir folder;
      const std::filesystem::path path = folder / kIndex;
      const Schema schema{.dim = kDim, .type = ElementType::kF32, .metric = Metric::kL2};
      auto builder = engine::IndexMaker::create(io::real_file_system(), path, schema, {.degree = 8, .l_build = 16});
      // The commit of number s holds 64 copies of the vector (s, 0, 0, 0), so answers of two commits would differ.
      std::vector<float> rows(64 * kDim);
      const auto fill = [&](std::uint64_t state) {
        for (std::size_t i = 0; i < 64; ++i) rows[i * kDim] = static_cast<float>(state);
      };
      std::vector<Id> ids(64);
      std::iota(ids.begin(), ids.end(), Id{0});
      fill(0);
      REQUIRE(builder);
      REQUIRE(builder->add({rows.data(), 64, kDim}, ids));
      REQUIRE(builder->finish());
      auto opened = engine::LiveIndex::open(io::real_file_system(), path, {.io = mode, .threads = 4});
      REQUIRE(opened);
      engine::LiveIndex& index = *opened;
      std::atomic<bool> done{false};
      std::atomic<int> failures{0};
      std::atomic<std::uint64_t> searches{0}, refreshes{0};
      const std::vector<float> query(kDim, 0.0F);
      const auto search = [&] {
        float last = 0;
        for (; !done; ++searches) {
          const auto found = index.search({query.data(), 1, kDim}, {.k = 10, .l = 64});
          const bool whole = found && found->counts[0] == 10 && found->distances[0] == found->distances[9];
          if (!whole || found->distances[0] < last || index.info().count != 64) ++failures;
          if (found) last = found->distances[0];
        }
      };
      std::vector<std::thread> readers;
      for (int i = 0; i < kReaders; ++i) readers.emplace_back(search);
      const auto refresh = [&] {
        while (!done) {
          const auto moved = index.refresh();
          if (!moved) ++failures;
          if (moved && *moved) ++refreshes;
        }
      };
      readers.emplace_back(refresh);
      readers.emplace_back(refresh);  // two at once, and they take turns
      auto writer = engine::IndexWriter::open(io::real_file_system(), path, {.delta_records = 16, .threads = 1});
      REQUIRE(writer);
      for (std::uint64_t state = 1; state <= kCommits; ++state) {
        fill(state);
        REQUIRE(writer->upsert({rows.data(), 64, kDim}, ids));
        REQUIRE(writer->commit(state % 3 == 0 ? Durability::kDurable : Durability::kRelaxed));
      }
      done = true;
      for (std::thread& reader : readers) reader.join();
      CHECK(failures == 0);
      CHECK(refreshes > 1);
      CHECK(searches > kCommits);
    }
  }

  TEST_CASE("a merge runs beside commits and readers that follow them: nothing of it is seen but what it leaves") {
    const io::TempDir folder;
    const std::filesystem::path path = folder / kIndex;
    const Schema schema{.dim = kDim, .type = ElementType::kF32, .metric = Metric::kL2};
    REQUIRE(engine::IndexMaker::create(io::real_file_system(), path, schema, {.degree = 8, .l_build = 16})->finish());
    WriterOptions options = small_writer();
    options.background_merges = true;
    auto writer = engine::IndexWriter::open(io::real_file_system(), path, options);
    REQUIRE(writer);
    // Each commit adds so many records, and replaces one that is there.
    constexpr std::size_t kEach = 12;
    std::atomic<bool> done{false};
    std::atomic<int> failures{0};
    const auto follow = [&](IoMode mode) {
      auto index = engine::LiveIndex::open(io::real_file_system(), path, {.io = mode, .threads = 1});
      const std::vector<float> query(kDim, 0.0F);
      while (!done) {
        if (!index || !index->refresh()) ++failures;
        const auto found = index->search({query.data(), 1, kDim}, {.k = 5, .l = 64});
        const auto held = contents(*index);
        if (!found || !held || held->size() % kEach != 0) ++failures;
      }
    };
    std::vector<std::thread> readers;
    for (const IoMode mode : kModes) readers.emplace_back(follow, mode);
    std::uint64_t adopted = 0;
    Model model;
    for (std::uint64_t state = 0; state < 6 * kCommits; ++state) {
      Model rows;
      for (Id id = 0; id < kEach; ++id)
        rows[state * kEach + id] = {static_cast<float>(state), 1, static_cast<float>(id), 2};
      if (state > 3) rows[state * kEach / 2] = {0, 0, static_cast<float>(state), 1};
      std::vector<Id> ids;
      std::vector<float> values;
      for (const auto& [id, row] : rows) {
        ids.push_back(id);
        values.insert(values.end(), row.begin(), row.end());
        model[id] = row;
      }
      REQUIRE(writer->upsert({values.data(), ids.size(), kDim}, ids));
      const auto report = writer->commit(state % 4 == 0 ? Durability::kDurable : Durability::kRelaxed);
      REQUIRE(report);
      if (report->merged_records > 2 * 24) ++adopted;
    }
    REQUIRE(writer->wait_for_merges());
    done = true;
    for (std::thread& reader : readers) reader.join();
    CHECK(failures == 0);
    CHECK(adopted > 0);
    const auto index = engine::LiveIndex::open(io::real_file_system(), path);
    CHECK(contents(*index).value() == model);
  }

  TEST_CASE("threads share a page cache that holds few of the pages, also while it shrinks") {
    constexpr std::uint32_t kPages = 200, kFrames = 120, kPins = io::PageWorld::kMaxBatch;
    io::PageWorld world(kPages);
    for (const auto& each : world.sources()) {
      if (std::find(std::begin(kModes), std::end(kModes), each.source->mode()) == std::end(kModes) &&
          each.name != "simulated")
        continue;
      if (each.source->mode() == IoMode::kMapped) continue;
      CAPTURE(each.name);
      const auto cache = each.source->cache(io::least_cache_bytes(4096, kFrames), kPins).value();
      std::atomic<int> failures{0};
      const auto look = [&](std::uint32_t seed) {
        auto reader = each.source->reader(cache, kPins).value();
        std::mt19937 random(seed);
        io::PageBatch batch;
        for (int round = 0; round < 500; ++round) {
          std::vector<io::PageId> wanted(1 + random() % kPins);
          for (auto& page : wanted) page = static_cast<io::PageId>(random() % (random() % 2 == 0 ? 20 : kPages));
          if (round % 7 == 0) {  // given up
            batch.wanted = wanted;
            reader->begin(batch);
            reader->release(batch);
          }
          if (!io::PageWorld::read(*reader, batch, wanted)) ++failures;
          for (std::size_t i = 0; i < wanted.size(); ++i) {
            std::uint32_t words[1024];
            std::memcpy(words, batch.pages[i], sizeof words);
            if (words[0] != wanted[i]) ++failures;
          }
          if (round % 50 == 49) {
            reader->release(batch);
            reader->limit_pins(kPins);
          }
        }
        reader->release(batch);
      };
      std::vector<std::thread> readers;
      for (std::uint32_t i = 0; i < kReaders; ++i) readers.emplace_back(look, i);
      for (std::uint32_t frames = kFrames; frames >= kReaders * kPins; frames -= 11) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        cache->shrink(0, frames);
      }
      for (std::thread& reader : readers) reader.join();
      CHECK(failures == 0);
    }
  }
}

}  // namespace nearline::crash
