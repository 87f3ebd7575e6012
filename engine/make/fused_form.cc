// SPDX-License-Identifier: Apache-2.0
#include "engine/make/fused_form.h"

#include <algorithm>

#include "engine/codes/code_training.h"
#include "format/code_book.h"
#include "format/superblock.h"

namespace nearline::engine {
namespace {

/// Targets that a page should have room for, of as many as its records have neighbours at most. Some of these stand on
/// the page itself, some are shared, and lists are not all full: the first share is nearly all of them. The second is
/// enough for a second record, or where so many records were asked for; below the third the page is too small.
constexpr float kNearlyAll = 0.65F;
constexpr float kEnough = 0.5F;
constexpr float kLeast = 0.3F;
/// Records for which pages grow, where nobody says how many.
constexpr std::uint32_t kFewRecords = 2;
constexpr std::uint32_t kMostRecords = 64;
constexpr std::uint32_t kLargestCode = format::kCodeHeadBytes + 48;

/// Targets that a page of so many records has room for; 0 where there is not even room for the records.
std::uint32_t room_of(const format::PageShape& lean, format::FusedForm form) noexcept {
  std::uint32_t low = 0, high = 0xFFFF;
  while (low < high) {  // the largest that is possible
    form.targets = low + (high - low + 1) / 2;
    if (format::is_possible(format::fused_shape(lean, form))) {
      low = form.targets;
    } else {
      high = form.targets - 1;
    }
  }
  return low;
}

bool has_share(std::uint32_t targets, const format::FusedForm& form, std::uint32_t degree, float share) noexcept {
  return static_cast<float>(targets) >= share * static_cast<float>(form.slots * degree);
}

}  // namespace

std::uint32_t fused_code_bytes(const format::PageShape& lean, std::uint32_t records) noexcept {
  const std::uint32_t best = std::min(default_code_bytes(lean.dim), kLargestCode);
  if (records == Count::kAuto) return best;
  const std::uint32_t least = (best + format::kCodeHeadBytes) / 2;
  for (std::uint32_t bytes = format::kBlockBytes; bytes <= format::kMostFusedPageBytes; bytes *= 2) {
    for (std::uint32_t code_bytes = best; code_bytes >= least; --code_bytes) {
      const format::FusedForm form{.page_bytes = bytes, .slots = records, .targets = 0, .code_bytes = code_bytes};
      if (has_share(room_of(lean, form), form, lean.degree, kEnough)) return code_bytes;
    }
  }
  return best;
}

format::FusedForm choose_fused_form(const format::PageShape& lean, std::uint32_t code_bytes,
                                    std::uint32_t records) noexcept {
  format::FusedForm best;
  const std::uint32_t least = records != Count::kAuto ? records : 1;
  const std::uint32_t most = records != Count::kAuto ? records : kMostRecords;
  for (std::uint32_t bytes = format::kBlockBytes; bytes <= format::kMostFusedPageBytes; bytes *= 2) {
    for (std::uint32_t slots = least; slots <= most; ++slots) {
      format::FusedForm form{.page_bytes = bytes, .slots = slots, .targets = 0, .code_bytes = code_bytes};
      form.targets = std::min(room_of(lean, form), slots * lean.degree);
      const float share = records != Count::kAuto ? kLeast : slots <= kFewRecords ? kEnough : kNearlyAll;
      if (!has_share(form.targets, form, lean.degree, share)) break;
      best = form;
    }
    if (best.slots >= std::min(kFewRecords, most)) break;
  }
  return best;
}

}  // namespace nearline::engine
