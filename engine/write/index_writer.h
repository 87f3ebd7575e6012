// SPDX-License-Identifier: Apache-2.0
/// The life of a writer: lock, collect, commit, and again. What `Writer` is, on a file system of the caller's choice.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>

#include "engine/file/opened_by.h"
#include "engine/query/snapshot.h"
#include "engine/space/field_schema.h"
#include "engine/write/changes.h"
#include "engine/write/commit.h"
#include "engine/write/merge_job.h"
#include "io/file.h"
#include "nearline/writer.h"

namespace nearline::engine {

/// Who does the work of merges beside commits.
enum class MergeThread : std::uint8_t {
  kOwn,     ///< a thread of the writer
  kCallers  ///< whoever calls `work`: what happens when follows from the calls alone
};

/// Calls and errors as Writer. The file system outlives it.
class IndexWriter {
 public:
  static Result<IndexWriter> open(io::FileSystem& fs, const std::filesystem::path& name,
                                  const WriterOptions& options = {}, MergeThread thread = MergeThread::kOwn);

  Result<InsertReport> insert(const MatrixView& vectors, std::span<const Id> ids = {}, const RecordData& data = {});
  Result<void> upsert(const MatrixView& vectors, std::span<const Id> ids, const RecordData& data = {});
  Result<void> set_field(std::string_view field, const MatrixView& vectors, std::span<const Id> ids);
  Result<EraseReport> erase(std::span<const Id> ids);
  Result<EraseReport> erase_field(std::string_view field, std::span<const Id> ids);
  Result<EraseReport> erase_where(std::string_view filter);
  [[nodiscard]] bool dirty() const noexcept { return changes_ && changes_->dirty(); }
  Result<CommitReport> commit(Durability durability = Durability::kDurable);
  void abandon() noexcept { changes_.reset(); }
  Result<CommitReport> wait_for_merges();
  /// With kCallers: does all that a merge which was begun writes; called once more, lets the next commit adopt it.
  void work() noexcept;
  Result<CommitReport> calibrate(const MatrixView& queries, std::string_view field = {});
  Result<CommitReport> compact();
  Result<BuildReport> compact_to(const std::filesystem::path& output, bool replace = false);

 private:
  IndexWriter(io::FileSystem& fs, std::filesystem::path path, WriterOptions options, std::unique_ptr<io::File> file,
              MergeThread thread);

  /// Opens what the last call closed: to be called before anything is done. Error when nothing can be done any more.
  Result<void> ready();
  /// Error when changes wait for a commit.
  [[nodiscard]] Result<void> check_waiting() const;
  [[nodiscard]] Result<void> nothing_pending(const char* before) const;
  /// Closes the commit that is open: it is not the newest any more, or may not be.
  void close() noexcept;

  /// Whether commits leave merges to a job beside them.
  [[nodiscard]] bool merges_beside() const noexcept { return options_.merge && options_.background_merges; }
  /// Begins the merge that follows from the newest commit, if there is one and none runs.
  void begin_merge();
  [[nodiscard]] bool merge_is_done() const noexcept { return job_ && job_->done() && (own_thread_ || granted_); }
  Result<void> finish_merge();
  /// Decides what the next commit does about a merge: whatever ends later is looked at by the one after that.
  void look_at_merge();
  /// Of a job that failed nothing stays but the wish to merge in the next commit.
  void drop_failed_merge();
  void stop_merge() noexcept;
  /// What a job may write to, after a commit or before it begins; where that is not known it stays closed.
  /// Precondition: the space's lock is held.
  void renew_space();
  [[nodiscard]] bool fits_beside(const MergePlan& plan, std::uint32_t field) const;
  using MergePlans = std::vector<MergePlan>;  ///< one for each field; none of them: nothing is merged
  Result<MergePlans> plan_commit();
  [[nodiscard]] MergePlan plan_field(const CommitInput& input);

  Result<void> check_name(const io::File& named);
  Result<void> lost_name();
  [[nodiscard]] std::uint32_t fields() const noexcept { return field_count(index_->schema()); }
  [[nodiscard]] CommitInput input(std::uint32_t field) noexcept;
  Result<void> take_over();
  Result<void> settled(Result<void> done);
  /// Queries to calibrate a field with.
  struct Queries {
    std::uint32_t field = kPrimaryField;
    std::vector<std::byte> rows{};
  };
  Result<CommitReport> write(MergePlans merges, bool needed, Durability durability, const Queries* queries = nullptr);
  [[nodiscard]] Error explained(Error error) const;
  [[nodiscard]] Error explained_view(Error error) const;
  [[nodiscard]] std::uint64_t just_freed() const noexcept;
  Result<CommitReport> nothing_to_write(Durability durability);
  Result<void> punch_holes(std::uint64_t least);
  Result<void> shrink();
  /// The error of a commit that failed; after one whose outcome is unknown nothing can be done any more.
  Error failed(Error error);

  OpenedBy opened_by_;
  io::FileSystem* fs_;
  std::filesystem::path path_;
  std::filesystem::path directory_;
  WriterOptions options_;  ///< memory_bytes: what is left for commits
  WriterOptions beside_;   ///< memory_bytes: what is left for commits while a merge runs
  std::uint64_t view_bytes_;
  std::shared_ptr<io::File> file_;
  std::shared_ptr<SpaceBeside> space_ = std::make_shared<SpaceBeside>();
  std::unique_ptr<MergeJob> job_;  ///< none, or a merge beside commits that runs or waits to be adopted
  bool own_thread_;
  bool adopts_ = false;                    ///< the next commit adopts what the job made
  bool granted_ = false;                   ///< without a thread: the job that is done may be adopted
  bool merge_here_ = false;                ///< a merge beside failed or had no memory: the next commit merges
  std::shared_ptr<const Snapshot> index_;  ///< the newest commit; null until it is needed
  std::optional<Changes> changes_;
  IoMode io_ = IoMode::kAuto;
  bool own_commit_ = false;     ///< the newest commit is this writer's: it is known what of it is durable
  std::optional<Error> spent_;  ///< why nothing can be done any more
};

}  // namespace nearline::engine
