// SPDX-License-Identifier: Apache-2.0
/// What a memory bound is divided into: the same on every machine.
#include "engine/segment/search_budget.h"

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "engine/api/live_index.h"
#include "engine/walk/walk.h"
#include "io/page_source.h"
#include "tests/api/index_world.h"

namespace {

std::atomic<int> pretended{0};  // processors; 0: those that there are

}  // namespace

/// Takes the place of the C library's, in this program.
extern "C" int sched_getaffinity(pid_t process, std::size_t bytes, cpu_set_t* set) noexcept {
  std::memset(set, 0, bytes);
  if (const int processors = pretended; processors > 0) {
    for (int i = 0; i < processors; ++i) CPU_SET_S(static_cast<std::size_t>(i), bytes, set);
    return 0;
  }
  return syscall(SYS_sched_getaffinity, process, bytes, set) < 0 ? -1 : 0;
}

namespace nearline::engine {
namespace {

class Machine {
 public:
  explicit Machine(int processors) { pretended = processors; }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  ~Machine() { pretended = 0; }
};

constexpr int kMachines[] = {1, 2, 8, 64, 1'000};

SearchNeeds needs(std::uint64_t count, std::uint32_t dim) {
  return {.shape = format::PageShape::choose(count, dim, ElementType::kF32, Metric::kL2, 32, 4),
          .count = count,
          .entries = 100,
          .code_bytes = count * 36,
          .code_parts = 32,
          .kept_parts = 32};
}

}  // namespace

TEST_SUITE("engine/segment/search_budget") {
  TEST_CASE("a bound is divided alike on every machine, but for the number of searches at once") {
    for (const IoMode io : {IoMode::kMapped, IoMode::kPread, IoMode::kDirect}) {
      const SearchNeeds some = needs(100'000, 128);
      const std::uint64_t least = least_search_bytes(some, Count::kAuto, io);
      for (const std::uint64_t more : {0U, 1U, 300'000U, 1'000'000U, 10'000'000U, 100'000'000U}) {
        CAPTURE(name(io));
        CAPTURE(more);
        SearchBudget one;
        std::uint32_t lanes = 0;
        for (const int processors : kMachines) {
          const Machine machine(processors);
          CHECK(least_search_bytes(some, Count::kAuto, io) == least);
          const auto budget = divide_search_memory(least + more, some, Count::kAuto, io);
          REQUIRE(budget);
          if (processors == 1) one = *budget;
          CHECK(budget->lanes >= lanes);
          CHECK(budget->lanes <= static_cast<std::uint32_t>(processors));
          lanes = budget->lanes;
          CHECK(budget->walks == one.walks);
          CHECK(budget->spare_walks == one.spare_walks);
          CHECK(budget->spare_bytes == one.spare_bytes);
          CHECK(budget->cache_bytes == one.cache_bytes);
        }
        if (more > 50'000'000) CHECK(lanes > 4);
      }
    }
  }

  TEST_CASE("the parts do not exceed the bound, and all lanes find room to pin what they may") {
    for (const IoMode io : {IoMode::kMapped, IoMode::kPread, IoMode::kDirect}) {
      for (const std::uint32_t threads : {Count::kAuto, 1U, 3U, 100U}) {
        for (const std::uint32_t dim : {4U, 128U, 3'000U}) {
          const Machine machine(64);
          const SearchNeeds some = needs(10'000, dim);
          const std::uint64_t least = least_search_bytes(some, threads, io);
          for (std::uint64_t bytes = least; bytes < 40 * least; bytes += least / 3) {
            CAPTURE(name(io));
            CAPTURE(threads);
            CAPTURE(dim);
            CAPTURE(bytes);
            const auto budget = divide_search_memory(bytes, some, threads, io);
            REQUIRE(budget);
            const std::uint64_t base = threads == Count::kAuto ? 1 : threads;
            const std::uint64_t reader = io == IoMode::kMapped ? 0 : io::kReaderBytes;
            const std::uint64_t lane = walk_scratch_bytes(some) + reader;
            const std::uint64_t spare = threads == Count::kAuto
                                            ? std::max(budget->spare_bytes, (budget->lanes - 1) * lane)
                                            : budget->spare_bytes;
            CHECK(budget->lanes >= base);
            CHECK(some.code_bytes + base * lane + spare + budget->cache_bytes <= bytes + reader);
            if (io == IoMode::kMapped) continue;
            const std::uint32_t batches = budget->lanes + budget->spare_walks;
            CHECK(io::least_cache_bytes(some.shape.page_bytes, batches * kMaxBatch) <= budget->cache_bytes);
          }
        }
      }
    }
  }

  TEST_CASE("too many threads for a bound are refused with what they need and how many there is room for") {
    const SearchNeeds some = needs(10'000, 128);
    const std::uint64_t room = least_search_bytes(some, 3, IoMode::kPread);
    const auto refused = divide_search_memory(room, some, 64, IoMode::kPread);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kOverBudget);
    const auto says = [&](const std::string& words) { return refused.error().what.find(words) != std::string::npos; };
    CHECK(says(std::to_string(room)));
    CHECK(says("64 threads"));
    CHECK(says(std::to_string(least_search_bytes(some, 64, IoMode::kPread))));
    CHECK(says("room for 3"));
  }

  TEST_CASE("what opens on one machine opens on all, and serves more threads than it has lanes, within its bound") {
    constexpr std::uint32_t kDim = 24;
    const io::TempDir folder;
    const auto base = testing::clusters(ElementType::kF32, 1'500, kDim);
    const auto path = folder / "x";
    REQUIRE(build(path, {kDim, ElementType::kF32, Metric::kL2}, base.view()));
    for (const IoMode io : io_modes()) {
      CAPTURE(name(io));
      const auto open = [&](std::uint64_t bytes) {
        return LiveIndex::open(io::real_file_system(), path, {.io = io, .memory_bytes = bytes});
      };
      const auto refused = open(1);
      REQUIRE_FALSE(refused);
      const std::string words = refused.error().what;
      const std::uint64_t least = std::stoull(words.substr(words.find("at least ") + 9));
      for (const int processors : kMachines) {
        CAPTURE(processors);
        const Machine machine(processors);
        CHECK_FALSE(open(least - 1));
        for (const std::uint64_t bytes : {least, least + 500'000}) {
          const auto index = open(bytes);
          REQUIRE_MESSAGE(index, message(index));
          std::atomic<int> failures{0};
          {
            std::vector<std::jthread> threads;
            for (int i = 0; i < 16; ++i) {
              threads.emplace_back([&] {
                for (std::size_t row = 0; row < 1'000; row += 100) {
                  const auto found = index->search(base.view(row, 20), {.k = 5});
                  failures += found ? 0 : 1;
                }
              });
            }
          }
          CHECK(failures == 0);
          CHECK(index->memory_usage().total() <= bytes);
        }
      }
    }
  }
}

}  // namespace nearline::engine
