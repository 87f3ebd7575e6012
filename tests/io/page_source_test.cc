// SPDX-License-Identifier: Apache-2.0
/// What holds for every page source.
#include "io/page_source.h"

#include <doctest/doctest.h>
#include <sys/mman.h>

#include <thread>
#include <tuple>

#include "io/page_cache.h"
#include "tests/io/page_world.h"

namespace nearline::io {
namespace {

struct Tally {
  std::uint32_t good = 0;
  std::uint32_t wrong = 0;
  std::uint32_t failed = 0;
};

std::vector<PageId> draw(std::mt19937& random, std::uint32_t page_count) {
  std::vector<PageId> wanted(random() % (PageWorld::kMaxBatch + 1));
  for (auto& page : wanted) page = static_cast<PageId>(random() % page_count);
  if (wanted.size() > 1 && random() % 2 == 0) wanted.back() = wanted.front();
  return wanted;
}

Walk walk(const PageWorld& world, PageReader& reader, std::uint32_t seed, int rounds, Tally& tally) {
  std::mt19937 random(seed);
  PageBatch batch;
  while (rounds-- > 0) {
    batch.wanted = draw(random, world.range().count());
    const auto got = co_await reader.read(batch);
    if (!got) {
      ++tally.failed;
      continue;
    }
    for (std::size_t i = 0; i < batch.wanted.size(); ++i) {
      ++(world.is_page(batch.wanted[i], batch.pages[i]) ? tally.good : tally.wrong);
    }
  }
  reader.release(batch);
}

}  // namespace

TEST_SUITE("io/page_source") {
  TEST_CASE("any number of interleaved searches get the right bytes, with the least cache and with plenty") {
    for (const auto& [page_bytes, blocks, before] : {std::tuple(4096U, 0U, false), std::tuple(12288U, 0U, false),
                                                     std::tuple(4096U, 20U, false), std::tuple(12288U, 20U, true)}) {
      PageWorld world(60, page_bytes, blocks, before);
      for (const auto& each : world.sources()) {
        const std::string& name = each.name;
        const auto& source = each.source;
        for (const std::uint64_t cache_bytes : {world.least(), world.least() + 5 * page_bytes, world.least() * 100}) {
          for (const std::uint32_t count : {1, 2, 40}) {
            CAPTURE(name);
            CAPTURE(cache_bytes);
            CAPTURE(count);
            const auto cache = source->cache(cache_bytes, PageWorld::kMaxBatch);
            REQUIRE(cache);
            const std::uint32_t pins = *cache ? (*cache)->frame_count() : 0;
            auto reader = source->reader(*cache, pins);
            REQUIRE(reader);
            Tally tally;
            std::vector<Walk> walks;
            for (std::uint32_t i = 0; i < count; ++i) walks.push_back(walk(world, **reader, i, 20, tally));
            run_to_the_end(**reader, walks);
            CHECK(tally.wrong == 0);
            CHECK(tally.failed == 0);
            CHECK(tally.good > count * 20);
            if (*cache) CHECK((*cache)->memory_bytes() + (*reader)->memory_bytes() <= cache_bytes);
          }
        }
      }
    }
  }

  TEST_CASE("page numbers outside the range are refused and leave the reader usable") {
    PageWorld world(10);
    for (const auto& each : world.sources()) {
      const std::string& name = each.name;
      const auto& source = each.source;
      CAPTURE(name);
      auto reader = source->reader(world.least(), PageWorld::kMaxBatch).value();
      PageBatch batch;
      for (const PageId bad : {10u, 11u, 1u << 20, ~0u}) {
        CAPTURE(bad);
        batch.wanted = {3, bad};
        REQUIRE(reader->begin(batch));
        REQUIRE_FALSE(batch.outcome);
        CHECK(batch.outcome.error().code == Code::kCorrupt);
        CHECK(batch.outcome.error().what.find(std::to_string(bad)) != std::string::npos);
        CHECK_FALSE(batch.outcome.error().file.empty());
      }
      REQUIRE(PageWorld::read(*reader, batch, {9}));
      CHECK(world.is_page(9, batch.pages[0]));
    }
  }

  TEST_CASE("a page is read and checked once, then found; the counters say so") {
    PageWorld world(10, 8192);
    for (const auto& each : world.sources()) {
      const std::string& name = each.name;
      const auto& source = each.source;
      CAPTURE(name);
      auto reader = source->reader(world.least(), PageWorld::kMaxBatch).value();
      PageBatch batch;
      const auto before = world.checks();
      REQUIRE(PageWorld::read(*reader, batch, {1, 2, 1}));
      CHECK(batch.disk_reads == 4);  // two pages of two blocks
      CHECK(batch.cache_hits == 1);
      REQUIRE(PageWorld::read(*reader, batch, {2, 1}));
      CHECK(batch.disk_reads == 4);
      CHECK(batch.cache_hits == 3);
      CHECK(world.checks() == before + 2);
      REQUIRE(PageWorld::read(*reader, batch, {}));
      CHECK(batch.pages.empty());
    }
  }

  TEST_CASE("when a cache shrinks its readers find pages that it kept, and read the others anew") {
    PageWorld world(300);
    for (const auto& each : world.sources()) {
      CAPTURE(each.name);
      if (each.source->mode() == IoMode::kMapped) continue;
      const auto cache = each.source->cache(least_cache_bytes(4096, 300), PageWorld::kMaxBatch).value();
      auto reader = each.source->reader(cache, PageWorld::kMaxBatch).value();
      PageBatch batch;
      for (PageId page = 0; page < 290; ++page) REQUIRE(PageWorld::read(*reader, batch, {page}));
      {
        PageBatch given_up;  // its reads may be under way still
        given_up.wanted = {295, 296, 297};
        reader->begin(given_up);
        reader->release(given_up);
      }
      reader->release(batch);
      const std::uint64_t held = cache->memory_bytes();
      cache->shrink(world.least(), PageWorld::kMaxBatch);
      reader->limit_pins(PageWorld::kMaxBatch);
      CHECK(cache->memory_bytes() < held / 4);
      CHECK(cache->frame_count() <= 2 * PageWorld::kMaxBatch);
      batch.disk_reads = 0;
      for (PageId page = 0; page < 300; ++page) {
        REQUIRE(PageWorld::read(*reader, batch, {page}));
        CHECK(world.is_page(page, batch.pages[0]));
      }
      CHECK(batch.disk_reads >= 300 - cache->frame_count());
      CHECK(batch.disk_reads <= 300);
      reader->release(batch);
    }
  }

  TEST_CASE("readers that share a cache find what one of them has read, also when it gave the read up") {
    PageWorld world(100);
    for (const auto& each : world.sources()) {
      CAPTURE(each.name);
      if (each.source->mode() == IoMode::kMapped) continue;
      const auto cache = each.source->cache(least_cache_bytes(4096, 50), PageWorld::kMaxBatch).value();
      auto one = each.source->reader(cache, PageWorld::kMaxBatch).value();
      auto other = each.source->reader(cache, PageWorld::kMaxBatch).value();
      PageBatch first, second;
      REQUIRE(PageWorld::read(*one, first, {1, 2, 3}));
      REQUIRE(PageWorld::read(*other, second, {3, 2, 1}));
      CHECK(second.disk_reads == 0);
      CHECK(second.pages[0] == first.pages[2]);
      first.wanted = {7, 8};
      one->begin(first);
      one->release(first);
      for (int round = 0; round < 2; ++round) REQUIRE(PageWorld::read(*other, second, {7, 8}));
      CHECK(second.disk_reads <= 2);  // not a second time, whoever reads first
      CHECK(world.is_page(8, second.pages[1]));
      second.disk_reads = 0;
      REQUIRE(PageWorld::read(*one, first, {7, 8}));
      one->release(first);
      CHECK(PageWorld::read(*one, first, {0, 1, 2, 3, 4, 5, 6, 7, 8}).error().code == Code::kOverBudget);  // its part
      one->release(first);
      other->release(second);
    }
  }

  TEST_CASE("threads that share a cache get the right bytes, and reads of pages that it holds are few") {
    constexpr std::uint32_t kThreads = 4, kPages = 200;
    PageWorld world(kPages);
    for (const auto& each : world.sources()) {
      if (each.source->mode() == IoMode::kMapped) continue;
      CAPTURE(each.name);
      for (const std::uint32_t frames : {kThreads * PageWorld::kMaxBatch, kPages + kThreads * PageWorld::kMaxBatch}) {
        CAPTURE(frames);
        const auto cache = each.source->cache(least_cache_bytes(4096, frames), frames).value();
        std::vector<Tally> tallies(kThreads);
        std::vector<std::uint32_t> reads(kThreads);
        const auto work = [&](std::uint32_t i) {
          auto reader = each.source->reader(cache, PageWorld::kMaxBatch).value();
          std::mt19937 random(i);
          PageBatch batch;
          for (int round = 0; round < 1'000; ++round) {
            if (!PageWorld::read(*reader, batch, draw(random, kPages))) ++tallies[i].failed;
            for (std::size_t j = 0; j < batch.wanted.size(); ++j) {
              PageId found = 0;  // what a page begins with
              std::memcpy(&found, batch.pages[j], sizeof found);
              ++(found == batch.wanted[j] ? tallies[i].good : tallies[i].wrong);
            }
          }
          reads[i] = batch.disk_reads;
          reader->release(batch);
        };
        {
          std::vector<std::jthread> threads;
          for (std::uint32_t i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
        }
        std::uint32_t all = 0;
        for (std::uint32_t i = 0; i < kThreads; ++i) {
          CHECK(tallies[i].good > 1'000);
          CHECK(tallies[i].wrong == 0);
          CHECK(tallies[i].failed == 0);
          all += reads[i];
        }
        CHECK(all >= kPages);
        if (frames > kPages) CHECK(all < 2 * kPages);  // some are missed by two at the same time
      }
    }
  }

  TEST_CASE("a page that fails its check is an error with the place, is asked for again, and spoils no other") {
    PageWorld world(10);
    bool damaged = true;
    const PageCheck check = [&](PageId page, std::span<const std::byte>) -> Result<void> {
      if (page != 4 || !damaged) return {};
      return Error{.code = Code::kCorrupt, .what = "damaged", .at = world.offset(page)};
    };
    for (const auto& each : world.sources(check)) {
      CAPTURE(each.name);
      damaged = true;
      auto reader = each.source->reader(world.least(), PageWorld::kMaxBatch).value();
      PageBatch batch;
      for (int round = 0; round < 3; ++round) {
        const auto got = PageWorld::read(*reader, batch, {3, 4, 5});
        REQUIRE_FALSE(got);
        CHECK(got.error().code == Code::kCorrupt);
        CHECK(got.error().at == world.offset(4));
        CHECK_FALSE(got.error().file.empty());
        REQUIRE(PageWorld::read(*reader, batch, {3, 5}));
        CHECK(world.is_page(5, batch.pages[1]));
      }
      damaged = false;
      REQUIRE(PageWorld::read(*reader, batch, {4}));
      CHECK(world.is_page(4, batch.pages[0]));
    }
  }

  TEST_CASE("too small a cache is refused, naming the least; a map needs none") {
    PageWorld world(10);
    for (const auto& each : world.sources()) {
      const std::string& name = each.name;
      const auto& source = each.source;
      CAPTURE(name);
      auto reader = source->reader(world.least() - 1, PageWorld::kMaxBatch);
      if (source->mode() == IoMode::kMapped) {
        CHECK(reader);
        continue;
      }
      REQUIRE_FALSE(reader);
      CHECK(reader.error().code == Code::kOverBudget);
      CHECK(reader.error().what.find(std::to_string(world.least())) != std::string::npos);
    }
  }

  TEST_CASE("a reader dies cleanly under batches that hold pages or wait for them") {
    PageWorld world;
    for (const auto& each : world.sources()) {
      const std::string& name = each.name;
      const auto& source = each.source;
      CAPTURE(name);
      PageBatch holding;
      PageBatch waiting;
      auto dead = std::make_unique<PageBatch>();
      auto reader = source->reader(world.least() * 2, PageWorld::kMaxBatch).value();
      REQUIRE(PageWorld::read(*reader, holding, {1, 2, 3}));
      waiting.wanted = {4, 5, 6, 7};
      reader->begin(waiting);
      dead->wanted = {6, 7, 8};
      reader->begin(*dead);
      dead.reset();
      reader.reset();
      CHECK(holding.pages.size() == 3);
    }
  }

  TEST_CASE("a map shared by threads checks every page and answers all of them") {
    PageWorld world(300);
    const auto source = mapped_source(world.real(), world.range(), world.check()).value();
    std::vector<Tally> tallies(4);
    std::vector<std::uint32_t> reads(4);
    {
      std::vector<std::jthread> threads;
      for (std::uint32_t i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
          auto reader = source->reader(0, PageWorld::kMaxBatch).value();
          std::mt19937 random(i);
          PageBatch batch;
          for (int round = 0; round < 400; ++round) {
            if (!PageWorld::read(*reader, batch, draw(random, 300))) ++tallies[i].failed;
            for (std::size_t j = 0; j < batch.wanted.size(); ++j) {
              ++(world.is_page(batch.wanted[j], batch.pages[j]) ? tallies[i].good : tallies[i].wrong);
            }
          }
          reads[i] = batch.disk_reads;
        });
      }
    }
    for (const Tally& tally : tallies) {
      CHECK(tally.good > 0);
      CHECK(tally.wrong == 0);
      CHECK(tally.failed == 0);
    }
    CHECK(reads[0] + reads[1] + reads[2] + reads[3] == 300);  // each page has one first reader
    CHECK(world.checks() >= 300);
  }

  TEST_CASE("blocks are numbered behind the pages, cost one block each, and are refused behind the last") {
    PageWorld world(5, 12288, 7);
    for (const auto& each : world.sources()) {
      const std::string name = each.name;
      CAPTURE(name);
      auto reader = each.source->reader(world.least() * 10, PageWorld::kMaxBatch).value();
      PageBatch batch;
      REQUIRE(PageWorld::read(*reader, batch, {4, 5, 11, 5}));
      for (std::size_t i = 0; i < batch.wanted.size(); ++i) CHECK(world.is_page(batch.wanted[i], batch.pages[i]));
      CHECK(batch.disk_reads == 3 + 1 + 1);
      CHECK(batch.cache_hits == 1);
      CHECK(PageWorld::read(*reader, batch, {12}).error().code == Code::kCorrupt);
      REQUIRE(PageWorld::read(*reader, batch, {11}));
      CHECK(world.is_page(11, batch.pages[0]));
      reader->release(batch);
    }
  }

  TEST_CASE("a map of a file that is too short is refused, and one cut later is an error where the kernel can tell") {
    PageWorld world(10);
    auto range = world.range();
    range.page_count = 11;
    CHECK(mapped_source(world.real(), range, {}).error().code == Code::kTruncated);
    range.at = std::uint64_t{1} << 62;
    CHECK(mapped_source(world.real(), range, {}).error().code == Code::kTruncated);
    range = world.range();
    range.blocks_at = world.offset(9), range.block_count = 2;
    CHECK(mapped_source(world.real(), range, {}).error().code == Code::kTruncated);
#ifdef MADV_POPULATE_READ
    const auto source = mapped_source(world.real(), world.range(), world.check()).value();
    auto reader = source->reader(0, PageWorld::kMaxBatch).value();
    REQUIRE(world.real().truncate(world.offset(5)));
    PageBatch batch;
    CHECK(PageWorld::read(*reader, batch, {4}));
    CHECK(PageWorld::read(*reader, batch, {5}).error().code == Code::kIo);
#endif
  }
}

}  // namespace nearline::io
