// SPDX-License-Identifier: Apache-2.0
/// Pages by plain reads into a cache: what works everywhere. Nothing is ever pending.
#include <cassert>

#include "io/page_cache.h"
#include "io/page_range.h"

namespace nearline::io {
namespace {

class PreadReader final : public PageReader {
 public:
  PreadReader(const File& file, const PagePlan& plan, std::shared_ptr<PageCache> cache, std::uint32_t pins) noexcept
      : file_(file), plan_(plan), cache_(std::move(cache)), self_(cache_->join()), most_(pins) {}

  bool begin(PageBatch& batch) override {
    release(batch);
    batch.outcome = plan_.all_inside(batch.wanted);
    if (!batch.outcome) return true;
    batch.pages.resize(batch.wanted.size());
    batch.pinned.reserve(batch.wanted.size());
    batch.outcome = pins_ + batch.wanted.size() > most_ ? too_many_pinned() : fetch(batch);
    return true;
  }

  void release(PageBatch& batch) noexcept override {
    for (const auto frame : batch.pinned) cache_->unpin(frame);
    pins_ -= batch.pinned.size();
    batch.pinned.clear();
  }

  void limit_pins(std::uint32_t pins) noexcept override { most_ = pins; }
  void poll() override { assert(false && "a plain read is never pending"); }
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept override { return sizeof *this; }

 private:
  /// First what is there already, so that it cannot be evicted for what is not; then the rest.
  Result<void> fetch(PageBatch& batch) {
    std::size_t missing = 0;
    for (std::size_t i = 0; i < batch.wanted.size(); ++i) {
      const auto frame = cache_->pin_page(batch.wanted[i], self_);
      batch.pages[i] = frame == PageCache::kNone ? nullptr : hold(batch, frame);
      missing += frame == PageCache::kNone;
    }
    if (missing > 1) announce(batch);
    for (std::size_t i = 0; i < batch.wanted.size(); ++i) {
      if (batch.pages[i] != nullptr) {
        ++batch.cache_hits;
        continue;
      }
      const PageId page = batch.wanted[i];
      if (const auto frame = cache_->pin_page(page, self_); frame != PageCache::kNone) {  // wanted twice
        batch.pages[i] = hold(batch, frame);
        ++batch.cache_hits;
        continue;
      }
      const auto frame = cache_->take(page, self_);
      if (frame == PageCache::kNone) return too_many_pinned();
      batch.pages[i] = hold(batch, frame);
      batch.disk_reads += plan_.blocks_of(page);
      const auto bytes = cache_->bytes(frame).first(plan_.bytes_of(page));
      NEARLINE_CHECK(read_exact(file_, plan_.offset(page), bytes));
      NEARLINE_CHECK(plan_.verify(page, bytes));
      cache_->publish(frame);
    }
    return {};
  }

  /// Lets the disk serve the missing pages side by side.
  void announce(const PageBatch& batch) const noexcept {
    for (std::size_t i = 0; i < batch.wanted.size(); ++i) {
      const PageId page = batch.wanted[i];
      if (batch.pages[i] == nullptr) file_.will_need(plan_.offset(page), plan_.bytes_of(page));
    }
  }

  const std::byte* hold(PageBatch& batch, PageCache::Frame frame) {
    batch.pinned.push_back(frame);
    ++pins_;
    return cache_->bytes(frame).data();
  }

  const File& file_;
  const PagePlan& plan_;
  const std::shared_ptr<PageCache> cache_;
  const PageCache::Reader self_;
  std::size_t most_;
  std::size_t pins_ = 0;
};

class PreadSource final : public PageSource {
 public:
  PreadSource(const File& file, PagePlan plan) : file_(file), plan_(std::move(plan)) {}

  Result<std::shared_ptr<PageCache>> cache(std::uint64_t cache_bytes, std::uint32_t max_batch) override {
    return PageCache::create(plan_.range, cache_bytes, max_batch);
  }
  Result<std::unique_ptr<PageReader>> reader(std::shared_ptr<PageCache> cache, std::uint32_t pins) override {
    return std::unique_ptr<PageReader>(std::make_unique<PreadReader>(file_, plan_, std::move(cache), pins));
  }
  [[nodiscard]] IoMode mode() const noexcept override { return IoMode::kPread; }

 private:
  const File& file_;
  PagePlan plan_;
};

}  // namespace

std::unique_ptr<PageSource> pread_source(const File& file, const PageRange& range, PageCheck check) {
  return std::make_unique<PreadSource>(file, PagePlan{file.path(), range, std::move(check)});
}

}  // namespace nearline::io
