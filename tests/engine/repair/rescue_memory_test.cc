// SPDX-License-Identifier: Apache-2.0
/// Builds, verifications and salvages for which there is no memory: an error, no false finding, no file left behind.
#include <doctest/doctest.h>

#include <functional>
#include <new>

#include "nearline/salvage.h"
#include "nearline/verify.h"
#include "tests/api/index_world.h"
#include "tests/support/allocations.h"

namespace nearline {
namespace {

constexpr std::size_t kCount = 300;
constexpr std::uint32_t kDim = 8;
const Schema kSchema{kDim, ElementType::kF32, Metric::kL2};

/// Runs a call while the first, the second, ... of its allocations fails, once and for ever, the early ones one by one.
/// call: what its error was, or nothing. check: after each. Returns how many calls failed.
std::uint64_t without_memory(const std::function<std::optional<Code>()>& call, const std::function<void()>& check) {
  std::uint64_t failures = 0;
  for (const bool for_ever : {false, true}) {
    bool failed = true;
    for (std::uint64_t k = 1; failed; k += 1 + k / (testing::kSanitized ? 8 : 32)) {
      CAPTURE(for_ever);
      CAPTURE(k);
      std::optional<Code> error = Code::kNoMemory;
      testing::fail_allocation(k, for_ever);
      try {
        error = call();
      } catch (const std::bad_alloc&) {
      }
      failed = testing::allow_allocations();
      failures += error ? 1 : 0;
      if (error) CHECK(*error == Code::kNoMemory);
      CHECK((failed || !error));
      check();
    }
  }
  return failures;
}

template <class T>
std::optional<Code> error_of(const Result<T>& result) {
  return result ? std::nullopt : std::optional(result.error().code);
}

}  // namespace

TEST_SUITE("engine/repair/rescue_memory") {
  TEST_CASE("whichever allocation of a build fails, once or for ever, it says so and leaves no file") {
    const testing::Vectors base = testing::clusters(ElementType::kF32, kCount, kDim);
    for (const std::uint32_t threads : {1U, 2U}) {
      const io::TempDir folder;
      BuildOptions options = quick_build();
      options.threads = threads;
      const auto failures =
          without_memory([&] { return error_of(build(folder / "x", kSchema, base.view(), {}, options)); },
                         [&] {
                           CHECK(entries(folder / ".") <= 1);
                           std::filesystem::remove(folder / "x");
                           CHECK(entries(folder / ".") == 0);
                         });
      CHECK(failures > 50);
    }
  }

  TEST_CASE("whichever allocation of a verification fails, once or for ever, it finds nothing that is not there") {
    const io::TempDir folder;
    REQUIRE(build(folder / "x", kSchema, testing::clusters(ElementType::kF32, kCount, kDim).view()));
    std::uint64_t findings = 0;
    const auto failures = without_memory(
        [&] {
          const auto report = verify(folder / "x", true);
          findings += report ? report->finding_count : 0;
          return error_of(report);
        },
        [] {});
    CHECK(findings == 0);
    CHECK(failures > 20);
  }

  TEST_CASE("whichever allocation of a salvage fails, once or for ever, it says so and leaves no file") {
    const io::TempDir folder;
    REQUIRE(build(folder / "x", kSchema, testing::clusters(ElementType::kF32, kCount, kDim).view()));
    bool complete = true;
    const auto failures = without_memory(
        [&] {
          const auto report = salvage(folder / "x", folder / "saved", {.threads = 1});
          complete = complete && (!report || report->saved == kCount);
          return error_of(report);
        },
        [&] {
          CHECK(entries(folder / ".") <= 2);
          std::filesystem::remove(folder / "saved");
          CHECK(entries(folder / ".") == 1);
        });
    CHECK(complete);
    CHECK(failures > 50);
  }
}

}  // namespace nearline
