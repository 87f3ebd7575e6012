// SPDX-License-Identifier: Apache-2.0
#include "engine/segment/segment_values.h"

#include <algorithm>

namespace nearline::engine {

Result<std::shared_ptr<const Column>> SegmentValues::column(const SegmentFile& file, std::uint32_t attribute) {
  const std::lock_guard alone(mutex_);
  const format::Manifest& manifest = file.index().manifest();
  columns_.resize(std::max(columns_.size(), manifest.attributes.size()));
  const format::Section* const section = manifest.column(file.row(), attribute);
  if (section == nullptr || columns_[attribute]) return columns_[attribute];
  NEARLINE_TRY(opened, Column::open(file, *section, manifest.attributes[attribute].type));
  columns_[attribute] = opened;
  return opened;
}

Result<std::shared_ptr<const Payloads>> SegmentValues::payloads(const SegmentFile& file) {
  const std::lock_guard alone(mutex_);
  const format::Section* const section = file.section(format::SectionKind::kPayload);
  if (section == nullptr || payloads_) return payloads_;
  NEARLINE_TRY(opened, Payloads::open(file, *section));
  payloads_ = opened;
  return opened;
}

std::shared_ptr<const RecordSet> SegmentValues::known(const std::string& text) {
  const std::lock_guard alone(mutex_);
  const auto found = std::ranges::find(known_, text, &Known::text);
  if (found == known_.end()) return nullptr;
  known_.splice(known_.begin(), known_, found);
  return known_.front().rows;
}

void SegmentValues::keep(const std::string& text, std::shared_ptr<const RecordSet> rows) {
  const std::lock_guard alone(mutex_);
  known_.push_front({text, std::move(rows)});
  std::uint64_t bytes = 0;
  auto last = known_.begin();
  do {
    bytes += last->bytes();
    ++last;
  } while (last != known_.end() && bytes + last->bytes() <= most_bytes_);
  known_.erase(last, known_.end());
}

std::uint64_t SegmentValues::memory_bytes() const {
  const std::lock_guard alone(mutex_);
  std::uint64_t bytes = 0;
  for (const Known& one : known_) bytes += one.bytes();
  return bytes;
}

}  // namespace nearline::engine
