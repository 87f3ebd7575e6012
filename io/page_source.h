// SPDX-License-Identifier: Apache-2.0
/// How a search gets at pages without knowing where they come from. A search is a coroutine that says
///     NEARLINE_CHECK(co_await reader.read(batch));
/// and goes on when every page of the batch stands in memory. A mapped reader is ready at once and never suspends;
/// a ring reader queues the reads, and the searches of a batch take turns while theirs are in flight.
///
///   PageSource  one per open index, shared by threads: what is to be read
///   PageCache   one per open index, shared by threads: the pages that are kept
///   PageReader  one per searching thread: ring, counters
///   PageBatch   one per search: the pages wanted now, pinned until the next read or release
#pragma once

#include <algorithm>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "io/file.h"
#include "nearline/result.h"
#include "nearline/search.h"
#include "nearline/types.h"

namespace nearline::io {

class PageCache;

/// Number of a page inside the source's range: page p covers bytes [at + p * page_bytes, + page_bytes). Numbers from
/// page_count on are blocks: block b is page_count + b.
using PageId = std::uint32_t;

/// What a source serves: the pages of one file section, and single blocks of another one, which share their cache.
struct PageRange {
  static constexpr std::uint32_t kBlockBytes = 4096;

  std::uint64_t at = 0;          ///< offset in the file, a multiple of 4096
  std::uint32_t page_bytes = 0;  ///< a multiple of 4096
  std::uint32_t page_count = 0;
  std::uint64_t blocks_at = 0;    ///< offset in the file of block 0, a multiple of 4096
  std::uint32_t block_count = 0;  ///< pages and blocks together have numbers of 32 bits

  [[nodiscard]] std::uint32_t count() const noexcept { return page_count + block_count; }
  [[nodiscard]] std::uint32_t bytes_of(PageId page) const noexcept {
    return page < page_count ? page_bytes : kBlockBytes;
  }
  [[nodiscard]] std::uint64_t offset(PageId page) const noexcept {
    return page < page_count ? at + std::uint64_t{page} * page_bytes
                             : blocks_at + std::uint64_t{page - page_count} * kBlockBytes;
  }
};

/// Checks a page against its checksum the first time it is read from the disk. Called from any thread.
/// bytes: the whole page, or block. Returns kCorrupt with the offset.
using PageCheck = std::function<Result<void>(PageId page, std::span<const std::byte> bytes)>;

/// What a search asked for and what it cost. Stays where it is, and `wanted` as it is, while a read is pending.
struct PageBatch {
  std::vector<PageId> wanted;           ///< in: pages to bring; duplicates allowed
  std::vector<const std::byte*> pages;  ///< out: pages[i] holds wanted[i]; valid until the next read or release
  // Counters add up over the batch's life; the search takes and clears them.
  std::uint32_t disk_reads = 0;  ///< 4 KiB blocks fetched
  std::uint32_t cache_hits = 0;  ///< pages that needed no read of their own
  Result<void> outcome;          ///< of the last read, once nothing is pending; its pages are there only when good

  // The reader's own from here on.
  enum class State : std::uint8_t { kIdle, kHungry, kReading, kReady };
  struct Link {
    PageBatch* batch = nullptr;
    std::uint32_t index = 0;
  };
  std::vector<std::uint32_t> pinned;  ///< frames held for this batch
  std::vector<Link> links;            ///< links[i]: who else waits for the frame of wanted[i]
  PageBatch* next = nullptr;          ///< who stands behind it in its line
  std::uint32_t pending = 0;          ///< pages not there yet
  State state = State::kIdle;
  std::coroutine_handle<> waiter;
};

/// One thread's access to the pages at a time. Not thread-safe. Dies before its source; reads in flight are waited for.
class PageReader {
 public:
  virtual ~PageReader() = default;

  /// Releases what the batch held, then starts fetching batch.wanted. True when everything is there already (or failed:
  /// see batch.outcome); false when batch.waiter is to be resumed by `poll` later. May be called from a search that
  /// `poll` resumed. A page number outside the range fails the batch with kCorrupt: such numbers come from files.
  virtual bool begin(PageBatch& batch) = 0;

  /// Unpins the batch's pages and forgets a read that is still pending: nobody is resumed for it. A batch is released
  /// before it dies, unless its reader and the cache are dead already or do nothing any more but die.
  virtual void release(PageBatch& batch) noexcept = 0;

  /// Waits for at least one completion and resumes every search whose pages are complete. Precondition: some batch is
  /// pending. Errors go to the batches concerned; std::bad_alloc where there is no memory for an error: then nobody was
  /// told, and whoever does not poll again releases its batches.
  virtual void poll() = 0;

