// SPDX-License-Identifier: Apache-2.0
/// Waiting, failing and giving up, by the simulated queue: the ring shares all of it.
#include "io/queued_pages.h"

#include <doctest/doctest.h>

#include <array>
#include <cerrno>

#include "tests/io/page_world.h"

namespace nearline::io {
namespace {

struct Outcome {
  std::uint32_t good = 0;
  std::uint32_t wrong = 0;
  std::vector<Error> errors;
};

Walk read_each(const PageWorld& world, PageReader& reader, std::vector<std::vector<PageId>> rounds, Outcome& outcome) {
  PageBatch batch;
  for (auto& wanted : rounds) {
    batch.wanted = std::move(wanted);
    auto got = co_await reader.read(batch);
    if (!got) {
      outcome.errors.push_back(std::move(got).error());
      continue;
    }
    for (std::size_t i = 0; i < batch.wanted.size(); ++i) {
      ++(world.is_page(batch.wanted[i], batch.pages[i]) ? outcome.good : outcome.wrong);
    }
  }
  reader.release(batch);
}

/// Holds pages of one batch while it waits for another.
Walk hold_and_ask(PageReader& reader, std::vector<PageId> held, std::vector<PageId> asked, Outcome& outcome) {
  PageBatch first;
  PageBatch second;
  first.wanted = std::move(held);
  const auto got = co_await reader.read(first);
  second.wanted = std::move(asked);
  auto more = co_await reader.read(second);
  ++(got && more ? outcome.good : outcome.wrong);
  if (!more) outcome.errors.push_back(std::move(more).error());
  reader.release(first);
  reader.release(second);
}

/// Waits for either of two batches, then begins one anew that may have been complete as well.
Walk begin_anew(PageReader& reader, Outcome& outcome) {
  std::array<PageBatch, 2> batches;
  for (PageId i = 0; i < 2; ++i) {
    batches[i].wanted = {i};
    reader.begin(batches[i]);
  }
  const std::array<PageBatch*, 2> either{&batches[0], &batches[1]};
  co_await PageReader::any_of(either);
  for (PageBatch& batch : batches) reader.release(batch);
  batches[0].wanted = {10, 11, 12, 13, 14, 15};
  batches[1].wanted = batches[0].wanted;
  for (PageBatch& batch : batches) {
    const auto got = co_await reader.read(batch);
    outcome.wrong += !got || batch.pending > 0;
  }
  ++outcome.good;
  for (PageBatch& batch : batches) reader.release(batch);
}

/// Keeps four batches on their way and takes them as they come.
Walk pipelined(const PageWorld& world, PageReader& reader, Outcome& outcome) {
  std::array<PageBatch, 4> batches;
  PageId next = 0;
  std::vector<PageBatch*> under_way;
  for (auto& batch : batches) {
    batch.wanted = {next++};
    reader.begin(batch);
    under_way.push_back(&batch);
  }
  while (!under_way.empty()) {
    co_await PageReader::any_of(under_way);
    for (std::size_t i = 0; i < under_way.size();) {
      PageBatch& batch = *under_way[i];
      if (batch.pending > 0) {
        ++i;
        continue;
      }
      ++(batch.outcome && world.is_page(batch.wanted[0], batch.pages[0]) ? outcome.good : outcome.wrong);
      batch.wanted = {next++};
      if (next > world.range().page_count) {
        reader.release(batch);
        under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(i));
      } else {
        reader.begin(batch);
        ++i;
      }
    }
  }
}

}  // namespace

