// SPDX-License-Identifier: Apache-2.0
/// The graph pages of a segment, each with a verdict by its own seal: intact, or not.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/file/index_file.h"

namespace nearline::engine {

/// Threads: one at a time.
class IntactPages {
 public:
  IntactPages(const SegmentFile& segment, std::uint64_t file_bytes);

  [[nodiscard]] const format::PageShape& shape() const noexcept { return shape_; }
  /// How many pages the segment should have, and how many of them the file has whole.
  [[nodiscard]] std::uint64_t pages() const noexcept { return shape_.pages(count_); }
  [[nodiscard]] std::uint64_t present() const noexcept { return present_; }
  [[nodiscard]] std::uint64_t offset(std::uint64_t page) const noexcept { return at_ + page * shape_.page_bytes; }

  /// Reads a page. True when it is intact: one that breaks a rule of the format is not, whatever its seal says.
  bool read(std::uint64_t page);

  /// Ordinals of its records: [first(page), first(page + 1)).
  [[nodiscard]] std::uint64_t first(std::uint64_t page) const noexcept;
  /// A record of the page that was read.
  [[nodiscard]] const std::byte* record(std::uint64_t ordinal) const noexcept {
    return page_.data() + shape_.place_of(format::Ordinal{static_cast<std::uint32_t>(ordinal)});
  }

 private:
  const io::File& file_;
  format::FileId file_id_;
  std::uint64_t serial_;
  std::uint64_t at_;
  std::uint64_t count_;
  format::PageShape shape_;
  std::uint64_t present_;
  std::vector<std::byte> page_;
};

}  // namespace nearline::engine
