// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/intact_pages.h"

#include <algorithm>

#include "engine/repair/intact_blocks.h"
#include "format/page_seal.h"

namespace nearline::engine {

IntactPages::IntactPages(const SegmentFile& segment, std::uint64_t file_bytes)
    : file_(segment.file()),
      file_id_(segment.index().manifest().file_id),
      serial_(segment.section(format::SectionKind::kGraphPages)->serial),
      at_(segment.section(format::SectionKind::kGraphPages)->offset),
      count_(segment.segment().count),
      shape_(segment.shape()),
      present_(file_bytes > at_ ? std::min(pages(), (file_bytes - at_) / shape_.page_bytes) : 0),
      page_(shape_.page_bytes) {}

bool IntactPages::read(std::uint64_t page) {
  const auto number = static_cast<std::uint32_t>(page);
  read_what_is_there(file_, offset(page), page_);
  return format::check_seal(page_, file_id_, serial_, number, offset(page)) &&
         format::check_page(shape_, page_, number, count_, offset(page));
}

std::uint64_t IntactPages::first(std::uint64_t page) const noexcept {
  return std::min(count_, page * shape_.slots);
}

}  // namespace nearline::engine
