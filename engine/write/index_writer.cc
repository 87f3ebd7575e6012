// SPDX-License-Identifier: Apache-2.0
#include "engine/write/index_writer.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <new>
#include <numeric>
#include <string>
#include <thread>
#include <utility>

#include "engine/file/free_space.h"
#include "engine/file/generation_locks.h"
#include "engine/file/settle.h"
#include "engine/kernels/kernels.h"
#include "engine/make/index_maker.h"
#include "engine/progress.h"
#include "engine/threads.h"
#include "engine/write/open_bounds.h"
#include "engine/write/recalibrate.h"
#include "engine/write/shrink.h"
#include "io/system_error.h"
#include "io/temporary_name.h"

namespace nearline::engine {
namespace {

constexpr std::size_t kRowsAtOnce = 1024;
/// Holes are punched where they are worth a system call.
constexpr std::uint64_t kLeastHole = 64u << 10;
/// Commits give free space back to the file system once it is more than 1/kFreeOneIn of the file.
constexpr std::uint64_t kFreeOneIn = 5;
/// The writer's view of the index gets 1/kViewShare of memory_bytes, but at least kViewBytes where that is at most
/// 1/kLeastViewShare.
constexpr std::uint64_t kViewShare = 16;
constexpr std::uint64_t kLeastViewShare = 4;
/// While a merge runs beside them commits have 1/kCommitShare of the memory, and the merge has the rest.
constexpr std::uint64_t kCommitShare = 4;
constexpr std::chrono::milliseconds kLookAtLock{10};
/// A merge that left more space behind than this, and than a third of the file, is followed by one more commit.
constexpr std::uint64_t kWorthACommit = 1u << 20;

/// The file, once no other writer holds it. Each try opens it anew: the other one may put a new file under the name.
Result<std::unique_ptr<io::File>> open_locked(io::FileSystem& fs, const std::filesystem::path& path,
                                              const WriterOptions& options) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  while (true) {
    NEARLINE_TRY(file, fs.open_write(path));
    auto locked = lock_for_writing(*file);
    if (locked) return file;
    if (locked.error().code != Code::kBusy) return std::move(locked).error().in(path.string());
    const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
    if (waited >= options.lock_timeout) {
      if (options.lock_timeout.count() > 0) {
        locked.error().what += ", or the other one to end within the lock timeout of " +
                               std::to_string(options.lock_timeout.count()) + " ms";
      }
      return std::move(locked).error().in(path.string());
    }
    NEARLINE_CHECK(report(options.progress, {"wait for the other writer", static_cast<std::uint64_t>(waited.count()),
                                             static_cast<std::uint64_t>(options.lock_timeout.count())}));
    std::this_thread::sleep_for(std::min(kLookAtLock, options.lock_timeout - waited));
  }
}

}  // namespace

IndexWriter::IndexWriter(io::FileSystem& fs, std::filesystem::path path, WriterOptions options,
                         std::unique_ptr<io::File> file, MergeThread thread)
    : fs_(&fs),
      path_(std::move(path)),
      directory_(io::directory_of(path_)),
      options_(std::move(options)),
      view_bytes_(
          std::max(options_.memory_bytes / kViewShare, std::min(options_.memory_bytes / kLeastViewShare, kViewBytes))),
      file_(std::move(file)),
      own_thread_(thread == MergeThread::kOwn) {
  options_.memory_bytes -= view_bytes_;
  beside_ = options_;
  beside_.memory_bytes /= kCommitShare;
}

Result<IndexWriter> IndexWriter::open(io::FileSystem& fs, const std::filesystem::path& name,
                                      const WriterOptions& options, MergeThread thread) {
  NEARLINE_CHECK(kernels::check_environment());
  NEARLINE_CHECK(check_threads(options.threads));
  NEARLINE_TRY(path, fs.resolve(name));
  NEARLINE_TRY(file, open_locked(fs, path, options));
  fs.remove_stale(io::directory_of(path));
  IndexWriter writer(fs, path, options, std::move(file), thread);
  if (auto opened = writer.ready(); !opened) {
    // Between opening and locking, a compaction may have put another file under the name.
    if (writer.spent_) opened.error().code = Code::kBusy;
    return std::move(opened).error();
  }
  if (const std::uint64_t unknown = writer.index_->file().superblock().features.ro_compat; unknown != 0) {
    return Error{.code = Code::kUnsupported,
                 .what = "feature " + std::to_string(std::countr_zero(unknown)) +
                         " of a newer nearline: expected a file that this one may write to",
                 .file = path.string()};
  }
  return writer;
}

