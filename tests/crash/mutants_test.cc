// SPDX-License-Identifier: Apache-2.0
/// The crash search sees what it is there to see: a writer that leaves out a flush, or breaks a rule of SPEC.md section
/// 8 in another way, is caught, every one; a writer that keeps to all of them is not.
#include <doctest/doctest.h>

#include "engine/write/index_writer.h"
#include "format/superblock.h"
#include "tests/crash/crash_search.h"
#include "tests/crash/mutant.h"
#include "tests/support/sanitizers.h"

namespace nearline::crash {
namespace {

/// A search that finds something ends there.
constexpr std::uint64_t kMostImages = 20'000;
/// One that shall find nothing.
#if defined(NEARLINE_ASAN) || !defined(NDEBUG)
constexpr std::uint64_t kCleanImages = 4'000;  // each costs ten times as much
#else
constexpr std::uint64_t kCleanImages = 12'000;
#endif

using format::kBlockBytes;

struct Case {
  std::string what;
  Mutation mutation;
};

/// What the search finds under a mutation, in workloads enough.
std::string violation_of(const Mutation& mutation, std::uint64_t most_images, Tally& tally) {
  for (std::uint64_t seed = 1; tally.images < most_images; ++seed) {
    const SearchPlan plan{.seed = seed,
                          .steps = 40,
                          .cuts_per_call = 1,
                          .kills = seed % 2 == 0,  // every second workload gets far instead
                          .failed_flushes = seed % 2 == 0,
                          .merges_beside = seed % 4 < 2,
                          .wrap = [&](io::FileSystem& disk) { return mutant(disk, mutation); },
                          .most_images = most_images};
    const std::string violation = search_for_violation(plan, tally);
    if (!violation.empty()) return violation;
  }
  return {};
}

/// A commit that finds room in front of a tail which a writer left that saw its flush fail. Workloads seldom have it.
std::string violation_of_length(const Mutation& mutation) {
  io::SimulatedDisk disk;
  create_index(disk);
  StepSource source(1);
  Model model;
  const auto make = [&](const Step& step) {
    const auto fs = mutant(disk, mutation);
    auto writer = engine::IndexWriter::open(*fs, kIndex, small_writer());
    Done done;
    REQUIRE(run(*fs, writer.value(), step, done));
    model = after(model, step);
  };
  for (const Kind kind : {Kind::kCommit, Kind::kCommit, Kind::kCompact, Kind::kCompact}) {
    make(source.draw(kind, model, 100));
  }
  auto file = disk.open_write(kIndex).value();
  const std::uint64_t bytes = file->size().value();
  REQUIRE(file->allocate(bytes, 16 * kBlockBytes));
  REQUIRE(io::write_all(*file, bytes, std::vector<std::byte>(16 * kBlockBytes, std::byte{1})));
  disk.set_faults({.fail_call = disk.calls() + 1, .sync_drops = true});
  REQUIRE_FALSE(file->sync());
  disk.set_faults({});
  make({.kind = Kind::kCommit, .erased = {}, .replaced = {}, .added = {{1'000, {1, 2, 3, 4}}}});
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto left = disk.after_power_cut(seed);
    if (auto wrong = check_image(*left, {{kIndex, {model}}}, false); !wrong.empty()) return wrong;
  }
  return {};
}

}  // namespace

TEST_SUITE("crash/mutants") {
  TEST_CASE("a writer that breaks one rule of the commit order is caught, whichever rule it is") {
    for (const Case& broken : {
             // A writer's first commit makes three: of what it found, of what it wrote, of the superblock.
             Case{"no flush of what was found", {.fault = Fault::kDropFlush, .every = 3, .which = 0}},
             Case{"no flush of what was written", {.fault = Fault::kDropFlush, .every = 3, .which = 1}},
             Case{"no flush of the superblock", {.fault = Fault::kDropFlush, .every = 3, .which = 2}},
             Case{"no flush of a new file", {.fault = Fault::kDropNewFileFlush}},
             Case{"no flush of any name", {.fault = Fault::kDropNameFlush}},
             Case{"the superblock before what it leads to", {.fault = Fault::kSuperblockFirst}},
             Case{"space written again too early", {.fault = Fault::kReuseTooEarly}},
             Case{"readers' locks ignored", {.fault = Fault::kForgetPins}},
             Case{"tombstones forgotten", {.fault = Fault::kForgetRecordSet}},
             Case{"a dead writer's superblock trusted", {.fault = Fault::kTrustPageCache}},
             Case{"a relaxed commit trusted after a restart", {.fault = Fault::kForgetBoot}},
             Case{"a relaxed commit in the slot of the durable one", {.fault = Fault::kOverwriteDurable}},
             Case{"space of the durable commit written by relaxed ones", {.fault = Fault::kReuseFallback}},
             Case{"no flush of what relaxed commits wrote", {.fault = Fault::kDropChainFlush}},
             Case{"a dead writer's relaxed commit trusted", {.fault = Fault::kTrustRelaxed}},
         }) {
      CAPTURE(broken.what);
      Tally tally;
      const std::string violation = violation_of(broken.mutation, kMostImages, tally);
      CHECK_FALSE(violation.empty());
      MESSAGE(broken.what, ": caught after ", tally.images, " images: ", violation);
    }
  }

  TEST_CASE(
      "a length that a dead writer left and no flush made durable is made so, and a writer that trusts it is caught") {
    CHECK(violation_of_length({}) == "");
    CHECK(violation_of_length({.fault = Fault::kTrustLength}).find("holds neither") != std::string::npos);
  }

  TEST_CASE("a writer that breaks none is not") {
    Tally tally;
    CHECK(violation_of({}, kCleanImages, tally) == "");
  }
}

}  // namespace nearline::crash
