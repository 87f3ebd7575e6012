// SPDX-License-Identifier: Apache-2.0
#include "io/page_cache.h"

#include <doctest/doctest.h>

#include <memory>
#include <random>
#include <set>
#include <unordered_map>

namespace nearline::io {
namespace {

using Frame = PageCache::Frame;

constexpr PageRange kRange{.at = 0, .page_bytes = 4096, .page_count = 1000};

constexpr PageCache::Reader kReader = 1, kOther = 2;

std::shared_ptr<PageCache> with_frames(std::uint32_t frames) {
  auto cache = PageCache::create(kRange, least_cache_bytes(kRange.page_bytes, frames), 1);
  REQUIRE(cache);
  REQUIRE((*cache)->frame_count() == frames);
  return std::move(cache).value();
}

Frame bring(PageCache& cache, PageId page) {
  const Frame frame = cache.take(page, kReader);
  if (frame != PageCache::kNone) cache.publish(frame);
  return frame;
}

Frame find(PageCache& cache, PageId page) {
  return cache.pin_page(page, kReader);
}

}  // namespace

TEST_SUITE("io/page_cache") {
  TEST_CASE("a budget below the least is refused, naming the least; the least is enough") {
    const auto least = least_cache_bytes(4096, 8);
    auto refused = PageCache::create(kRange, least - 1, 8);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::kOverBudget);
    CHECK(refused.error().what.find(std::to_string(least)) != std::string::npos);
    const auto cache = PageCache::create(kRange, least, 8);
    REQUIRE(cache);
    CHECK((*cache)->frame_count() == 8);
    for (PageId page = 0; page < 8; ++page) bring(**cache, page);
    CHECK((*cache)->memory_bytes() <= least);
  }

  TEST_CASE("no more frames than pages are made, and the budget is never exceeded") {
    const auto all = PageCache::create(kRange, ~std::uint64_t{0}, 8);
    REQUIRE(all);
    CHECK((*all)->frame_count() == kRange.page_count);
    for (std::uint64_t bytes = least_cache_bytes(4096, 1); bytes < 1'000'000; bytes += 12'345) {
      CAPTURE(bytes);
      const auto cache = PageCache::create(kRange, bytes, 1).value();
      for (PageId page = 0; page < cache->frame_count(); ++page) bring(*cache, page);
      CHECK(cache->memory_bytes() <= bytes);
      CHECK(cache->memory_bytes() >= cache->frame_count() * std::uint64_t{kRange.page_bytes});
    }
  }

  TEST_CASE("memory that the system does not have is an error") {
    const PageRange huge{.at = 0, .page_bytes = 1u << 31, .page_count = ~0u};
    CHECK(PageCache::create(huge, ~std::uint64_t{0}, 1).error().code == Code::kNoMemory);
  }

  TEST_CASE("frames are aligned for direct reads and do not overlap") {
    const auto shared = with_frames(3);
    PageCache& cache = *shared;
    for (Frame frame = 0; frame < 3; ++frame) {
      CHECK(reinterpret_cast<std::uintptr_t>(cache.bytes(frame).data()) % 4096 == 0);
      CHECK(cache.bytes(frame).size() == 4096);
      CHECK(cache.bytes(frame).data() == cache.all_bytes().data() + 4096 * frame);
    }
  }

  TEST_CASE("pinned frames are never recycled, and when all are pinned there is none") {
    const auto shared = with_frames(3);
    PageCache& cache = *shared;
    const Frame kept = bring(cache, 7);
    for (PageId page = 10; page < 40; ++page) {
      CAPTURE(page);
      const Frame frame = bring(cache, page);
      REQUIRE(frame != kept);
      cache.unpin(frame);
    }
    CHECK(find(cache, 7) == kept);
    bring(cache, 50);
    bring(cache, 51);
    CHECK(cache.take(999, kReader) == PageCache::kNone);
    cache.unpin(kept);
    CHECK(cache.take(999, kReader) == PageCache::kNone);  // pinned twice
    cache.unpin(kept);
    CHECK(cache.take(999, kReader) == kept);
  }

  TEST_CASE("pages leave in the order they came, but for those found again") {
    const auto shared = with_frames(4);
    PageCache& cache = *shared;
    for (PageId page = 0; page < 4; ++page) cache.unpin(bring(cache, page));
    cache.unpin(find(cache, 2));
    for (PageId page = 10; page < 13; ++page) cache.unpin(bring(cache, page));
    for (const PageId page : {2, 10, 11, 12}) {
      CAPTURE(page);
      const Frame frame = find(cache, page);
      REQUIRE(frame != PageCache::kNone);
      cache.unpin(frame);
    }
    for (const PageId page : {0, 1, 3}) CHECK(find(cache, page) == PageCache::kNone);
  }

