// SPDX-License-Identifier: Apache-2.0
/// Pages in a memory map. One bit per page, shared by all readers of the source, says that its checksum held.
#include <atomic>
#include <cassert>

#include "io/page_range.h"
#include "io/system_error.h"

namespace nearline::io {
namespace {

/// What the readers share. The bits order nothing: the pages they speak of never change.
struct MappedPages {
  PagePlan plan;
  std::unique_ptr<Mapping> mapping;
  const std::byte* base = nullptr;
  std::unique_ptr<std::atomic<std::uint64_t>[]> verified;

  [[nodiscard]] const std::byte* block(PageId page) const noexcept {
    return mapping->bytes().data() + plan.offset(page);
  }
  [[nodiscard]] bool is_verified(PageId page) const noexcept {
    return (verified[page / 64].load(std::memory_order_relaxed) >> (page % 64) & 1) != 0;
  }
  /// True for the one caller who was first.
  [[nodiscard]] bool set_verified(PageId page) const noexcept {
    const std::uint64_t bit = std::uint64_t{1} << (page % 64);
    return (verified[page / 64].fetch_or(bit, std::memory_order_relaxed) & bit) == 0;
  }
};

class MappedReader final : public PageReader {
 public:
  explicit MappedReader(const MappedPages& shared) noexcept : shared_(shared) {}

  bool begin(PageBatch& batch) override {
    if (!batch.outcome) batch.outcome = {};
    const std::size_t count = batch.wanted.size();
    batch.pages.resize(count);
    const std::size_t page_bytes = shared_.plan.range.page_bytes;
    std::size_t fresh = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const PageId page = batch.wanted[i];
      if (page < shared_.plan.range.page_count) {
        batch.pages[i] = shared_.base + page * page_bytes;
      } else if (page < shared_.plan.range.count()) {
        batch.pages[i] = shared_.block(page);
      } else {
        batch.outcome = shared_.plan.all_inside(batch.wanted);
        return true;
      }
      fresh += !shared_.is_verified(page);
    }
    if (fresh > 0) {
      batch.outcome = fetch(batch);
    } else {
      batch.cache_hits += static_cast<std::uint32_t>(count);
    }
    return true;
  }

  void release(PageBatch&) noexcept override {}
  void poll() override { assert(false && "a mapped read is never pending"); }
  [[nodiscard]] const std::byte* base() const noexcept override { return shared_.base; }
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept override { return sizeof *this; }

 private:
  /// Out of the hot path: pages that nobody has looked at in this process.
  [[gnu::noinline]] Result<void> fetch(PageBatch& batch) const {
    const PagePlan& plan = shared_.plan;
    // Asked for ahead of touching them, several come side by side; and even one comes many times sooner than by a page
    // fault in a random-access map (Linux 6.18: 0.1 ms against 0.3 to 3 ms).
    for (std::size_t i = 0; i < batch.wanted.size();) {
      const PageId first = batch.wanted[i];
      PageId last = first;  // who reads all in order asks once for a run of them
      const auto goes_on = [&](PageId next) {
        return next - last <= 1 && (next == last || next != plan.range.page_count);
      };
      for (++i; i < batch.wanted.size() && goes_on(batch.wanted[i]); ++i) last = batch.wanted[i];
      if (shared_.is_verified(first) && shared_.is_verified(last)) continue;
      shared_.mapping->will_need(plan.offset(first), (last - first + 1) * std::size_t{plan.bytes_of(first)});
    }
    for (std::size_t i = 0; i < batch.wanted.size(); ++i) {
      const PageId page = batch.wanted[i];
      if (shared_.is_verified(page)) {
        ++batch.cache_hits;
        continue;
      }
      NEARLINE_CHECK(look_at(page, {batch.pages[i], plan.bytes_of(page)}));
      if (shared_.set_verified(page)) batch.disk_reads += plan.blocks_of(page);
    }
    return {};
  }

  [[nodiscard]] Result<void> look_at(PageId page, std::span<const std::byte> bytes) const {
    const std::uint64_t at = shared_.plan.offset(page);
    if (const int number = shared_.mapping->populate(at, bytes.size()); number != 0) {
      auto error = system_error(number, "cannot read the memory map", shared_.plan.path, at);
      error.code = Code::kIo;  // EFAULT: the file was cut, or the disk failed
      return error;
    }
    return shared_.plan.verify(page, bytes);
  }

  const MappedPages& shared_;
};

class MappedSource final : public PageSource {
 public:
  explicit MappedSource(MappedPages shared) noexcept : shared_(std::move(shared)) {}

  Result<std::shared_ptr<PageCache>> cache(std::uint64_t, std::uint32_t) override {
    return std::shared_ptr<PageCache>();
  }
  Result<std::unique_ptr<PageReader>> reader(std::shared_ptr<PageCache>, std::uint32_t) override {
    return std::unique_ptr<PageReader>(std::make_unique<MappedReader>(shared_));
  }
  [[nodiscard]] IoMode mode() const noexcept override { return IoMode::kMapped; }

 private:
  MappedPages shared_;
};

}  // namespace

Result<std::unique_ptr<PageSource>> mapped_source(const File& file, const PageRange& range, PageCheck check) {
  MappedPages shared;
  shared.plan = {file.path(), range, std::move(check)};
  NEARLINE_TRY(file_bytes, file.size());
  NEARLINE_CHECK(shared.plan.fits(file_bytes));
  NEARLINE_TRY(mapping, file.map(shared.plan.end(), Access::kRandom));
  shared.base = mapping->bytes().data() + range.at;
  shared.mapping = std::move(mapping);
  shared.verified = std::make_unique<std::atomic<std::uint64_t>[]>(std::size_t{range.count()} / 64 + 1);
  return std::unique_ptr<PageSource>(std::make_unique<MappedSource>(std::move(shared)));
}

}  // namespace nearline::io
