// SPDX-License-Identifier: Apache-2.0
#include "engine/write/shrink.h"

#include "engine/file/free_space.h"
#include "engine/file/generation_locks.h"
#include "engine/file/index_file_writer.h"

namespace nearline::engine {
namespace {

/// Less is not worth two commits.
constexpr std::uint64_t kLeastGain = 64U << 10;

IndexFileWriter next_commit(const IndexFile& newest, io::File& file, FreeSpace free) {
  const format::Superblock super = newest.superblock();
  format::Manifest manifest = newest.manifest();
  manifest.generation = generation_after(super);
  FileSpace space(super.committed_bytes, std::move(free));
  space.give_back(super.manifest_offset, super.manifest_bytes, manifest.generation);
  return {file, std::move(manifest), std::move(space)};
}

Result<bool> held_before(const IndexFile& newest, const io::File& file) {
  const format::Superblock super = newest.superblock();
  NEARLINE_TRY(oldest, oldest_pinned(file, super.generation, generation_after(super)));
  return oldest < super.generation;
}

}  // namespace

Result<bool> move_to_front(const IndexFile& newest, io::File& file) {
  NEARLINE_TRY(held, held_before(newest, file));
  if (held) return false;
  NEARLINE_TRY(free, free_space(newest, file));
  std::uint64_t bytes = 0;
  for (const format::Extent& extent : free.usable) bytes += extent.length;
  if (bytes < kLeastGain) return false;
  IndexFileWriter writer = next_commit(newest, file, std::move(free));
  NEARLINE_CHECK(writer.move_to_front());
  return writer.free_end_bytes() < kLeastGain ? Result<bool>(false) : writer.commit_inside(true);
}

Result<void> cut_behind(const IndexFile& newest, io::File& file) {
  // Nobody begins to read a commit that is not the newest, so none can be held later either.
  NEARLINE_TRY(held, held_before(newest, file));
  if (held) return {};
  NEARLINE_TRY(free, free_space(newest, file));
  IndexFileWriter writer = next_commit(newest, file, std::move(free));
  NEARLINE_TRY(done, writer.commit_inside(false));
  return done ? file.truncate(newest.superblock().committed_bytes) : Result<void>{};
}

}  // namespace nearline::engine
