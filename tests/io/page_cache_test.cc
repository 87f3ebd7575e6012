// SPDX-License-Identifier: Apache-2.0
#include "io/page_cache.h"

#include <doctest/doctest.h>

#include <random>
#include <set>
#include <unordered_map>

namespace nearline::io {
namespace {

using Frame = PageCache::Frame;

constexpr PageRange kRange{.at = 0, .page_bytes = 4096, .page_count = 1000};

PageCache with_frames(std::uint32_t frames) {
  auto cache = PageCache::create(kRange, least_cache_bytes(kRange.page_bytes, frames), 1);
  REQUIRE(cache);
  REQUIRE(cache->frame_count() == frames);
  return std::move(cache).value();
}

Frame bring(PageCache& cache, PageId page) {
  const Frame frame = cache.take();
  if (frame != PageCache::kNone) cache.attach(frame, page);
  return frame;
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
    CHECK(cache->frame_count() == 8);
    CHECK(cache->memory_bytes() <= least);
  }

  TEST_CASE("no more frames than pages are made, and the budget is never exceeded") {
    const auto all = PageCache::create(kRange, ~std::uint64_t{0}, 8);
    REQUIRE(all);
    CHECK(all->frame_count() == kRange.page_count);
    for (std::uint64_t bytes = least_cache_bytes(4096, 1); bytes < 1'000'000; bytes += 12'345) {
      CAPTURE(bytes);
      CHECK(PageCache::create(kRange, bytes, 1)->memory_bytes() <= bytes);
    }
  }

  TEST_CASE("memory that the system does not have is an error") {
    const PageRange huge{.at = 0, .page_bytes = 1u << 31, .page_count = ~0u};
    CHECK(PageCache::create(huge, ~std::uint64_t{0}, 1).error().code == Code::kNoMemory);
  }

  TEST_CASE("frames are aligned for direct reads and do not overlap") {
    const auto cache = with_frames(3);
    for (Frame frame = 0; frame < 3; ++frame) {
      CHECK(reinterpret_cast<std::uintptr_t>(cache.bytes(frame).data()) % 4096 == 0);
      CHECK(cache.bytes(frame).size() == 4096);
      CHECK(cache.bytes(frame).data() == cache.all_bytes().data() + 4096 * frame);
    }
  }

  TEST_CASE("pinned frames are never recycled, and when all are pinned there is none") {
    auto cache = with_frames(3);
    const Frame kept = bring(cache, 7);
    for (PageId page = 10; page < 40; ++page) {
      CAPTURE(page);
      const Frame frame = bring(cache, page);
      REQUIRE(frame != kept);
      cache.unpin(frame);
    }
    CHECK(cache.pin_page(7) == kept);
    bring(cache, 50);
    bring(cache, 51);
    CHECK(cache.take() == PageCache::kNone);
    cache.unpin(kept);
    CHECK(cache.take() == PageCache::kNone);  // pinned twice
    cache.unpin(kept);
    CHECK(cache.take() == kept);
  }

  TEST_CASE("pages leave in the order they came, but for those found again") {
    auto cache = with_frames(4);
    for (PageId page = 0; page < 4; ++page) cache.unpin(bring(cache, page));
    cache.unpin(cache.pin_page(2));
    for (PageId page = 10; page < 13; ++page) cache.unpin(bring(cache, page));
    for (const PageId page : {2, 10, 11, 12}) {
      CAPTURE(page);
      const Frame frame = cache.pin_page(page);
      REQUIRE(frame != PageCache::kNone);
      cache.unpin(frame);
    }
    for (const PageId page : {0, 1, 3}) CHECK(cache.pin_page(page) == PageCache::kNone);
  }

  TEST_CASE("a detached page is not found, and its frame comes back when the last pin goes") {
    auto cache = with_frames(1);
    const Frame frame = bring(cache, 5);
    cache.pin(frame);
    cache.detach(frame);
    CHECK(cache.pin_page(5) == PageCache::kNone);
    cache.unpin(frame);
    CHECK(cache.take() == PageCache::kNone);
    cache.unpin(frame);
    CHECK(cache.take() == frame);
  }

  TEST_CASE("a cache that shrinks finds the pages that it has room for, forgets the others, and goes on with less") {
    auto cache = with_frames(100);
    std::unordered_map<Frame, PageId> stands;
    for (PageId page = 0; page < 90; ++page) {  // some frames were never used
      const Frame frame = bring(cache, page);
      stands[frame] = page;
      cache.unpin(frame);
    }
    const auto bytes = least_cache_bytes(kRange.page_bytes, 40);
    cache.shrink(bytes + kRange.page_bytes / 2);
    REQUIRE(cache.frame_count() == 40);
    CHECK(cache.memory_bytes() <= bytes);
    for (const auto& [frame, page] : stands) {
      const Frame found = cache.pin_page(page);
      CHECK(found == (frame < 40 ? frame : PageCache::kNone));
      if (found != PageCache::kNone) cache.unpin(found);
    }
    std::set<Frame> all;
    for (PageId page = 200; page < 240; ++page) all.insert(bring(cache, page));
    CHECK(all.size() == 40);
    CHECK(*all.rbegin() < 40);
    CHECK(cache.take() == PageCache::kNone);
  }

  TEST_CASE("a cache that may have more than it has stays as it is") {
    auto cache = with_frames(10);
    const Frame frame = bring(cache, 7);
    cache.unpin(frame);
    cache.shrink(least_cache_bytes(kRange.page_bytes, 20));
    CHECK(cache.frame_count() == 10);
    CHECK(cache.pin_page(7) == frame);
  }

  TEST_CASE("through any history the table finds exactly the pages that stand in frames") {
    auto cache = with_frames(37);
    std::mt19937_64 random(5);
    std::unordered_map<Frame, PageId> stands;  // a model: which page each frame holds
    for (int step = 0; step < 20'000; ++step) {
      const auto page = static_cast<PageId>(random() % 100);
      Frame frame = cache.pin_page(page);
      if (frame == PageCache::kNone) {
        for (const auto& [other, held] : stands) REQUIRE(held != page);
        frame = bring(cache, page);
        REQUIRE(frame != PageCache::kNone);
        stands[frame] = page;
      }
      REQUIRE(stands.at(frame) == page);
      REQUIRE(cache.page(frame) == page);
      if (random() % 16 == 0) {
        cache.detach(frame);
        stands.erase(frame);
      }
      cache.unpin(frame);
    }
    for (const auto& [frame, page] : stands) CHECK(cache.pin_page(page) == frame);
  }
}

}  // namespace nearline::io
