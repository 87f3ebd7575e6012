// SPDX-License-Identifier: Apache-2.0
#include "engine/file/space_beside.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace nearline::engine {

Result<SpaceBeside::Place> SpaceBeside::take(io::File& file, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (next_serial_ == std::numeric_limits<std::uint64_t>::max()) {
    return Error{.code = Code::kInvalidArgument,
                 .what = "serial " + std::to_string(next_serial_) +
                         ": expected a lower one, as each section has one of its own"};
  }
  if (closed_) return Error{.code = Code::kCancelled, .what = "no commit is open to write beside"};
  Place place{.offset = format::kDataStart, .serial = next_serial_++};
  if (bytes == 0) return place;
  reserved_.reserve(reserved_.size() + 1);
  place.offset = space_.take(bytes);
  reserved_.push_back({.offset = place.offset, .length = format::whole_blocks(bytes), .freed_in = generation_});
  NEARLINE_CHECK(file.allocate(place.offset, format::whole_blocks(bytes)));
  return place;
}

std::uint64_t SpaceBeside::usable_bytes() const {
  const std::lock_guard lock(mutex_);
  return space_.usable_bytes();
}

void SpaceBeside::renew(std::uint64_t end, std::vector<format::Extent> usable, std::uint64_t generation,
                        std::uint64_t next_serial) {
  for (const format::Extent& extent : reserved_) end = std::max(end, extent.offset + extent.length);
  space_ = FileSpace(end, {.usable = without_reserved(std::move(usable)), .waiting = {}});
  generation_ = generation;
  closed_ = false;
  next_serial_ = std::max(next_serial_, next_serial);
}

std::vector<format::Extent> SpaceBeside::without_reserved(std::vector<format::Extent> extents) const {
  for (const format::Extent& extent : reserved_) cut_out(extent, extents);
  return extents;
}

}  // namespace nearline::engine
