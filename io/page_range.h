// SPDX-License-Identifier: Apache-2.0
/// Where pages lie in a file, and the refusal of page numbers that lie outside.
#pragma once

#include <filesystem>
#include <span>

#include "io/page_source.h"

namespace nearline::io {

/// What every source knows: the file's name for errors, the range, the check.
struct PagePlan {
  std::filesystem::path path;
  PageRange range;
  PageCheck check;

  [[nodiscard]] std::uint64_t offset(PageId page) const noexcept { return range.offset(page); }
  [[nodiscard]] std::uint32_t bytes_of(PageId page) const noexcept { return range.bytes_of(page); }
  [[nodiscard]] std::uint32_t blocks_of(PageId page) const noexcept {
    return range.bytes_of(page) / PageRange::kBlockBytes;
  }

  /// Runs the check, naming the file in its error. Success when there is no check.
  [[nodiscard]] Result<void> verify(PageId page, std::span<const std::byte> bytes) const;
  /// kCorrupt for the first number outside the range.
  [[nodiscard]] Result<void> all_inside(std::span<const PageId> pages) const;
  // 32 x 32 bits: no overflow.
  [[nodiscard]] std::uint64_t pages_bytes() const noexcept {
    return std::uint64_t{range.page_count} * range.page_bytes;
  }
  [[nodiscard]] std::uint64_t blocks_bytes() const noexcept {
    return std::uint64_t{range.block_count} * PageRange::kBlockBytes;
  }
  /// Where its last byte ends. Precondition: it fits into a file.
  [[nodiscard]] std::uint64_t end() const noexcept;
  /// kTruncated when the range does not lie inside [0, file_bytes).
  [[nodiscard]] Result<void> fits(std::uint64_t file_bytes) const;
};

}  // namespace nearline::io
