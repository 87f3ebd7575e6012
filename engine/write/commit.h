// SPDX-License-Identifier: Apache-2.0
/// One commit: the segments that follow from the last commit and what is pending, written beside what readers hold,
/// and then named by a superblock (SPEC.md section 8).
#pragma once

#include <filesystem>
#include <span>

#include "engine/file/space_beside.h"
#include "engine/query/snapshot.h"
#include "engine/write/merge_policy.h"
#include "engine/write/pending.h"
#include "io/file.h"
#include "nearline/writer.h"

namespace nearline::engine {

class MergeJob;

/// What a commit is made from in one field; all of it outlives the commit.
struct CommitInput {
  const Snapshot& index;  ///< the newest commit, as the field shows it
  Pending& pending;
  io::File& file;  ///< held for writing
  io::FileSystem& fs;
  const std::filesystem::path& directory;  ///< of files without a name
  const WriterOptions& options;
  SpaceBeside& space;                  ///< of merges beside; whoever commits holds its lock
  const MergeJob* running = nullptr;   ///< a merge beside that goes on: what it works on stays
  const MergeJob* finished = nullptr;  ///< one whose segment takes the place of what it merged
  format::BootId boot{};               ///< of a relaxed commit; zeros: a durable one
  /// Null, or queries to calibrate all with from now on; none of them: records again.
  const std::vector<std::byte>* queries = nullptr;
};

/// The records that each segment holds once what is pending is done. What a finished merge took in is left out; its own
/// segment comes last, and has no row yet.
std::vector<SegmentLoad> loads_of(const CommitInput& input);

/// Writes the commit. fields: all of the index, the first one first. merges: a plan for each.
/// Errors: as Writer::commit; before kCommitUnknown the file's newest commit is as before.
Result<CommitReport> write_commit(std::span<const CommitInput> fields, std::span<const MergePlan> merges);

/// The options that the field was built with, for what is linked from now on.
BuildOptions build_options_of(const Snapshot& index, const WriterOptions& options);

}  // namespace nearline::engine
