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
#include "engine/write/commit.h"
#include "engine/write/pending.h"
#include "io/temporary_name.h"

namespace nearline {
namespace {

constexpr std::size_t kRowsAtOnce = 1024;
/// Holes are punched where they are worth a system call.
constexpr std::uint64_t kLeastHole = 64u << 10;
/// Commits give free space back once it is more than one in so many bytes of the file.
constexpr std::uint64_t kFreeOneIn = 5;

}  // namespace

class Writer::Impl {
 public:
  Impl(io::FileSystem& fs, std::filesystem::path path, WriterOptions options, std::unique_ptr<io::File> file)
      : fs_(fs),
        path_(std::move(path)),
        directory_(io::directory_of(path_)),
        options_(std::move(options)),
        file_(std::move(file)) {}

  static Result<std::unique_ptr<Impl>> open(io::FileSystem& fs, const std::filesystem::path& path,
                                            const WriterOptions& options) {
    NEARLINE_TRY(file, fs.open_write(path));
    if (auto locked = engine::lock_for_writing(*file); !locked) return std::move(locked).error().in(path.string());
    auto impl = std::make_unique<Impl>(fs, path, options, std::move(file));
    NEARLINE_CHECK(impl->open_newest());
    // Between opening and locking, a compaction may have put another file under the name.
    NEARLINE_TRY(held, engine::IndexFile::newest(*impl->file_));
    if (held.superblock.file_id != impl->index_->file().superblock().file_id ||
        held.superblock.generation != impl->index_->file().superblock().generation) {
      return Error{.code = Code::kBusy, .what = "another file took the index's name just now", .file = path.string()};
    }
    if (const std::uint64_t unknown = held.superblock.features.ro_compat; unknown != 0) {
      return Error{.code = Code::kUnsupported,
                   .what = "feature " + std::to_string(std::countr_zero(unknown)) +
                           " of a newer nearline: expected a file that this one may write to",
                   .file = path.string()};
    }
    return impl;
  }

  Result<void> add(const MatrixView& vectors, std::span<const Id> ids, bool replace) {
    NEARLINE_CHECK(usable());
    return pending_->add(vectors, ids, replace);
  }
  Result<EraseReport> erase(std::span<const Id> ids) {
    NEARLINE_CHECK(usable());
    return pending_->erase(ids);
  }
  [[nodiscard]] bool dirty() const noexcept { return pending_ && pending_->dirty(); }
  void abandon() noexcept {
    if (index_) pending_.emplace(*index_, fs_, directory_);
  }

  Result<CommitReport> commit() {
    NEARLINE_CHECK(usable());
    const engine::CommitInput input = this->input();
    return write(engine::plan_merge(engine::loads_of(input), pending_->fresh(), options_.delta_records, options_.merge),
                 pending_->dirty());
  }

  Result<CommitReport> compact() {
    NEARLINE_CHECK(usable());
    NEARLINE_TRY(merged, write(engine::plan_compaction(engine::loads_of(input()), pending_->fresh()), true));
    // What the commit before uses is free once there is one more.
    NEARLINE_TRY(report, write({}, true));
    report.merged_records = merged.merged_records;
    NEARLINE_CHECK(punch_holes(0));
    return report;
  }

  Result<BuildReport> compact_to(const std::filesystem::path& output, bool replace) {
    NEARLINE_CHECK(usable());
    if (dirty()) {
      return Error{.code = Code::kInvalidArgument,
                   .what = "changes that are not committed: expected a commit before a compaction to another file"};
    }
    BuildOptions build = engine::build_options_of(*index_, options_);
    build.replace = replace;
    NEARLINE_TRY(builder, OnFileSystem::create(fs_, output, index_->info.schema, build));
    NEARLINE_CHECK(index_->for_each(
        kRowsAtOnce, [&](std::span<const Id> ids, const MatrixView& vectors) { return builder.add(vectors, ids); }));
    NEARLINE_TRY(report, builder.finish());
    const auto spelled = [](const std::filesystem::path& name) {
      return std::filesystem::absolute(name).lexically_normal();
    };
    NEARLINE_TRY(held, engine::IndexFile::newest(*file_));
    NEARLINE_TRY(named, engine::IndexFile::open(fs_, path_));
    const bool replaced = spelled(output) == spelled(path_) || named->superblock().file_id != held.superblock.file_id;
    if (replaced) give_up("the index was replaced by its compaction");
    return report;
  }

 private:
  Result<void> usable() const {
    if (!spent_) return {};
    return *spent_;
  }
  void give_up(std::string why) {
    spent_ = Error{.code = Code::kInvalidArgument, .what = std::move(why) + ": open it anew", .file = path_.string()};
  }

  [[nodiscard]] engine::CommitInput input() noexcept { return {*index_, *pending_, *file_, fs_, directory_, options_}; }

  Result<void> open_newest() {
    OpenOptions open{.memory_bytes = options_.memory_bytes / 4, .ranking = Ranking::kExact, .threads = 1};
    NEARLINE_TRY(index, engine::OpenIndex::open(fs_, path_, open));
    pending_.reset();
    index_ = std::move(index);
    pending_.emplace(*index_, fs_, directory_);
    return {};
  }

  Result<CommitReport> write(const engine::MergePlan& merge, bool needed) {
    if (!needed) {
      const IndexInfo& info = index_->info;
      return CommitReport{.generation = info.generation,
                          .count = info.count,
                          .segments = info.segments,
                          .file_bytes = info.file_bytes,
                          .free_bytes = info.free_bytes};
    }
    auto committed = engine::commit(input(), merge);
    if (!committed) {
      if (committed.error().code == Code::kCommitUnknown) spent_ = committed.error();
      return std::move(committed).error().in(path_.string());
    }
    if (auto opened = open_newest(); !opened) {
      spent_ = opened.error();  // the commit stands, but nothing more can be built on it here
      return std::move(opened).error();
    }
    // Nothing of the commit depends on it: what is not given back now is tried again.
    static_cast<void>(punch_holes(committed.value().file_bytes / kFreeOneIn).has_value());
    return committed;
  }

  /// Gives free space back to the file system when it is more than `least`, as far as nobody needs it.
  Result<void> punch_holes(std::uint64_t least) {
    const format::Superblock& super = index_->file().superblock();
    NEARLINE_TRY(oldest, engine::oldest_pinned(*file_, super.generation));
    const std::uint64_t usable = std::min(super.generation, oldest + 1);
    std::vector<format::Extent> holes = index_->file().manifest().free;
    std::erase_if(holes, [&](const format::Extent& e) { return e.freed_in >= usable || e.length < kLeastHole; });
    const std::uint64_t free = std::accumulate(holes.begin(), holes.end(), std::uint64_t{0},
                                               [](std::uint64_t sum, const auto& e) { return sum + e.length; });
    if (free <= least) return {};
    for (const format::Extent& hole : holes) NEARLINE_CHECK(file_->punch(hole.offset, hole.length));
    return {};
  }

  io::FileSystem& fs_;
  std::filesystem::path path_;
  std::filesystem::path directory_;
  WriterOptions options_;
  std::unique_ptr<io::File> file_;
  std::unique_ptr<engine::OpenIndex> index_;
  std::optional<engine::Pending> pending_;
  std::optional<Error> spent_;
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
Result<CommitReport> Writer::commit() {
  return impl_->commit();
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
