// SPDX-License-Identifier: Apache-2.0
/// Promises 4 and 5: whichever call of the disk and whichever allocation fails, there is the state before or the one
/// after, nothing of the failed call in between; the next attempt works, or says that the writer must be opened anew.
#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "engine/write/index_writer.h"
#include "tests/crash/crash_search.h"
#include "tests/support/allocations.h"
#include "tests/support/long_form.h"
#include "tests/support/sanitizers.h"

namespace nearline::crash {
namespace {

using io::SimulatedDisk;

#if defined(NEARLINE_ASAN) || !defined(NDEBUG)
constexpr std::uint64_t kAllocationStep = 11;  // each run costs ten times as much
constexpr int kErrors[] = {EIO};
#else
constexpr std::uint64_t kAllocationStep = 5;  // not every one, but others once than for ever; tools/soak.sh has all
constexpr int kErrors[] = {EIO, ENOSPC, EDQUOT, ENOMEM, EMFILE};
#endif

/// The state in which a step begins, and the step.
struct Stage {
  std::vector<std::byte> file;
  Model before;
  Step step;
  bool beside = false;  ///< merges go on beside the commits of the step
};

/// Of all kinds, on an index that has linked and flat segments, tombstones and free space.
std::vector<Stage> stages() {
  std::vector<Stage> all;
  SimulatedDisk disk;
  create_index(disk);
  StepSource source(5);
  Model model;
  int round = 0;
  for (const Kind kind : {Kind::kCommit, Kind::kCommit, Kind::kRelaxed, Kind::kCommit, Kind::kCompact, Kind::kCalibrate,
                          Kind::kReplace, Kind::kSnapshot}) {
    const Step step = source.draw(kind, model, round++ == 0 ? 120 : 25);
    if (round > 1) all.push_back({disk.contents(kIndex), model, step});
    auto writer = engine::IndexWriter::open(disk, kIndex, small_writer());
    Done done;
    REQUIRE(run(disk, writer.value(), step, done));
    model = after(model, step);
  }
  // Its first commit begins a merge, its second goes on beside it, and its third adopts what it made.
  for (int i = 0; i < 2; ++i) {
    Step filling{.kind = Kind::kCommit, .erased = {}, .replaced = {}, .added = {}};
    for (Id id = 0; id < 20; ++id)
      filling.added[800'000 + 100 * static_cast<Id>(i) + id] = {1, 2, static_cast<float>(id), 4};
    auto writer = open_writer(disk, true);
    Done done;
    REQUIRE(run(disk, writer.value(), filling, done));
    model = after(model, filling);
  }
  Step step{.kind = Kind::kSettle, .erased = {800'001}, .replaced = {{800'002, {5, 6, 7, 8}}}, .added = {}};
  step.relaxed.push_back({.kind = Kind::kRelaxed, .erased = {}, .replaced = {}, .added = {{800'301, {1, 2, 3, 5}}}});
  step.relaxed.push_back({.kind = Kind::kRelaxed, .erased = {800'003}, .replaced = {}, .added = {}});
  all.push_back({disk.contents(kIndex), model, step, true});
  return all;
}

/// What stands and how it goes on after a step that failed, or did not.
void check_after(SimulatedDisk& disk, engine::IndexWriter& writer, const Stage& stage, Done& done,
                 const Result<void>& ran) {
  const Model after = crash::after(stage.before, stage.step);
  const auto held = contents(disk, kIndex);
  REQUIRE_MESSAGE(held, (held ? "" : held.error().message()));
  const std::vector<Model> seen = states(stage.before, stage.step);
  const bool good = ran ? held.value() == after : std::ranges::count(seen, held.value()) > 0;
  REQUIRE(good);
  if (ran) return;
  CHECK_FALSE(ran.error().message().empty());
  const auto again = run(disk, writer, stage.step, done);
  if (again) {
    CHECK(contents(disk, kIndex).value() == after);
  } else {
    // Nobody can say whether the commit is there, or the file lost its name: all must begin anew.
    const bool says_so =
        again.error().code == Code::kCommitUnknown || again.error().message().find("opened anew") != std::string::npos;
    CHECK_MESSAGE(says_so, again.error().message());
    CHECK_FALSE(writer.erase(std::vector<Id>{1}));
  }
}

/// Anew, from whatever there is.
void check_reopened(SimulatedDisk& disk, const Stage& stage) {
  const Model visible = contents(disk, kIndex).value();
  auto writer = engine::IndexWriter::open(disk, kIndex, small_writer());
  REQUIRE_MESSAGE(writer, (writer ? "" : writer.error().message()));
  Step next{.kind = Kind::kCommit, .erased = {}, .replaced = {}, .added = {{900'000, {1, 2, 3, 4}}}};
  if (!stage.before.empty() && visible.contains(stage.before.begin()->first)) {
    next.erased = {stage.before.begin()->first};
  }
  Done done;
  REQUIRE(run(disk, writer.value(), next, done));
  const auto cut = disk.after_power_cut(1);
  CHECK(check_image(*cut, {{kIndex, {after(visible, next)}}}, false) == "");
}

}  // namespace

TEST_SUITE("crash/faults") {
  TEST_CASE("whichever call of the disk fails, the state is the one before or after, and the next attempt works") {
    std::uint64_t runs = 0;
    for (const Stage& stage : stages()) {
      for (const int error : kErrors) {
        if (stage.beside && error != EIO && !testing::long_form()) continue;  // it makes as many calls as all others
        for (const bool for_ever : {false, true}) {
          if (for_ever && error > ENOSPC) continue;
          for (std::uint64_t k = 1;; ++k) {
            CAPTURE(static_cast<int>(stage.step.kind));
            CAPTURE(error);
            CAPTURE(for_ever);
            CAPTURE(k);
            SimulatedDisk disk;
            disk.put(kIndex, stage.file);
            const std::uint64_t start = disk.calls();
            bool reached = false;
            {
              auto writer = open_writer(disk, stage.beside);
              REQUIRE(writer);
              const std::uint64_t call = disk.calls() + k;
              disk.set_faults({.fail_call = call, .fail_for_ever = for_ever, .error = error, .sync_drops = true});
              Done done;
              const auto ran = run(disk, writer.value(), stage.step, done);
              reached = disk.calls() >= call;
              disk.set_faults({});
              check_after(disk, writer.value(), stage, done, ran);
            }
            check_reopened(disk, stage);
            ++runs;
            REQUIRE(disk.calls() > start);
            if (!reached) break;
          }
        }
      }
    }
    MESSAGE(runs, " runs");
  }

  TEST_CASE("short reads and writes change nothing") {
    for (const Stage& stage : stages()) {
      SimulatedDisk disk(9);
      disk.put(kIndex, stage.file);
      disk.set_faults({.short_io = true});
      auto writer = open_writer(disk, stage.beside);
      REQUIRE(writer);
      Done done;
      REQUIRE(run(disk, writer.value(), stage.step, done));
      CHECK(check_image(disk, {{kIndex, {after(stage.before, stage.step)}}}, false) == "");
    }
  }

  TEST_CASE("a disk that is full at any size is an error; with room enough the same writer goes on") {
    for (const Stage& stage : stages()) {
      std::uint64_t refused = 0;
      for (std::uint64_t room = 0;; room += 2'048) {
        CAPTURE(room);
        SimulatedDisk disk;
        disk.put(kIndex, stage.file);
        auto writer = open_writer(disk, stage.beside);
        REQUIRE(writer);
        disk.set_faults({.capacity = stage.file.size() + room});
        Done done;
        const auto ran = run(disk, writer.value(), stage.step, done);
        if (!ran) CHECK(ran.error().code == Code::kNoSpace);
        disk.set_faults({});
        check_after(disk, writer.value(), stage, done, ran);
        if (ran) break;
        ++refused;
      }
      if (stage.step.kind != Kind::kCalibrate)
        CHECK(refused > 0);  // what that writes is small, and may fit in free space
    }
  }

  TEST_CASE(
      "whichever allocation fails, once or for ever, the state is the one before or after, and the next attempt "
      "works") {
    std::uint64_t runs = 0;
    for (const Stage& stage : stages()) {
      for (const bool for_ever : {false, true}) {
        const std::uint64_t step = testing::long_form() ? 1 : kAllocationStep * (stage.beside ? 5 : 1);
        for (std::uint64_t k = for_ever ? step : 1;; k += step) {
          CAPTURE(static_cast<int>(stage.step.kind));
          CAPTURE(for_ever);
          CAPTURE(k);
          SimulatedDisk disk;
          disk.put(kIndex, stage.file);
          bool reached = false;
          {
            auto writer = open_writer(disk, stage.beside);
            REQUIRE(writer);
            Done done;
            Result<void> ran;
            testing::fail_allocation(k, for_ever);
            try {
              ran = run(disk, writer.value(), stage.step, done);
              reached = testing::allow_allocations();
            } catch (const std::bad_alloc&) {
              reached = testing::allow_allocations();
              ran = Error{.code = Code::kNoMemory, .what = "no memory"};
            }
            check_after(disk, writer.value(), stage, done, ran);
          }
          check_reopened(disk, stage);
          ++runs;
          if (!reached) break;
        }
      }
    }
    MESSAGE(runs, " runs");
  }
}

}  // namespace nearline::crash
