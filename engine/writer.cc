// SPDX-License-Identifier: Apache-2.0
/// The life of a writer: lock, collect, commit, and again.
#include "nearline/writer.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <string>
#include <utility>

#include "engine/build/assemble.h"
#include "engine/generation_locks.h"
#include "engine/on_file_system.h"
#include "engine/opened_by.h"
#include "engine/write/commit.h"
#include "engine/write/free_space.h"
#include "engine/write/pending.h"
#include "engine/write/settle.h"
#include "io/temporary_name.h"

namespace nearline {
namespace {

constexpr std::size_t kRowsAtOnce = 1024;
/// Holes are punched where they are worth a system call.
constexpr std::uint64_t kLeastHole = 64u << 10;
/// Commits give free space back once it is more than one in so many bytes of the file.
constexpr std::uint64_t kFreeOneIn = 5;
/// Of the memory, the writer's view of the index has a sixteenth, or up to so much where that is a quarter.
constexpr std::uint64_t kViewBytes = 20u << 20;
/// So much space that a merge left behind, and a third of the file, is worth one more commit.
constexpr std::uint64_t kWorthACommit = 1u << 20;

}  // namespace

class Writer::Impl {
 public:
  Impl(io::FileSystem& fs, std::filesystem::path path, WriterOptions options, std::unique_ptr<io::File> file)
      : fs_(fs),
        path_(std::move(path)),
        directory_(io::directory_of(path_)),
        options_(std::move(options)),
        view_bytes_(std::max(options_.memory_bytes / 16, std::min(options_.memory_bytes / 4, kViewBytes))),
        file_(std::move(file)) {
    options_.memory_bytes -= view_bytes_;
  }

  static Result<std::unique_ptr<Impl>> open(io::FileSystem& fs, const std::filesystem::path& path,
                                            const WriterOptions& options) {
    NEARLINE_TRY(file, fs.open_write(path));
    if (auto locked = engine::lock_for_writing(*file); !locked) return std::move(locked).error().in(path.string());
    auto impl = std::make_unique<Impl>(fs, path, options, std::move(file));
    if (auto opened = impl->ready(); !opened) {
      // Between opening and locking, a compaction may have put another file under the name.
      if (impl->spent_) opened.error().code = Code::kBusy;
      return std::move(opened).error();
    }
    if (const std::uint64_t unknown = impl->index_->file().superblock().features.ro_compat; unknown != 0) {
      return Error{.code = Code::kUnsupported,
                   .what = "feature " + std::to_string(std::countr_zero(unknown)) +
                           " of a newer nearline: expected a file that this one may write to",
                   .file = path.string()};
    }
    return impl;
  }

  Result<void> add(const MatrixView& vectors, std::span<const Id> ids, bool replace) {
    NEARLINE_CHECK(ready());
    return pending_->add(vectors, ids, replace);
  }
  Result<EraseReport> erase(std::span<const Id> ids) {
    NEARLINE_CHECK(ready());
    return pending_->erase(ids);
  }
  [[nodiscard]] bool dirty() const noexcept { return pending_ && pending_->dirty(); }
  void abandon() noexcept { pending_.reset(); }

  Result<CommitReport> commit(Durability durability) {
    NEARLINE_CHECK(ready());
    const engine::CommitInput input = this->input();
    NEARLINE_TRY(report, write(engine::plan_merge(engine::loads_of(input), pending_->fresh(), options_.delta_records,
                                                  options_.merge),
                               pending_->dirty(), durability));
    // What a merge took in is free once there is one more durable commit.
    if (durability == Durability::kDurable && report.merged_records > 0 && ready() &&
        just_freed() > std::max(kWorthACommit, report.file_bytes / 3)) {
      auto again = write({}, true, durability);
      if (!again && again.error().code == Code::kCommitUnknown) return again;
      if (again) report.generation = again.value().generation;
    }
    return report;
  }

