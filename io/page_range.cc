// SPDX-License-Identifier: Apache-2.0
#include "io/page_range.h"

#include <algorithm>
#include <cassert>

#include "io/system_error.h"

namespace nearline::io {

Result<void> PagePlan::verify(PageId page, std::span<const std::byte> bytes) const {
  if (!check) return {};
  auto verdict = check(page, bytes);
  if (!verdict) return std::move(verdict).error().in(path.string());
  return verdict;
}

Result<void> PagePlan::all_inside(std::span<const PageId> pages) const {
  for (const PageId page : pages) {
    if (page < range.count()) continue;
    return Error{.code = Code::kCorrupt,
                 .what = "page number out of range: expected below " + std::to_string(range.count()) + ", found " +
                         std::to_string(page),
                 .file = path.string(),
                 .at = range.at};
  }
  return {};
}

std::uint64_t PagePlan::end() const noexcept {
  return std::max(range.at + pages_bytes(), range.blocks_at + blocks_bytes());
}

Result<void> PagePlan::fits(std::uint64_t file_bytes) const {
  assert(range.at % 4096 == 0 && range.page_bytes % 4096 == 0 && range.page_bytes > 0 && range.blocks_at % 4096 == 0);
  const auto ends = [&](std::uint64_t at, std::uint64_t bytes) -> Result<void> {
    if (at <= file_bytes && bytes <= file_bytes - at) return {};
    return ends_too_early(path, file_bytes, bytes - (at <= file_bytes ? file_bytes - at : 0));
  };
  NEARLINE_CHECK(ends(range.at, pages_bytes()));
  return ends(range.blocks_at, blocks_bytes());
}

}  // namespace nearline::io
