// SPDX-License-Identifier: Apache-2.0
#include "io/page_range.h"

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
    if (page < range.page_count) continue;
    return Error{.code = Code::kCorrupt,
                 .what = "page number out of range: expected below " + std::to_string(range.page_count) + ", found " +
                         std::to_string(page),
                 .file = path.string(),
                 .at = range.at};
  }
  return {};
}

Result<void> PagePlan::fits(std::uint64_t file_bytes) const {
  assert(range.at % 4096 == 0 && range.page_bytes % 4096 == 0 && range.page_bytes > 0);
  const std::uint64_t bytes = std::uint64_t{range.page_count} * range.page_bytes;  // 32 x 32 bits: no overflow
  if (range.at <= file_bytes && bytes <= file_bytes - range.at) return {};
  return ends_too_early(path, file_bytes, bytes - (range.at <= file_bytes ? file_bytes - range.at : 0));
}

}  // namespace nearline::io