Result<InsertReport> IndexWriter::insert(const MatrixView& vectors, std::span<const Id> ids, const RecordData& data) {
  NEARLINE_CHECK(ready());
  NEARLINE_CHECK(check_waiting());
  auto added = pending_->add(vectors, ids, data, false);
  return added ? std::move(added) : io::named_for(std::move(added).error(), path_);
}
Result<void> IndexWriter::upsert(const MatrixView& vectors, std::span<const Id> ids, const RecordData& data) {
  NEARLINE_CHECK(ready());
  NEARLINE_CHECK(check_waiting());
  auto added = pending_->add(vectors, ids, data, true);
  return added ? Result<void>{} : io::named_for(std::move(added).error(), path_);
}
Result<EraseReport> IndexWriter::erase(std::span<const Id> ids) {
  NEARLINE_CHECK(ready());
  return pending_->erase(ids);
}

Result<EraseReport> IndexWriter::erase_where(std::string_view filter) {
  NEARLINE_CHECK(ready());
  NEARLINE_CHECK(nothing_pending("records are deleted by a filter"));
  NEARLINE_TRY(ids, index_->matching_ids(filter));
  return pending_->erase(ids);
}

/// Strings that wait are in memory twice while a commit writes them.
Result<void> IndexWriter::check_waiting() const {
  const std::uint64_t most = options_.memory_bytes / 4;
  if (pending_->value_bytes() <= most) return {};
  return Error{.code = Code::kOverBudget,
               .what = "the different strings of attributes that wait for a commit take " +
                       std::to_string(pending_->value_bytes()) +
                       " bytes: expected a commit before they are more than " + std::to_string(most) +
                       ", a quarter of the memory bound"};
}

Result<CommitReport> IndexWriter::commit(Durability durability) {
  NEARLINE_CHECK(ready());
  NEARLINE_TRY(plan, plan_commit());
  auto written = write(plan, pending_->dirty() || adopts_ || merge_here_, durability);
  if (!written) {
    // What was merged cannot be read again, perhaps: it is merged once more.
    const bool of_merge = written.error().code == Code::kCorrupt || written.error().code == Code::kOverBudget;
    if (of_merge && adopts_) drop_failed_merge();
    return written;
  }
  CommitReport report = *written;
  merge_here_ = false;
  // The space of what a merge took in is free once there is one more durable commit.
  if (durability == Durability::kDurable && report.merged_records > 0 && ready() &&
      just_freed() > std::max(kWorthACommit, report.file_bytes / 3)) {
    auto again = write({}, true, durability);
    if (!again && again.error().code == Code::kCommitUnknown) return again;
    if (again) report.generation = again.value().generation;
  }
  try {
    begin_merge();
  } catch (const std::bad_alloc&) {  // the commit is made all the same
    merge_here_ = !job_;
  }
  report.merging = job_ != nullptr;
  return report;
}

Result<CommitReport> IndexWriter::calibrate(const MatrixView& queries) {
  NEARLINE_CHECK(ready());
  NEARLINE_CHECK(nothing_pending("a calibration"));
  std::vector<std::byte> sample;
  if (queries.rows > 0) {
    NEARLINE_TRY(taken, queries_to_keep(*index_, queries));
    sample = std::move(taken);
  }
  stop_merge();  // what it makes would not be measured with them
  return write({}, true, Durability::kDurable, &sample);
}

Result<CommitReport> IndexWriter::compact() {
  NEARLINE_CHECK(ready());
  stop_merge();
  NEARLINE_TRY(merged, write(plan_compaction(loads_of(input()), pending_->fresh()), true, Durability::kDurable));
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
  NEARLINE_TRY(queries, index_->file().queries());
  builder.calibrate_with(std::move(queries));
  builder.begin_ids_at(index_->file().manifest().next_id);
  NEARLINE_CHECK(index_->for_each(kRowsAtOnce, [&](std::span<const Id> ids, const MatrixView& vectors) -> Result<void> {
    NEARLINE_TRY(data, index_->data(ids, {}));
    return builder.add(vectors, ids, data);
  }));
  close();  // whatever comes of it, the name may lead to another file from here on
  auto finished = builder.finish();
  return finished ? std::move(finished) : explained(std::move(finished).error());
}

Result<void> IndexWriter::nothing_pending(const char* before) const {
  if (!dirty()) return {};
  return Error{.code = Code::kInvalidArgument,
               .what = std::string("changes that are not committed: expected a commit before ") + before};
}

Result<void> IndexWriter::ready() {
  NEARLINE_CHECK(opened_by_.check());
  if (spent_) return *spent_;
  if (!index_) {
    const OpenOptions open{.io = io_,
                           .memory_bytes = view_bytes_,
                           .ranking = Ranking::kExact,
                           .threads = 1,
                           .untrusted = options_.untrusted};
    auto index = Snapshot::open(*fs_, path_, open);
    if (!index) return explained_view(std::move(index).error());
    NEARLINE_CHECK(check_name((*index)->file().file()));
    index_ = *std::move(index);
    io_ = index_->io();  // the system is asked once, not for each commit
  }
  if (!pending_) pending_.emplace(*index_, *fs_, directory_);
  return {};
}

