// SPDX-License-Identifier: Apache-2.0
#include "engine/file/free_space.h"

#include <limits>

#include "engine/file/generation_locks.h"

namespace nearline::engine {
namespace {

using format::Extent;

/// What a commit does not use: its free space, and all that lies behind it.
Result<std::vector<Extent>> unused_by(const io::File& file, const format::Superblock& commit) {
  NEARLINE_TRY(manifest, IndexFile::manifest_of(file, commit));
  std::vector<Extent> unused = std::move(manifest.free);
  const std::uint64_t end = commit.committed_bytes;
  unused.push_back({.offset = end, .length = std::numeric_limits<std::uint64_t>::max() - end});
  return unused;
}

}  // namespace

Result<FreeSpace> free_space(const IndexFile& newest, const io::File& file) {
  const format::Superblock& super = newest.superblock();
  NEARLINE_TRY(oldest, oldest_pinned(file, super.generation, generation_after(super)));
  // Generation g lists with freed_in f what the commit before f used: no commit from f to g uses it.
  const bool skips = newest.choice().other_valid && newest.choice().other.generation + 1 < super.generation;
  const std::uint64_t other = skips ? newest.choice().other.generation : super.generation - 1;
  FreeSpace space;
  std::vector<Extent> since_other;
  for (const Extent& extent : newest.manifest().free) {
    if (extent.freed_in > oldest) {
      space.waiting.push_back(extent);
    } else {
      (extent.freed_in <= other ? space.usable : since_other).push_back(extent);
    }
  }
  if (since_other.empty()) return space;
  // What was freed since the other commit was either used by it or by relaxed ones between, which nobody falls back to.
  // Where it cannot be read it cannot be fallen back to, but then the disk is failing: nothing more is overwritten.
  if (auto unused = skips ? unused_by(file, newest.choice().other) : std::vector<Extent>{}; unused) {
    split(since_other, unused.value(), space);
  } else {
    space.waiting.insert(space.waiting.end(), since_other.begin(), since_other.end());
  }
  return space;
}

}  // namespace nearline::engine
