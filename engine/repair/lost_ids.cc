// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/lost_ids.h"

#include <algorithm>

#include "engine/repair/intact_blocks.h"
#include "engine/repair/intact_pages.h"
#include "format/keys.h"
#include "format/page_seal.h"

namespace nearline::engine {
namespace {

/// A bit for each row of a page that is lost. Those behind the last bit are lost: the file ends before them.
std::vector<bool> lost_rows(const SegmentFile& segment, std::uint64_t file_bytes) {
  IntactPages pages(segment, file_bytes);
  std::vector<bool> lost(pages.first(pages.present()), true);
  for (std::uint64_t p = 0; p < pages.present(); ++p) {
    if (!pages.read(p)) continue;
    for (std::uint64_t o = pages.first(p); o < pages.first(p + 1); ++o) lost[o] = false;
  }
  return lost;
}

/// Takes keys in the order of their ids, and puts lost ones between which no other stands into one range.
class Namer {
 public:
  Namer(std::size_t most, std::vector<LostIds>& out) : most_(most), out_(out) {}

  /// Whether nothing more is taken.
  [[nodiscard]] bool full() const noexcept { return out_.size() >= most_ && !open_; }
  /// Records with ids in a row.
  void lost(Id first, std::uint64_t records = 1) {
    if (full() || records == 0) return;
    if (!open_) out_.push_back({.first = first});
    open_ = true;
    out_.back().last = first + (records - 1);
    out_.back().records += records;
  }
  /// A record that is there, or keys that are not.
  void end() noexcept { open_ = false; }

 private:
  std::size_t most_;
  std::vector<LostIds>& out_;
  bool open_ = false;
};

/// Names what a block says.
void name_block(const format::KeyShape& keys, std::uint64_t number, const std::byte* block,
                const std::vector<bool>& lost, Namer& namer) {
  for (std::uint32_t i = 0; i < keys.keys_in(number) && !namer.full(); ++i) {
    const std::uint32_t row = format::stored_row(keys, block, i);
    const Id id = keys.dense() ? keys.first + number * keys.per_block() + i : format::stored_key(keys, block, i);
    if (row < keys.count && (row >= lost.size() || lost[row])) {
      namer.lost(id);
    } else {
      namer.end();
    }
  }
}

}  // namespace

void name_lost_ids(const SegmentFile& segment, std::uint64_t file_bytes, std::size_t most, std::vector<LostIds>& out) {
  const auto keys = format::KeyShape::of(segment.segment());
  const format::Section& section = *segment.section(format::SectionKind::kKeys);
  const std::vector<bool> lost = lost_rows(segment, file_bytes);
  Namer namer(most, out);
  if (section.count == 0) {
    for (std::uint64_t row = 0; row < lost.size() && !namer.full(); ++row) {
      if (lost[row]) {
        namer.lost(keys.first + row);
      } else {
        namer.end();
      }
    }
    return namer.lost(keys.first + lost.size(), keys.count - lost.size());
  }
  format::Block block;
  const std::uint64_t room = file_bytes > section.offset ? (file_bytes - section.offset) / block.size() : 0;
  for (std::uint64_t b = keys.fence_blocks(); b < std::min(room, section.count) && !namer.full(); ++b) {
    const std::uint64_t at = section.offset + b * block.size();
    read_what_is_there(segment.file(), at, block);
    const auto number = static_cast<std::uint32_t>(b);
    if (format::check_seal(block, segment.index().manifest().file_id, section.serial, number, at)) {
      name_block(keys, b - keys.fence_blocks(), block.data(), lost, namer);
    } else {
      namer.end();
    }
  }
}

}  // namespace nearline::engine
