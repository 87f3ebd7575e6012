// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/intact_pages.h"

#include <algorithm>

namespace nearline::engine {

IntactPages::IntactPages(const SegmentFile& segment, std::uint64_t file_bytes)
    : count_(segment.segment().count),
      shape_(segment.shape()),
      at_(segment.section(format::SectionKind::kGraphPages)->offset),
      blocks_(segment.file(), file_bytes, segment.index().manifest().file_id,
              *segment.section(format::SectionKind::kGraphPages)),
      present_(blocks_.present() / (shape_.page_bytes / format::kBlockBytes)),
      page_(shape_.page_bytes) {}

BlockState IntactPages::read(std::uint64_t page) {
  const BlockState state = blocks_.read(page * (shape_.page_bytes / format::kBlockBytes), page_);
  if (state == BlockState::kDamaged) return state;
  const bool good =
      format::check_page(shape_, page_, static_cast<std::uint32_t>(page), count_, offset(page)).has_value();
  return good ? state : BlockState::kDamaged;
}

std::uint64_t IntactPages::first(std::uint64_t page) const noexcept {
  return std::min(count_, page * shape_.slots);
}

}  // namespace nearline::engine
