// SPDX-License-Identifier: Apache-2.0
/// Makes the newest commit durable: its superblock is written once more, without the word that it is relaxed, after
/// what it leads to was flushed (SPEC.md section 8).
#pragma once

#include "engine/file/index_file.h"
#include "io/file.h"
#include "nearline/result.h"

namespace nearline::engine {

/// Settles the writer's own commits since the last durable one. Errors: those of writing; kCommitUnknown when a flush
/// failed, after which the file must be given up.
Result<void> settle(io::File& file, const format::Superblock& newest);

/// Settles what another left. It may be known to the page cache alone: a flush that failed left it there, marked clean,
/// and one that succeeds now would say nothing of it. So the superblock is written again even if it is durable by its
/// word, and of a relaxed commit all that the durable one before it does not use. Errors: also those of reading, and
/// kCorrupt for what the page cache has lost.
Result<void> settle_found(io::File& file, const IndexFile& newest);

}  // namespace nearline::engine