  Result<CommitReport> compact() {
    NEARLINE_CHECK(ready());
    NEARLINE_TRY(merged, write(engine::plan_compaction(engine::loads_of(input()), pending_->fresh()), true,
                               Durability::kDurable));
    // What the commit before uses is free once there is one more.
    NEARLINE_CHECK(ready());
    NEARLINE_TRY(report, write({}, true, Durability::kDurable));
    report.merged_records = merged.merged_records;
    NEARLINE_CHECK(ready());
    NEARLINE_CHECK(punch_holes(0));
    return report;
  }

  Result<BuildReport> compact_to(const std::filesystem::path& output, bool replace) {
    NEARLINE_CHECK(ready());
    if (dirty()) {
      return Error{.code = Code::kInvalidArgument,
                   .what = "changes that are not committed: expected a commit before a compaction to another file"};
    }
    BuildOptions build = engine::build_options_of(*index_, options_);
    build.replace = replace;
    NEARLINE_TRY(builder, OnFileSystem::create(fs_, output, index_->info.schema, build));
    NEARLINE_CHECK(index_->for_each(
        kRowsAtOnce, [&](std::span<const Id> ids, const MatrixView& vectors) { return builder.add(vectors, ids); }));
    close();  // whatever comes of it, the name may lead to another file from here on
    auto finished = builder.finish();
    return finished ? std::move(finished) : explained(std::move(finished).error());
  }

 private:
  /// To be called before anything is done: opens what the last call closed. Error when nothing can be done any more.
  Result<void> ready() {
    NEARLINE_CHECK(opened_by_.check());
    if (spent_) return *spent_;
    if (!index_) {
      const OpenOptions open{.io = io_, .memory_bytes = view_bytes_, .ranking = Ranking::kExact, .threads = 1};
      NEARLINE_TRY(index, engine::OpenIndex::open(fs_, path_, open));
      NEARLINE_CHECK(check_name(index->file().file()));
      index_ = std::move(index);
      io_ = index_->io;  // the system is asked once, not for each commit
    }
    if (!pending_) pending_.emplace(*index_, fs_, directory_);
    return {};
  }

  /// What is open is not the newest commit any more, or may not be.
  void close() noexcept {
    pending_.reset();
    index_.reset();
  }

  /// A commit to a file without a name would be acknowledged and lost. named: what the name leads to. The file's id
  /// would not tell: a compaction of the same records has the same one.
  Result<void> check_name(const io::File& named) {
    NEARLINE_TRY(theirs, named.identity());
    NEARLINE_TRY(ours, file_->identity());
    return theirs == ours ? Result<void>{} : lost_name();
  }
  Result<void> lost_name() {
    spent_ = Error{.code = Code::kInvalidArgument,
                   .what = "another file took the index's name: expected this writer to be opened anew",
                   .file = path_.string()};
    return *spent_;
  }

  [[nodiscard]] engine::CommitInput input(Durability durability = Durability::kDurable) noexcept {
    return {*index_,
            *pending_,
            *file_,
            fs_,
            directory_,
            options_,
            durability == Durability::kRelaxed ? fs_.boot_id() : format::BootId{}};
  }

  /// A writer that died may have left a name and a commit that are seen but not durable. This one answers for both from
  /// its first commit on.
  Result<void> take_over() {
    NEARLINE_CHECK(fs_.sync_directory(directory_));
    NEARLINE_CHECK(settled(engine::settle_found(*file_, index_->file())));
    own_commit_ = true;
    return {};
  }

  Result<void> settled(Result<void> done) {
    if (done) {
      index_->mark_durable();
    } else if (done.error().code == Code::kCommitUnknown) {
      spent_ = done.error();
    }
    return done;
  }

  Result<CommitReport> write(const engine::MergePlan& merge, bool needed, Durability durability) {
    NEARLINE_TRY(named, fs_.open_read(path_));
    NEARLINE_CHECK(check_name(*named));
    if (!own_commit_) NEARLINE_CHECK(take_over());
    if (!needed) return nothing_to_write(durability);
    auto committed = engine::commit(input(durability), merge);
    if (committed) {
      close();
    } else if (committed.error().code == Code::kCommitUnknown) {
      spent_ = std::move(committed).error().in(path_.string());
      close();
      return *spent_;
    } else {
      return explained(std::move(committed).error()).in(path_.string());
    }
    // Nothing of the commit depends on it: what is not given back now is tried again.
    if (ready()) static_cast<void>(punch_holes(committed.value().file_bytes / kFreeOneIn).has_value());
    return committed;
  }

