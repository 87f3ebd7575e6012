// SPDX-License-Identifier: Apache-2.0
/// Pages whose bytes tell which page they are, in a real file and on a simulated disk; and searches that want them.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <coroutine>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "io/page_source.h"
#include "io/simulated_disk.h"
#include "tests/io/temp_dir.h"

namespace nearline::io {

/// A search: runs until it first waits, is resumed by poll. Owns its frame.
class Walk {
 public:
  struct promise_type {
    Walk get_return_object() { return Walk(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  explicit Walk(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Walk(Walk&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Walk& operator=(Walk&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Walk() {
    if (handle_) handle_.destroy();
  }
  [[nodiscard]] bool done() const { return handle_.done(); }

 private:
  std::coroutine_handle<promise_type> handle_;
};

inline void run_to_the_end(PageReader& reader, const std::vector<Walk>& walks) {
  while (!std::ranges::all_of(walks, &Walk::done)) reader.poll();
}

class PageWorld {
 public:
  /// blocks: how many stand behind the pages, or before them; a page's room lies between.
  explicit PageWorld(std::uint32_t page_count = 100, std::uint32_t page_bytes = 4096, std::uint32_t blocks = 0,
                     bool before = false)
      : range_{.at = 8192, .page_bytes = page_bytes, .page_count = page_count, .block_count = blocks} {
    const std::uint64_t pages = std::uint64_t{page_count} * page_bytes, gap = page_bytes;
    const std::uint64_t others = std::uint64_t{blocks} * PageRange::kBlockBytes;
    if (blocks > 0) range_.blocks_at = before ? range_.at : range_.at + pages + gap;
    if (before) range_.at += others + gap;
    std::vector<std::byte> bytes(8192 + pages + (blocks > 0 ? gap + others : 0));
    for (PageId page = 0; page < range_.count(); ++page) fill(page, bytes.data() + offset(page));
    disk_.put("pages", bytes);
    auto file = real_file_system().create_new(path());
    REQUIRE(file);
    REQUIRE(write_all(**file, 0, bytes));
    real_ = std::move(file).value();
    simulated_ = disk_.open_read("pages").value();
  }

  [[nodiscard]] std::filesystem::path path() const { return dir_ / "pages"; }
  [[nodiscard]] const PageRange& range() const { return range_; }
  [[nodiscard]] std::uint64_t offset(PageId page) const { return range_.offset(page); }
  [[nodiscard]] File& real() { return *real_; }
  [[nodiscard]] const File& simulated() const { return *simulated_; }
  [[nodiscard]] SimulatedDisk& disk() { return disk_; }
  [[nodiscard]] std::uint64_t checks() const { return checks_; }
  [[nodiscard]] std::uint64_t least() const { return least_cache_bytes(range_.page_bytes, kMaxBatch); }

  /// Whether the bytes are those of the page, all of them.
  [[nodiscard]] bool is_page(PageId page, const std::byte* bytes) const {
    std::vector<std::byte> expected(range_.bytes_of(page));
    fill(page, expected.data());
    return std::memcmp(expected.data(), bytes, expected.size()) == 0;
  }

  /// Looks at the first bytes only: cheap, and counted.
  [[nodiscard]] PageCheck check() {
    return [this](PageId page, std::span<const std::byte> bytes) -> Result<void> {
      ++checks_;
      PageId found = 0;
      std::memcpy(&found, bytes.data(), sizeof found);
      if (found == page && bytes.size() == range_.bytes_of(page)) return {};
      return Error{.code = Code::kCorrupt, .what = "not this page", .at = offset(page)};
    };
  }

  struct NamedSource {
    std::string name;
    std::unique_ptr<PageSource> source;
  };
  static constexpr std::uint32_t kMaxBatch = 8;

  /// Every way to get at the pages that works here.
  [[nodiscard]] std::vector<NamedSource> sources(std::uint64_t seed = 1) { return sources(check(), seed); }
  [[nodiscard]] std::vector<NamedSource> sources(const PageCheck& check, std::uint64_t seed = 1) {
    std::vector<NamedSource> all;
    all.push_back({"mapped", mapped_source(real(), range_, check).value()});
    all.push_back({"mapped, simulated disk", mapped_source(simulated(), range_, check).value()});
    all.push_back({"pread", pread_source(real(), range_, check)});
    all.push_back({"pread, simulated disk", pread_source(simulated(), range_, check)});
    all.push_back({"simulated", simulated_source(simulated(), range_, check, seed)});
    if (io_uring_usable()) all.push_back({"direct", direct_source(real(), range_, check).value()});
    return all;
  }

  /// Reads the pages now, waiting for them.
  static Result<void> read(PageReader& reader, PageBatch& batch, std::vector<PageId> wanted) {
    batch.wanted = std::move(wanted);
    if (!reader.begin(batch)) {
      while (batch.pending > 0) reader.poll();
    }
    return std::move(batch.outcome);
  }

 private:
  void fill(PageId page, std::byte* bytes) const {
    std::mt19937 random(page);
    for (std::uint32_t i = 0; i < range_.bytes_of(page); i += sizeof(std::uint32_t)) {
      const std::uint32_t word = i == 0 ? page : static_cast<std::uint32_t>(random());
      std::memcpy(bytes + i, &word, sizeof word);
    }
  }

  TempDir dir_;
  PageRange range_;
  SimulatedDisk disk_;
  std::unique_ptr<File> real_;
  std::unique_ptr<File> simulated_;
  std::atomic<std::uint64_t> checks_{0};
};

}  // namespace nearline::io
