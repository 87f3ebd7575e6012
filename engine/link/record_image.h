// SPDX-License-Identifier: Apache-2.0
/// The records of a segment while it is being linked: the graph pages as they will stand in the file, in memory, so
/// that linking walks them with the same search that will read them from disk.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

#include "engine/walk/places.h"
#include "format/graph_page.h"
#include "io/page_source.h"

namespace nearline::engine {

/// Threads: reads from many; records that are being written belong to one thread.
class RecordImage {
 public:
  /// All bytes zero. Errors: kNoMemory.
  static Result<RecordImage> create(const format::PageShape& shape, std::uint64_t count);

  [[nodiscard]] const format::PageShape& shape() const noexcept { return shape_; }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept { return shape_.pages(count_) * shape_.page_bytes; }

  [[nodiscard]] std::byte* record(std::uint32_t ordinal) noexcept { return bytes_.get() + offset(ordinal); }
  [[nodiscard]] const std::byte* record(std::uint32_t ordinal) const noexcept { return bytes_.get() + offset(ordinal); }
  /// Has the processor fetch a record that is wanted soon; of a long one, what comes first.
  void prefetch(std::uint32_t ordinal) const noexcept {
    const std::byte* const bytes = record(ordinal);
    const std::size_t most = std::min<std::size_t>(shape_.slot_bytes, kMostPrefetched);
    for (std::size_t at = 0; at < most; at += kLineBytes) __builtin_prefetch(bytes + at);
  }
  [[nodiscard]] const std::byte* page(io::PageId page) const noexcept {
    return bytes_.get() + std::size_t{page} * shape_.page_bytes;
  }

 private:
  static constexpr std::size_t kLineBytes = 64;
  static constexpr std::size_t kMostPrefetched = 1024;
  struct Free {
    void operator()(std::byte* bytes) const noexcept { std::free(bytes); }
  };

  RecordImage(const format::PageShape& shape, std::uint64_t count, std::unique_ptr<std::byte, Free> bytes) noexcept
      : shape_(shape), places_(shape), count_(count), bytes_(std::move(bytes)) {}

  [[nodiscard]] std::size_t offset(std::uint32_t ordinal) const noexcept {
    const Places::Place place = places_.of(ordinal);
    return std::size_t{place.page} * shape_.page_bytes + place.byte;
  }

  format::PageShape shape_;
  Places places_;
  std::uint64_t count_;
  std::unique_ptr<std::byte, Free> bytes_;
};

/// Pages of an image, always there.
class ImageReader final : public io::PageReader {
 public:
  explicit ImageReader(const RecordImage& image) noexcept : image_(image) {}

  bool begin(io::PageBatch& batch) override {
    batch.pages.clear();
    for (const io::PageId page : batch.wanted) batch.pages.push_back(image_.page(page));
    return true;
  }
  void release(io::PageBatch&) noexcept override {}
  void poll() override { assert(false && "pages of an image never wait"); }
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept override { return 0; }

 private:
  const RecordImage& image_;
};

}  // namespace nearline::engine