  TEST_CASE("a page that is withdrawn is not found, and its frame comes back when the last pin goes") {
    const auto shared = with_frames(1);
    PageCache& cache = *shared;
    const Frame frame = bring(cache, 5);
    cache.pin(frame);
    cache.withdraw(frame);
    CHECK(find(cache, 5) == PageCache::kNone);
    cache.unpin(frame);
    CHECK(cache.take(999, kReader) == PageCache::kNone);
    cache.unpin(frame);
    CHECK(cache.take(999, kReader) == frame);
  }

  TEST_CASE("a cache that shrinks finds the pages that it has room for, forgets the others, and goes on with less") {
    const auto shared = with_frames(100);
    PageCache& cache = *shared;
    std::unordered_map<Frame, PageId> stands;
    for (PageId page = 0; page < 90; ++page) {  // some frames were never used
      const Frame frame = bring(cache, page);
      stands[frame] = page;
      cache.unpin(frame);
    }
    const auto bytes = least_cache_bytes(kRange.page_bytes, 40);
    cache.shrink(bytes + kRange.page_bytes / 2 + 60 * 64, 1);  // notes of all frames stay
    REQUIRE(cache.frame_count() == 40);
    CHECK(cache.memory_bytes() <= bytes + 60 * 64);
    for (const auto& [frame, page] : stands) {
      const Frame found = find(cache, page);
      CHECK(found == (frame < 40 ? frame : PageCache::kNone));
      if (found != PageCache::kNone) cache.unpin(found);
    }
    std::set<Frame> all;
    for (PageId page = 200; page < 240; ++page) all.insert(bring(cache, page));
    CHECK(all.size() == 40);
    CHECK(*all.rbegin() < 40);
    CHECK(cache.take(999, kReader) == PageCache::kNone);
  }

  TEST_CASE("a cache that may have more than it has stays as it is") {
    const auto shared = with_frames(10);
    PageCache& cache = *shared;
    const Frame frame = bring(cache, 7);
    cache.unpin(frame);
    cache.shrink(least_cache_bytes(kRange.page_bytes, 20), 1);
    CHECK(cache.frame_count() == 10);
    CHECK(find(cache, 7) == frame);
  }

  TEST_CASE("what is pinned outlives a cache that shrinks, and goes with its last pin") {
    const auto shared = with_frames(10);
    PageCache& cache = *shared;
    for (PageId page = 0; page < 10; ++page) bring(cache, page);
    cache.shrink(0, 4);
    CHECK(cache.frame_count() == 4);
    for (PageId page = 0; page < 10; ++page) {
      const Frame frame = find(cache, page);
      REQUIRE(frame != PageCache::kNone);
      cache.unpin(frame);
      cache.unpin(frame);
      CHECK((find(cache, page) != PageCache::kNone) == (frame < 4));
    }
  }

  TEST_CASE("a page under way is found by who fills it alone; others read it, and the first that has it is kept") {
    const auto shared = with_frames(10);
    PageCache& cache = *shared;
    const Frame slow = cache.take(5, kReader);
    CHECK(find(cache, 5) == PageCache::kNone);
    cache.announce(slow);
    CHECK(find(cache, 5) == slow);
    CHECK(cache.pin_page(5, kOther) == PageCache::kNone);
    const Frame quick = cache.take(5, kOther);
    cache.announce(quick);
    CHECK(find(cache, 5) == slow);
    cache.publish(quick);
    CHECK(find(cache, 5) == quick);
    CHECK(cache.pin_page(5, kOther) == quick);
    cache.publish(slow);
    CHECK(find(cache, 5) == quick);
    for (int pins = 0; pins < 3; ++pins) cache.unpin(slow);
    std::set<Frame> rest;
    for (PageId page = 10; page < 19; ++page) rest.insert(bring(cache, page));
    CHECK(rest.contains(slow));  // it was no page's any more
    CHECK_FALSE(rest.contains(quick));
  }

  TEST_CASE("through any history the table finds exactly the pages that stand in frames") {
    const auto shared = with_frames(37);
    PageCache& cache = *shared;
    std::mt19937_64 random(5);
    std::unordered_map<Frame, PageId> stands;  // a model: which page each frame holds
    for (int step = 0; step < 20'000; ++step) {
      const auto page = static_cast<PageId>(random() % 100);
      Frame frame = find(cache, page);
      if (frame == PageCache::kNone) {
        for (const auto& [other, held] : stands) REQUIRE(held != page);
        frame = bring(cache, page);
        REQUIRE(frame != PageCache::kNone);
        stands[frame] = page;
      }
      REQUIRE(stands.at(frame) == page);
      REQUIRE(cache.page(frame) == page);
      if (random() % 16 == 0) {
        cache.withdraw(frame);
        stands.erase(frame);
      }
      cache.unpin(frame);
    }
    for (const auto& [frame, page] : stands) CHECK(find(cache, page) == frame);
  }
}

}  // namespace nearline::io