  /// A bound that is too small is told as what is left of the caller's.
  Error explained(Error error) const {
    if (error.code == Code::kNoMemory) {
      error.what += "; of the writer's bound of " + std::to_string(options_.memory_bytes + view_bytes_) + " bytes " +
                    std::to_string(view_bytes_) + " are for its view of the index";
    }
    return error;
  }

  /// Bytes that the newest commit left behind.
  [[nodiscard]] std::uint64_t just_freed() const noexcept {
    std::uint64_t bytes = 0;
    for (const format::Extent& extent : index_->file().manifest().free) {
      if (extent.freed_in == index_->file().superblock().generation) bytes += extent.length;
    }
    return bytes;
  }

  Result<CommitReport> nothing_to_write(Durability durability) {
    const bool waits = durability == Durability::kDurable && !index_->info.durable;
    if (waits) NEARLINE_CHECK(settled(engine::settle(*file_, index_->file().superblock())));
    const IndexInfo& info = index_->info;
    return CommitReport{.generation = info.generation,
                        .count = info.count,
                        .segments = info.segments,
                        .file_bytes = info.file_bytes,
                        .free_bytes = info.free_bytes,
                        .durable = info.durable};
  }

  /// Gives free space back to the file system when it is more than `least`, as far as nobody needs it.
  Result<void> punch_holes(std::uint64_t least) {
    NEARLINE_TRY(space, engine::free_space(index_->file(), *file_));
    std::vector<format::Extent> holes = std::move(space.usable);
    std::erase_if(holes, [](const format::Extent& e) { return e.length < kLeastHole; });
    const std::uint64_t free = std::accumulate(holes.begin(), holes.end(), std::uint64_t{0},
                                               [](std::uint64_t sum, const auto& e) { return sum + e.length; });
    if (free <= least) return {};
    for (const format::Extent& hole : holes) NEARLINE_CHECK(file_->punch(hole.offset, hole.length));
    return {};
  }

  engine::OpenedBy opened_by_;
  io::FileSystem& fs_;
  std::filesystem::path path_;
  std::filesystem::path directory_;
  WriterOptions options_;  ///< memory_bytes: what is left for commits
  std::uint64_t view_bytes_;
  std::unique_ptr<io::File> file_;
  std::unique_ptr<engine::OpenIndex> index_;  ///< the newest commit; null until it is needed
  std::optional<engine::Pending> pending_;
  IoMode io_ = IoMode::kAuto;
  bool own_commit_ = false;     ///< the newest commit is this writer's: it is known what of it is durable
  std::optional<Error> spent_;  ///< why nothing can be done any more
};

Result<Writer> OnFileSystem::open_writer(io::FileSystem& fs, const std::filesystem::path& path,
                                         const WriterOptions& options) {
  NEARLINE_TRY(impl, Writer::Impl::open(fs, path, options));
  return Writer(std::move(impl));
}

Result<Writer> Writer::open(const std::filesystem::path& path, const WriterOptions& options) {
  return OnFileSystem::open_writer(io::real_file_system(), path, options);
}

Writer::Writer(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;
Writer::~Writer() = default;

Result<void> Writer::insert(const MatrixView& vectors, std::span<const Id> ids) {
  return impl_->add(vectors, ids, false);
}
Result<void> Writer::upsert(const MatrixView& vectors, std::span<const Id> ids) {
  return impl_->add(vectors, ids, true);
}
Result<EraseReport> Writer::erase(std::span<const Id> ids) {
  return impl_->erase(ids);
}
bool Writer::dirty() const noexcept {
  return impl_->dirty();
}
Result<CommitReport> Writer::commit(Durability durability) {
  return impl_->commit(durability);
}
void Writer::abandon() noexcept {
  impl_->abandon();
}
Result<CommitReport> Writer::compact() {
  return impl_->compact();
}
Result<BuildReport> Writer::compact_to(const std::filesystem::path& output, bool replace) {
  return impl_->compact_to(output, replace);
}

}  // namespace nearline
