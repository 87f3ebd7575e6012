// SPDX-License-Identifier: Apache-2.0
/// An index that grows beneath a reader whose budget stays: what is kept of each code gets less, step by step.
#include <doctest/doctest.h>

#include "engine/api/live_index.h"
#include "engine/write/index_writer.h"
#include "nearline/writer.h"
#include "tests/engine/query/index_world.h"

namespace nearline {
namespace {

constexpr std::uint32_t kDim = 48;
constexpr std::size_t kFirst = 4'000, kMore = 1'000, kRounds = 6, kQueries = 40;

/// Pages that a query reads, from a cache that is as cold as any.
double reads(const engine::LiveIndex& index, const testing::Vectors& rows) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kQueries; ++i) {
    const auto found = index.search(rows.view(i * 97, 1), {.k = 10, .l = 40, .beam_width = 1});
    REQUIRE_MESSAGE(found, (found ? std::string() : found.error().message()));
    sum += found->stats[0].page_reads + found->stats[0].cache_hits;
  }
  return static_cast<double>(sum) / kQueries;
}

}  // namespace

TEST_SUITE("engine/query/growing") {
  TEST_CASE("a reader that refreshes keeps a part of each code where it has no room for all, and never none at once") {
    const auto rows = testing::in_order(testing::clusters(ElementType::kF32, kFirst + kRounds * kMore, kDim),
                                        testing::shuffled_rows(kFirst + kRounds * kMore));
    io::SimulatedDisk disk;
    {
      BuildOptions options{.degree = 12, .l_build = 40, .calibrate = false, .threads = 2};
      auto maker = engine::IndexMaker::create(disk, "index", {kDim, ElementType::kF32, Metric::kL2}, options).value();
      REQUIRE(maker.add(rows.view(0, kFirst)));
      REQUIRE(maker.finish());
    }
    OpenOptions options{.io = IoMode::kPread, .memory_bytes = 1U << 20, .threads = 1};
    const std::uint64_t enough =
        engine::LiveIndex::open(disk, "index", options).value().memory_usage().bytes_for_all_codes;
    options.memory_bytes = enough + 4'096;
    auto index = engine::LiveIndex::open(disk, "index", options);
    REQUIRE_MESSAGE(index, (index ? std::string() : index.error().message()));
    MemoryUsage before = index->memory_usage();
    CHECK(before.resident_code_bytes == before.code_bytes);
    CHECK(before.bytes_for_all_codes == enough);
    double reads_before = reads(*index, rows);
    auto writer = engine::IndexWriter::open(disk, "index", {.threads = 1}).value();
    std::size_t steps = 0;
    for (std::size_t round = 0; round < kRounds; ++round) {
      CAPTURE(round);
      REQUIRE(writer.insert(rows.view(kFirst + round * kMore, kMore)));
      REQUIRE(writer.compact());
      const auto refreshed = index->refresh();
      REQUIRE_MESSAGE(refreshed, (refreshed ? std::string() : refreshed.error().message()));
      const MemoryUsage now = index->memory_usage();
      CHECK(index->ranking() == Ranking::kCodes);
      CHECK(now.code_bytes == before.code_bytes);
      CHECK(now.resident_code_bytes <= before.resident_code_bytes);
      CHECK(now.resident_code_bytes + 6 >= before.resident_code_bytes);
      CHECK(now.bytes_for_all_codes > options.memory_bytes);
      CHECK(now.total() <= options.memory_bytes);
      if (now.resident_code_bytes < before.resident_code_bytes) ++steps;
      const double reads_now = reads(*index, rows);
      CHECK(reads_now < 2 * reads_before + 4);
      before = now;
      reads_before = reads_now;
    }
    CHECK(steps > 1);
  }
}

}  // namespace nearline
