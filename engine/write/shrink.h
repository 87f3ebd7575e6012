// SPDX-License-Identifier: Apache-2.0
/// Makes an index file shorter (SPEC.md section 8): what stands at its end moves into free space before it, and the
/// free end is cut off once neither superblock nor reader needs it.
#pragma once

#include "engine/file/index_file.h"
#include "io/file.h"
#include "nearline/result.h"

namespace nearline::engine {

/// Commits what `newest`, a durable commit, holds once more, with its sections moved to the front and without the free
/// end. False, and no commit, where the file would hardly become shorter or a reader holds an older commit.
/// Errors: those of IndexFileWriter::commit.
Result<bool> move_to_front(const IndexFile& newest, io::File& file);

/// Commits what `newest`, the outcome of move_to_front, holds once more, and cuts the file behind both superblocks'
/// commits. Does nothing where there is no room for that. Errors: as move_to_front.
Result<void> cut_behind(const IndexFile& newest, io::File& file);

}  // namespace nearline::engine
