// SPDX-License-Identifier: Apache-2.0
/// What of an index file's free space may be written now (SPEC.md section 8): what neither of the two commits that the
/// superblocks name uses, nor one that a reader holds.
#pragma once

#include <cstdint>

#include "engine/file/file_space.h"
#include "engine/file/index_file.h"

namespace nearline::engine {

/// The generation that follows. A relaxed commit's successor is written over it, and so into the same slot: the other
/// one holds what a power cut falls back to.
inline std::uint64_t generation_after(const format::Superblock& newest) noexcept {
  return newest.generation + (newest.relaxed() ? 2 : 1);
}

/// newest: the newest commit. file: the same file, whose locks are asked for. Errors: those of oldest_pinned.
Result<FreeSpace> free_space(const IndexFile& newest, const io::File& file);

}  // namespace nearline::engine