TEST_SUITE("io/queued_pages") {
  TEST_CASE("whichever read fails, the searches that wanted its page get the error and the others their pages") {
    bool clean = false;
    for (std::uint64_t call = 1; !clean; ++call) {
      CAPTURE(call);
      PageWorld world(20);
      const auto source = simulated_source(world.simulated(), world.range(), world.check(), call);
      auto reader = source->reader(world.least(), PageWorld::kMaxBatch).value();
      const auto before = world.disk().calls();
      world.disk().set_faults({.fail_call = before + call});
      std::array<Outcome, 3> outcomes;
      std::vector<Walk> walks;
      walks.push_back(read_each(world, *reader, {{0, 1}, {2, 3}, {0, 1}}, outcomes[0]));
      walks.push_back(read_each(world, *reader, {{0, 5}, {6, 7}, {0, 5}}, outcomes[1]));
      walks.push_back(read_each(world, *reader, {{10}, {11, 12}, {13}}, outcomes[2]));
      run_to_the_end(*reader, walks);
      clean = world.disk().calls() < before + call;
      std::size_t errors = 0;
      for (const Outcome& outcome : outcomes) {
        CHECK(outcome.wrong == 0);
        errors += outcome.errors.size();
        for (const Error& error : outcome.errors) {
          CHECK(error.code == Code::kIo);
          CHECK(error.system == EIO);
        }
      }
      CHECK(errors == (clean ? 0 : std::max<std::size_t>(errors, 1)));
      CHECK(errors <= 2);  // page 0 has two who wait for it
      CHECK(outcomes[2].good + 2 * outcomes[2].errors.size() >= 4);
    }
  }

  TEST_CASE("a bad place on the disk fails its page each time and no other page") {
    PageWorld world(20);
    world.disk().set_faults({.bad_at = world.offset(7) + 100, .bad_bytes = 1});
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      CAPTURE(seed);
      for (const auto& each : world.sources(seed)) {
        const std::string& name = each.name;
        const auto& source = each.source;
        if (name != "simulated" && name != "pread, simulated disk") continue;
        CAPTURE(name);
        auto reader = source->reader(world.least(), PageWorld::kMaxBatch).value();
        std::array<Outcome, 3> outcomes;
        std::vector<Walk> walks;
        walks.push_back(read_each(world, *reader, {{6, 7, 8}, {6, 8}, {7}}, outcomes[0]));
        walks.push_back(read_each(world, *reader, {{7, 7}, {8, 9}}, outcomes[1]));
        walks.push_back(read_each(world, *reader, {{6, 8}, {5}}, outcomes[2]));
        run_to_the_end(*reader, walks);
        CHECK(outcomes[0].errors.size() == 2);
        CHECK(outcomes[0].good == 2);
        CHECK(outcomes[1].errors.size() == 1);
        CHECK(outcomes[1].good == 2);
        CHECK(outcomes[2].errors.empty());
        CHECK(outcomes[2].good == 3);
      }
    }
  }

  TEST_CASE("short reads are continued") {
    PageWorld world(20);
    world.disk().set_faults({.short_io = true});
    const auto source = simulated_source(world.simulated(), world.range(), world.check(), 1);
    auto reader = source->reader(world.least(), PageWorld::kMaxBatch).value();
    PageBatch batch;
    REQUIRE(PageWorld::read(*reader, batch, {0, 5, 19}));
    CHECK(world.is_page(19, batch.pages[2]));
    CHECK(world.disk().calls(Operation::kRead) > 3);
  }

  TEST_CASE("a page that several searches want is read once") {
    PageWorld world(20);
    const auto source = simulated_source(world.simulated(), world.range(), world.check(), 1);
    auto reader = source->reader(world.least(), PageWorld::kMaxBatch).value();
    std::vector<Walk> walks;
    Outcome outcome;
    for (int i = 0; i < 10; ++i) walks.push_back(read_each(world, *reader, {{3, 4}}, outcome));
    run_to_the_end(*reader, walks);
    CHECK(outcome.good == 20);
    CHECK(world.disk().calls(Operation::kRead) == 2);
  }

  TEST_CASE("searches that wait for room get it as others let go, first come first served") {
    PageWorld world(100);
    const auto source = simulated_source(world.simulated(), world.range(), world.check(), 1);
    auto reader = source->reader(world.least(), PageWorld::kMaxBatch).value();
    std::vector<Walk> walks;
    Outcome outcome;
    for (PageId i = 0; i < 12; ++i) {
      const PageId first = i * 8;
      const std::vector<PageId> eight{first,     first + 1, first + 2, first + 3,
                                      first + 4, first + 5, first + 6, first + 7};
      walks.push_back(read_each(world, *reader, {eight, {99}, eight}, outcome));
    }
    run_to_the_end(*reader, walks);
    CHECK(outcome.errors.empty());
    CHECK(outcome.wrong == 0);
    CHECK(outcome.good == 12 * 17);
  }

  TEST_CASE("a small batch does not overtake a large one that waits for room") {
    PageWorld world(100);
    const auto source = simulated_source(world.simulated(), world.range(), world.check(), 1);
    auto reader = source->reader(world.least(), PageWorld::kMaxBatch).value();  // 8 frames
    PageBatch first;
    PageBatch large;
    PageBatch small;
    first.wanted = {0, 1, 2, 3, 4, 5};
    large.wanted = {10, 11, 12, 13, 14, 15, 16, 17};
    small.wanted = {20};
    for (PageBatch* batch : {&first, &large, &small}) CHECK_FALSE(reader->begin(*batch));
    CHECK(first.disk_reads == 6);
    CHECK(large.disk_reads == 0);
    CHECK(small.disk_reads == 0);  // though there is room
    while (first.pending > 0) reader->poll();
    reader->release(first);  // after poll has returned: large was not refused in the meantime
    while (small.pending > 0) {
      reader->poll();
      if (large.pending == 0) reader->release(large);
    }
    CHECK(large.disk_reads == 8);
    CHECK(small.disk_reads == 1);
    CHECK(small.outcome);
  }

  TEST_CASE("searches that hold what the others need end in an error instead of waiting for ever") {
    PageWorld world(100);
    const auto source = simulated_source(world.simulated(), world.range(), world.check(), 1);
    auto reader = source->reader(world.least(), PageWorld::kMaxBatch).value();  // 8 frames
    std::vector<Walk> walks;
    Outcome outcome;
    walks.push_back(hold_and_ask(*reader, {0, 1, 2, 3}, {10, 11, 12, 13}, outcome));
    walks.push_back(hold_and_ask(*reader, {4, 5, 6, 7}, {14, 15, 16, 17}, outcome));
    run_to_the_end(*reader, walks);
    CHECK(outcome.errors.size() == 1);  // which lets the other one get on
    CHECK(outcome.errors[0].code == Code::kOverBudget);
    CHECK(outcome.good == 1);
  }

  TEST_CASE("a batch that asks for more than the cache holds is refused") {
    PageWorld world(100);
    for (const auto& each : world.sources()) {
      const std::string& name = each.name;
      const auto& source = each.source;
      if (source->mode() == IoMode::kMapped) continue;
      CAPTURE(name);
      auto reader = source->reader(world.least(), PageWorld::kMaxBatch).value();
      PageBatch batch;
      CHECK(PageWorld::read(*reader, batch, {1, 2, 3, 4, 5, 6, 7, 8, 9}).error().code == Code::kOverBudget);
      CHECK(PageWorld::read(*reader, batch, {1, 2, 3, 4, 5, 6, 7, 8}));
    }
  }

  TEST_CASE("an abandoned read resumes nobody and harms no other, whether it waits for pages or for room") {
    PageWorld world(100);
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      CAPTURE(seed);
      const auto source = simulated_source(world.simulated(), world.range(), world.check(), seed);
      auto reader = source->reader(world.least(), PageWorld::kMaxBatch).value();
      Outcome outcome;
      std::vector<Walk> walks;
      PageBatch reading;
      reading.wanted = {0, 1, 2, 1};
      CHECK_FALSE(reader->begin(reading));
      walks.push_back(read_each(world, *reader, {{1, 2, 3}, {4}}, outcome));
      PageBatch hungry;
      hungry.wanted = {20, 21, 22, 23, 24, 25, 26, 27};
      CHECK_FALSE(reader->begin(hungry));
      walks.push_back(read_each(world, *reader, {{30, 31, 32, 33, 34, 35, 36, 37}}, outcome));
      reader->release(reading);
      reader->release(hungry);
      CHECK(reading.pending == 0);
      run_to_the_end(*reader, walks);
      CHECK(outcome.good == 12);
      CHECK(outcome.errors.empty());
      CHECK(reading.pending == 0);  // nobody has touched it since
      CHECK(reading.state == PageBatch::State::kIdle);
    }
  }

  TEST_CASE("a batch that was complete and begins anew is not resumed for what it had before") {
    PageWorld world(100);
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      CAPTURE(seed);
      const auto source = simulated_source(world.simulated(), world.range(), world.check(), seed);
      auto reader = source->reader(2 * world.least(), PageWorld::kMaxBatch).value();
      Outcome outcome;
      std::vector<Walk> walks;
      walks.push_back(begin_anew(*reader, outcome));
      run_to_the_end(*reader, walks);
      CHECK(outcome.good == 1);
      CHECK(outcome.wrong == 0);
    }
  }

  TEST_CASE("a search can keep several batches on their way and take them as they come") {
    PageWorld world(50);
    for (const auto& each : world.sources()) {
      const std::string& name = each.name;
      const auto& source = each.source;
      CAPTURE(name);
      auto reader = source->reader(world.least(), PageWorld::kMaxBatch).value();
      Outcome outcome;
      std::vector<Walk> walks;
      walks.push_back(pipelined(world, *reader, outcome));
      walks.push_back(pipelined(world, *reader, outcome));
      run_to_the_end(*reader, walks);
      CHECK(outcome.good == 100);
      CHECK(outcome.wrong == 0);
    }
  }
}

}  // namespace nearline::io