  /// From now on it pins at most so many pages of the cache at once, and uses no frames that the cache has given back.
  /// Reads that batches gave up count, and where they are more they are waited for. pins: at most what the reader was
  /// made for. Precondition: no batch holds or wants pages.
  virtual void limit_pins(std::uint32_t /*pins*/) noexcept {}

  /// First byte of page 0 when all pages stand in memory at fixed places, else null. Bytes reached this way are not
  /// checked: that is what `begin` does.
  [[nodiscard]] virtual const std::byte* base() const noexcept { return nullptr; }

  /// Bytes of private memory that this reader holds, the cache not among them.
  [[nodiscard]] virtual std::uint64_t memory_bytes() const noexcept = 0;

  /// The awaitable form of begin.
  struct Awaiter {
    PageReader& reader;
    PageBatch& batch;
    bool await_ready() { return reader.begin(batch); }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { batch.waiter = waiter; }
    Result<void> await_resume() { return std::move(batch.outcome); }
  };
  Awaiter read(PageBatch& batch) { return Awaiter{*this, batch}; }

  /// For a search that keeps several batches on their way: it calls `begin` on each, then awaits any of them. Goes on
  /// when at least one has nothing pending. Precondition: batches is not empty.
  struct AnyAwaiter {
    std::span<PageBatch* const> batches;
    [[nodiscard]] bool await_ready() const noexcept {
      return std::ranges::any_of(batches, [](const PageBatch* batch) { return batch->pending == 0; });
    }
    void await_suspend(std::coroutine_handle<> waiter) const noexcept {
      for (PageBatch* batch : batches) batch->waiter = waiter;
    }
    void await_resume() const noexcept {
      for (PageBatch* batch : batches) batch->waiter = nullptr;  // resumed once, not once for each
    }
  };
  [[nodiscard]] static AnyAwaiter any_of(std::span<PageBatch* const> batches) { return AnyAwaiter{batches}; }
};

/// What a reader takes beside the cache: its ring.
inline constexpr std::uint64_t kReaderBytes = 24 * 1024;

/// The least `cache_bytes` that PageSource::cache accepts: room for a reader and its largest batch. One search that
/// holds pages of one batch while it waits for another counts both in max_batch; of several such searches, each needs
/// room for what it holds.
[[nodiscard]] constexpr std::uint64_t least_cache_bytes(std::uint32_t page_bytes, std::uint32_t max_batch) noexcept {
  constexpr std::uint64_t kFixedBytes = 8 * 1024;  // locks
  constexpr std::uint64_t kFrameBytes = 64;        // bookkeeping of one cached page
  return kReaderBytes + kFixedBytes + max_batch * (page_bytes + kFrameBytes);
}

/// Makes caches and readers, and outlives them. Thread-safe.
class PageSource {
 public:
  virtual ~PageSource() = default;

  /// A cache for readers of this source; null where they need none. cache_bytes: bound on what it may hold, one reader
  /// included. max_batch: the most pages that a batch will ask for, at least 1.
  /// Errors: kOverBudget when cache_bytes is below least_cache_bytes, kNoMemory when the system has none.
  virtual Result<std::shared_ptr<PageCache>> cache(std::uint64_t cache_bytes, std::uint32_t max_batch) = 0;
  /// A reader that shares the cache. pins: the most pages that its batches pin together, where a page counts each time
  /// that it is asked for. All readers of a cache may pin no more than it has frames. Errors: kIo when a ring fails.
  virtual Result<std::unique_ptr<PageReader>> reader(std::shared_ptr<PageCache> cache, std::uint32_t pins) = 0;

  /// A reader with a cache of its own, all of which it may pin. Errors: those of `cache` and `reader`.
  Result<std::unique_ptr<PageReader>> reader(std::uint64_t cache_bytes, std::uint32_t max_batch);
  [[nodiscard]] virtual IoMode mode() const noexcept = 0;
};

/// Pages in a memory map of the file. `check` runs once per page and source (a bit per page remembers). The file may be
/// closed afterwards. Errors: kTruncated when the range does not lie inside the file; those of File::map.
Result<std::unique_ptr<PageSource>> mapped_source(const File& file, const PageRange& range, PageCheck check);

/// Pages by pread into a CLOCK cache; works on every File, the simulated disk's included. `file` outlives
/// it.
std::unique_ptr<PageSource> pread_source(const File& file, const PageRange& range, PageCheck check);

/// Pages by io_uring with registered file and buffers, O_DIRECT where allowed, into the same kind of cache.
/// The file may be closed afterwards. Errors: kUnsupported, with the reason in words, where io_uring cannot be used or
/// the file has no descriptor; the caller then takes pread_source.
Result<std::unique_ptr<PageSource>> direct_source(const File& file, const PageRange& range, PageCheck check);

/// Whether io_uring works in this process; the error's sentence says why not.
Result<void> io_uring_usable();

}  // namespace nearline::io