void IndexWriter::close() noexcept {
  pending_.reset();
  index_.reset();
}

/// A commit to a file without a name would be acknowledged and lost. named: what the name leads to. The file's id
/// would not tell: a compaction of the same records has the same one.
Result<void> IndexWriter::check_name(const io::File& named) {
  NEARLINE_TRY(theirs, named.identity());
  NEARLINE_TRY(ours, file_->identity());
  return theirs == ours ? Result<void>{} : lost_name();
}
Result<void> IndexWriter::lost_name() {
  spent_ = Error{.code = Code::kInvalidArgument,
                 .what = "another file took the index's name: expected this writer to be opened anew",
                 .file = path_.string()};
  return *spent_;
}

CommitInput IndexWriter::input(Durability durability, const std::vector<std::byte>* queries) noexcept {
  return {*index_,
          *pending_,
          *file_,
          *fs_,
          directory_,
          job_ && !adopts_ ? beside_ : options_,
          *space_,
          adopts_ ? nullptr : job_.get(),
          adopts_ ? job_.get() : nullptr,
          durability == Durability::kRelaxed ? fs_->boot_id() : format::BootId{},
          queries};
}

/// A writer that died may have left a name and a commit that are seen but not durable. This one answers for both from
/// its first commit on.
Result<void> IndexWriter::take_over() {
  NEARLINE_CHECK(fs_->sync_directory(directory_));
  NEARLINE_CHECK(settled(settle_found(*file_, index_->file())));
  own_commit_ = true;
  return {};
}

Result<void> IndexWriter::settled(Result<void> done) {
  if (done) {
    index_->file().mark_durable();
  } else if (done.error().code == Code::kCommitUnknown) {
    spent_ = done.error();
  }
  return done;
}

Result<CommitReport> IndexWriter::write(const MergePlan& merge, bool needed, Durability durability,
                                        const std::vector<std::byte>* queries) {
  NEARLINE_TRY(named, fs_->open_read(path_));
  NEARLINE_CHECK(check_name(*named));
  if (!own_commit_) NEARLINE_CHECK(take_over());
  if (!needed) return nothing_to_write(durability);
  const auto lock = space_->lock();
  space_->close();  // what was free is written to now; until it is known anew a merge gets nothing
  auto committed = write_commit(input(durability, queries), merge);
  if (!committed) {
    if (job_) renew_space();
    return failed(std::move(committed).error());
  }
  if (std::exchange(adopts_, false)) {
    job_.reset();
    space_->release();
  }
  close();
  if (job_) renew_space();
  // Nothing of the commit depends on it: what is not given back now is tried again.
  if (ready()) static_cast<void>(punch_holes(committed.value().file_bytes / kFreeOneIn).has_value());
  return committed;
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

Error IndexWriter::failed(Error error) {
  if (error.code != Code::kCommitUnknown) return explained(std::move(error)).in(path_.string());
  spent_ = std::move(error).in(path_.string());
  if (job_) job_->cancel();
  close();
  return *spent_;
}

/// A bound that is too small is told as what is left of the caller's.
Error IndexWriter::explained(Error error) const {
  if (error.code == Code::kOverBudget) {
    error.what += "; of the writer's bound of " + std::to_string(options_.memory_bytes + view_bytes_) + " bytes " +
                  std::to_string(view_bytes_) + " are for its view of the index";
  }
  return error;
}

/// The view has a share of the bound: what is told is how large that must be.
Error IndexWriter::explained_view(Error error) const {
  if (error.code != Code::kOverBudget) return error;
  const auto file = IndexFile::open(*fs_, path_);
  if (!file) return error;
  const std::uint64_t needed = view_needs(**file);
  error.what = "a memory bound of " + std::to_string(options_.memory_bytes + view_bytes_) +
               " bytes: opening this index for writing needs at least " +
               std::to_string(needed * (needed <= kViewBytes ? kLeastViewShare : kViewShare));
  return error;
}

/// Bytes that the newest commit left behind.
std::uint64_t IndexWriter::just_freed() const noexcept {
  std::uint64_t bytes = 0;
  for (const format::Extent& extent : index_->file().manifest().free) {
    if (extent.freed_in == index_->file().superblock().generation) bytes += extent.length;
  }
  return bytes;
}

Result<CommitReport> IndexWriter::nothing_to_write(Durability durability) {
  const bool waits = durability == Durability::kDurable && !index_->info().durable;
  if (waits) NEARLINE_CHECK(settled(settle(*file_, index_->file().superblock())));
  const IndexInfo info = index_->info();
  return CommitReport{.generation = info.generation,
                      .count = info.count,
                      .segments = info.segments,
                      .file_bytes = info.file_bytes,
                      .free_bytes = info.free_bytes,
                      .durable = info.durable};
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
