// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/dead_records.h"

#include <algorithm>

namespace nearline::engine {
namespace {

constexpr std::uint64_t kRecordsPerBlock = std::uint64_t{format::kBlockBytes} * 8;

}  // namespace

DeadRecords::DeadRecords(const SegmentFile& segment, std::uint64_t file_bytes) : records_(segment.segment().count) {
  const format::Manifest& manifest = segment.index().manifest();
  for (const format::Section& section : manifest.sections) {
    if (section.kind != format::SectionKind::kTombstones || section.segment != segment.row()) continue;
    blocks_.emplace(segment.file(), file_bytes, manifest.file_id, section);
  }
  if (blocks_) all_known_ = count(0, records_) == segment.segment().deleted;
}

Fate DeadRecords::of(std::uint64_t ordinal) {
  if (!blocks_) return Fate::kLive;
  load(ordinal / kRecordsPerBlock);
  if (!known_) return all_known_ ? Fate::kLive : Fate::kUnknown;
  const std::uint64_t bit = ordinal % kRecordsPerBlock;
  return (std::to_integer<unsigned>(bits_[bit / 8]) >> (bit % 8) & 1) != 0 ? Fate::kDead : Fate::kLive;
}

std::uint64_t DeadRecords::count(std::uint64_t first, std::uint64_t end) {
  if (!blocks_) return 0;
  std::uint64_t dead = 0;
  for (std::uint64_t ordinal = first; ordinal < std::min(end, blocks_->present() * kRecordsPerBlock);) {
    load(ordinal / kRecordsPerBlock);
    const std::uint64_t stop = std::min(end, (loaded_ + 1) * kRecordsPerBlock);
    for (; known_ && ordinal < stop; ++ordinal) dead += of(ordinal) == Fate::kDead ? 1 : 0;
    ordinal = stop;
  }
  return dead;
}

void DeadRecords::load(std::uint64_t block) {
  if (block == loaded_) return;
  loaded_ = block;
  known_ = block < blocks_->present() && blocks_->read(block, bits_);
}

}  // namespace nearline::engine
