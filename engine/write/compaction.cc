// SPDX-License-Identifier: Apache-2.0
/// What an IndexWriter does to make its file small: all records in one segment a field, in place or in a new file, and
/// free space given back to the file system.
#include <algorithm>
#include <numeric>
#include <utility>

#include "engine/file/free_space.h"
#include "engine/make/index_maker.h"
#include "engine/write/index_writer.h"
#include "engine/write/shrink.h"

namespace nearline::engine {
namespace {

constexpr std::size_t kRowsAtOnce = 1024;
/// Holes are punched where they are worth a system call.
constexpr std::uint64_t kLeastHole = 64u << 10;

}  // namespace

Result<CommitReport> IndexWriter::compact() {
  NEARLINE_CHECK(ready());
  stop_merge();
  MergePlans all;
  for (std::uint32_t f = 0; f < fields(); ++f) {
    all.push_back(plan_compaction(loads_of(input(f)), changes_->field(f).fresh()));
  }
  NEARLINE_TRY(merged, write(std::move(all), true, Durability::kDurable));
  // The space of the commit before is free once there is one more.
  NEARLINE_CHECK(ready());
  NEARLINE_TRY(report, write({}, true, Durability::kDurable));
  report.merged_records = merged.merged_records;
  NEARLINE_CHECK(ready());
  NEARLINE_CHECK(shrink());
  NEARLINE_CHECK(ready());
  NEARLINE_CHECK(punch_holes(0));
  const IndexInfo info = index_->info();
  report.generation = info.generation;
  report.file_bytes = info.file_bytes;
  report.free_bytes = info.free_bytes;
  return report;
}

Result<BuildReport> IndexWriter::compact_to(const std::filesystem::path& output, bool replace) {
  NEARLINE_CHECK(ready());
  NEARLINE_CHECK(nothing_pending("a compaction to another file"));
  stop_merge();
  BuildOptions build = build_options_of(*index_, options_);
  build.replace = replace;
  NEARLINE_TRY(builder, IndexMaker::create(*fs_, output, index_->schema(), build, VectorForm::kStored));
  for (std::uint32_t f = 0; f < fields(); ++f) {
    NEARLINE_TRY(queries, index_->file().queries(f));
    builder.calibrate_with(f, std::move(queries));
    if (f == kPrimaryField) continue;
    NEARLINE_CHECK(builder.make_as(f, build_options_of(index_->view(f), options_)));
    NEARLINE_CHECK(index_->view(f).for_each(kRowsAtOnce, [&](std::span<const Id> ids, const MatrixView& vectors) {
      return builder.add_to(f, vectors, ids);
    }));
  }
  builder.begin_ids_at(index_->file().manifest().next_id);
  NEARLINE_CHECK(index_->for_each(kRowsAtOnce, [&](std::span<const Id> ids, const MatrixView& vectors) -> Result<void> {
    NEARLINE_TRY(data, index_->data(ids, {}));
    return builder.add(vectors, ids, data);
  }));
  close();  // whatever comes of it, the name may lead to another file from here on
  auto finished = builder.finish();
  return finished ? std::move(finished) : explained(std::move(finished).error());
}

/// The sections move to the front in one commit, and a second one, by which the other superblock is of a short file,
/// too, lets the file be cut. Readers of commits before these keep it long.
Result<void> IndexWriter::shrink() {
  auto moved = move_to_front(index_->file(), *file_);
  if (!moved) return failed(std::move(moved).error());
  if (!*moved) return {};
  close();
  NEARLINE_CHECK(ready());
  auto cut = cut_behind(index_->file(), *file_);
  close();  // there may be a commit, whatever came of the cut
  return cut ? std::move(cut) : failed(std::move(cut).error());
}

/// Gives free space back to the file system when it is more than `least`, as far as nobody needs it.
Result<void> IndexWriter::punch_holes(std::uint64_t least) {
  NEARLINE_TRY(space, free_space(index_->file(), *file_));
  std::vector<format::Extent> holes = space_->without_reserved(std::move(space.usable));
  std::erase_if(holes, [](const format::Extent& e) { return e.length < kLeastHole; });
  const std::uint64_t free = std::accumulate(holes.begin(), holes.end(), std::uint64_t{0},
                                             [](std::uint64_t sum, const auto& e) { return sum + e.length; });
  if (free <= least) return {};
  for (const format::Extent& hole : holes) NEARLINE_CHECK(file_->punch(hole.offset, hole.length));
  return {};
}

}  // namespace nearline::engine
