// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/lost_ids.h"

#include <cstring>

#include "engine/repair/intact_blocks.h"
#include "engine/repair/intact_pages.h"

namespace nearline::engine {
namespace {

constexpr std::uint64_t kOrdinalsPerBlock = format::kBlockBytes / sizeof(std::uint32_t);

/// By ordinal; kNoId where the page is lost.
std::vector<Id> surviving_ids(const SegmentFile& segment, std::uint64_t file_bytes) {
  std::vector<Id> ids(segment.segment().count, kNoId);
  IntactPages pages(segment, file_bytes);
  for (std::uint64_t p = 0; p < pages.present(); ++p) {
    if (!pages.read(p)) continue;
    for (std::uint64_t o = pages.first(p); o < pages.first(p + 1); ++o) {
      ids[o] = format::stored_id(pages.shape(), pages.record(o));
    }
  }
  return ids;
}

/// Walks the id index: records that are lost stand between two that are not.
class Namer {
 public:
  Namer(Id largest, std::size_t most, std::vector<LostIds>& out) : largest_(largest), most_(most), out_(out) {}

  void lost() noexcept { ++run_; }
  void known(Id id) {
    if (id > 0) close(id - 1);
    least_ = id + 1;
    run_ = 0;
    in_gap_ = false;
  }
  /// Nothing is known of what comes here.
  void gap() noexcept { in_gap_ = true; }
  void end() { close(largest_); }

 private:
  void close(Id last) {
    if (run_ == 0 || in_gap_ || last < least_ || out_.size() >= most_) return;
    out_.push_back({.first = least_, .last = last, .records = run_});
  }

  Id largest_;
  std::size_t most_;
  std::vector<LostIds>& out_;
  Id least_ = 0;
  std::uint64_t run_ = 0;
  bool in_gap_ = false;
};

}  // namespace

void name_lost_ids(const SegmentFile& segment, std::uint64_t file_bytes, std::size_t most, std::vector<LostIds>& out) {
  const std::uint64_t count = segment.segment().count;
  IntactBlocks index(segment.file(), file_bytes, segment.index().manifest().file_id,
                     *segment.section(format::SectionKind::kIdIndex));
  if (index.present() * kOrdinalsPerBlock < count) return;  // so that memory follows from the file's length
  const std::vector<Id> ids = surviving_ids(segment, file_bytes);
  const Id largest = segment.segment().id_bytes == 4 ? 0xFFFF'FFFF : kNoId - 1;
  Namer namer(largest, most, out);
  format::Block block;
  for (std::uint64_t position = 0; position < count; ++position) {
    if (position % kOrdinalsPerBlock == 0 && !index.read(position / kOrdinalsPerBlock, block)) {
      namer.gap();
      position += kOrdinalsPerBlock - 1;
      continue;
    }
    std::uint32_t ordinal;
    std::memcpy(&ordinal, block.data() + position % kOrdinalsPerBlock * sizeof ordinal, sizeof ordinal);
    if (ordinal >= count) return;  // made to mislead
    if (ids[ordinal] == kNoId) {
      namer.lost();
    } else {
      namer.known(ids[ordinal]);
    }
  }
  namer.end();
}

}  // namespace nearline::engine
