// SPDX-License-Identifier: Apache-2.0
/// The memory that an index is given is what it takes.
#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/api/index_world.h"

namespace nearline {
namespace {

using io::TempDir;
using testing::Vectors;

constexpr std::uint32_t kDim = 24;

/// One index large enough that caches do not hold it.
struct World {
  World() : base(testing::clusters(ElementType::kF32, 6'000, kDim)) {
    BuildOptions options = quick_build();
    options.degree = 32;
    const auto report = build(folder / "x", {kDim, ElementType::kF32, Metric::kL2}, base.view(), {}, options);
    REQUIRE_MESSAGE(report, message(report));
  }
  [[nodiscard]] std::filesystem::path path() const { return folder / "x"; }

  TempDir folder;
  Vectors base;
};

const World& world() {
  static const World one;
  return one;
}

/// The number that follows "at least" in a message.
std::uint64_t least_named(const Error& error) {
  const auto at = error.what.find("at least ");
  REQUIRE(at != std::string::npos);
  return std::stoull(error.what.substr(at + 9));
}

}  // namespace

TEST_SUITE("api/memory") {
  TEST_CASE("whatever is asked, in every mode and with every budget, memory stays within the bound") {
    for (const IoMode io : io_modes()) {
      for (const std::uint32_t threads : {1U, 2U, 5U}) {
        const auto refused = Index::open(world().path(), with_io(io, 1, threads));
        REQUIRE_FALSE(refused);
        const std::uint64_t least = least_named(refused.error());
        for (const std::uint64_t budget : {least, least + 100'000, std::uint64_t{16} << 20}) {
          CAPTURE(name(io));
          CAPTURE(threads);
          CAPTURE(budget);
          const auto index = Index::open(world().path(), with_io(io, budget, threads));
          REQUIRE_MESSAGE(index, message(index));
          std::vector<std::jthread> others;
          const auto work = [&] {
            for (const std::uint32_t l : {10U, 100U, 500U}) {
              for (const std::uint32_t beam_width : {1U, 64U}) {
                const auto found = index->search(world().base.view(0, 5), {.k = 10, .l = l, .beam_width = beam_width});
                if (!found) return;
              }
            }
            static_cast<void>(index->search(world().base.view(0, 3), {.k = 500, .exact = true}));
          };
          for (std::uint32_t t = 1; t < threads; ++t) others.emplace_back(work);
          work();
          others.clear();
          const MemoryUsage usage = index->memory_usage();
          CHECK(usage.budget == budget);
          CHECK(usage.total() <= budget);
          CHECK(usage.total() == usage.codes + usage.page_cache + usage.buffers + usage.scratch);
          CHECK(usage.scratch > 0);
          CHECK(usage.buffers > 0);
          CHECK((usage.page_cache > 100'000) == (io != IoMode::kMapped));
          CHECK(index->search(world().base.view(0, 5)));
        }
      }
    }
  }

  TEST_CASE("a budget one byte below the least is refused; the least answers as well as any") {
    for (const IoMode io : io_modes()) {
      CAPTURE(name(io));
      const std::uint64_t least = least_named(Index::open(world().path(), with_io(io, 0)).error());
      const auto refused = Index::open(world().path(), with_io(io, least - 1));
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == Code::kOverBudget);
      CHECK(refused.error().file == world().path().string());
      const auto tight = Index::open(world().path(), with_io(io, least));
      const auto roomy = Index::open(world().path(), with_io(io, 256U << 20));
      REQUIRE(tight);
      REQUIRE(roomy);
      const SearchOptions options{.k = 10, .l = 100, .beam_width = 64};
      CHECK(tight->search(world().base.view(0, 100), options)->ids ==
            roomy->search(world().base.view(0, 100), options)->ids);
    }
  }

  TEST_CASE("without a number of threads the default budget opens anything, the largest records too") {
    const TempDir folder;
    BuildOptions options = quick_build();
    options.degree = 4;
    const auto base = testing::clusters(ElementType::kF32, 10, kMaxDim);
    REQUIRE(build(folder / "x", {kMaxDim, ElementType::kF32, Metric::kL2}, base.view(), {}, options));
    for (const IoMode io : io_modes()) {
      const auto index = Index::open(folder / "x", {.io = io});
      REQUIRE_MESSAGE(index, message(index));
      CHECK(index->search(base.view(0, 2), {.k = 10, .beam_width = 64}));
      CHECK(index->memory_usage().total() <= index->memory_usage().budget);
    }
  }

  TEST_CASE("too many threads are refused as a number, not as memory") {
    const auto refused = Index::open(world().path(), with_io(IoMode::kMapped, 64U << 20, 1'025));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kInvalidArgument);
    CHECK(refused.error().what.find("threads of 1025") == 0);
  }

  TEST_CASE("many threads read no more pages than one: they share a cache") {
    constexpr std::uint32_t kThreads = 8, kLongDim = 500;
    constexpr std::size_t kRows = 4'000, kQueries = 1'600;
    const TempDir folder;
    const auto base = testing::clusters(ElementType::kF32, kRows, kLongDim);
    REQUIRE(build(folder / "x", {kLongDim, ElementType::kF32, Metric::kL2}, base.view()));
    for (const IoMode io : io_modes()) {
      if (io == IoMode::kMapped) continue;
      CAPTURE(name(io));
      OpenOptions options = with_io(io, 1, kThreads);
      options.ranking = Ranking::kExact;
      options.memory_bytes = least_named(Index::open(folder / "x", options).error()) + (1U << 20);
      // All queries, in no order, on so many threads, from a cache that is warm and holds a part of the pages.
      const auto index = Index::open(folder / "x", options);
      REQUIRE_MESSAGE(index, message(index));
      const auto reads = [&](std::size_t threads) {
        std::atomic<std::uint64_t> sum{0};
        std::vector<std::jthread> others;
        for (std::size_t t = 0; t < threads; ++t) {
          others.emplace_back([&, t] {
            for (std::size_t i = t; i < kQueries; i += threads) {
              const auto found = index->search(base.view(i * 1'237 % kRows, 1), {.k = 10, .l = 40});
              if (found) sum += found->stats[0].page_reads;
            }
          });
        }
        others.clear();
        return sum.load();
      };
      reads(1);
      const std::uint64_t one = reads(1);
      CHECK(one > kQueries / 4);  // the cache is too small for all
      CHECK(static_cast<double>(reads(kThreads)) <= 1.1 * static_cast<double>(one));
    }
  }

  TEST_CASE("more memory means more pages kept and fewer read again") {
    std::uint64_t before = ~std::uint64_t{0};
    const std::uint64_t least = least_named(Index::open(world().path(), with_io(IoMode::kPread, 0)).error());
    for (const std::uint64_t budget : {least, least + 300'000, std::uint64_t{16} << 20}) {
      OpenOptions options = with_io(IoMode::kPread, budget);
      options.ranking = Ranking::kExact;
      const auto index = Index::open(world().path(), options);
      REQUIRE_MESSAGE(index, message(index));
      std::uint64_t reads = 0;
      for (int round = 0; round < 2; ++round) {
        const auto found = index->search(world().base.view(0, 200), {.k = 10});
        REQUIRE(found);
        reads = 0;
        for (const QueryStats& stats : found->stats) reads += stats.page_reads;
      }
      CHECK(reads < before);
      before = reads;
    }
    CHECK(before == 0);
  }
}

}  // namespace nearline
