// SPDX-License-Identifier: Apache-2.0
/// Promises 1, 2, 5 and 7 of a crash: power cuts, deaths of the process and failed flushes at every call of whole
/// workloads. NEARLINE_CUTS is the number of images, NEARLINE_SEED the first workload's seed. Without them processes
/// die at one of a few calls in turn, so that fewer images reach as many steps, of all kinds.
#include <doctest/doctest.h>

#include <cstdlib>

#include "tests/crash/crash_search.h"
#include "tests/support/long_form.h"
#include "tests/support/sanitizers.h"

namespace nearline::crash {
namespace {

#if defined(NEARLINE_ASAN) || !defined(NDEBUG)
constexpr std::uint64_t kImages = 4'500;  // each costs ten times as much
constexpr std::uint64_t kKillEvery = 31;
#else
constexpr std::uint64_t kImages = 15'000;
constexpr std::uint64_t kKillEvery = 5;
#endif
constexpr std::uint64_t kWorkloads = 3;

std::uint64_t number(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace

TEST_SUITE("crash/power_cut") {
  TEST_CASE("after a crash at any call there is the commit before or the one in progress, whole, and work goes on") {
    const std::uint64_t images = number("NEARLINE_CUTS", kImages);
    const std::uint64_t first = number("NEARLINE_SEED", 1);
    Tally tally;
    std::uint64_t seed = first;
    for (std::uint64_t workload = 0; workload < kWorkloads || tally.images < images; ++workload, ++seed) {
      // At least three workloads share the images; a long run goes on with more of them.
      const std::uint64_t share = std::max<std::uint64_t>(images / kWorkloads, 1);
      const SearchPlan plan{.seed = seed,
                            .steps = 1'000,
                            .kill_every = testing::long_form() ? 1 : kKillEvery,
                            .merges_beside = seed % 2 == 0,
                            .wrap = {},
                            .most_images = tally.images + std::min<std::uint64_t>(share, 15'000)};
      const std::string violation = search_for_violation(plan, tally);
      REQUIRE_MESSAGE(violation.empty(), violation);
    }
    MESSAGE(tally.images, " images (", tally.newer, " with the commit in progress), ", tally.kills, " kills, ",
            tally.commits, " commits besides ", tally.relaxed, " relaxed ones, ", tally.generations,
            " of them on what a cut left; seeds ", first, " to ", seed - 1);
    CHECK(tally.newer > tally.images / 100);
  }
}

}  // namespace nearline::crash
