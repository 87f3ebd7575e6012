// SPDX-License-Identifier: Apache-2.0
/// The life of a writer: lock, collect, commit, and again. What `Writer` is, on a file system of the caller's choice.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>

#include "engine/file/opened_by.h"
#include "engine/query/snapshot.h"
#include "engine/write/commit.h"
#include "engine/write/pending.h"
#include "io/file.h"
#include "nearline/writer.h"

namespace nearline::engine {

/// Calls and errors as Writer. The file system outlives it.
class IndexWriter {
 public:
  static Result<IndexWriter> open(io::FileSystem& fs, const std::filesystem::path& name,
                                  const WriterOptions& options = {});

  Result<InsertReport> insert(const MatrixView& vectors, std::span<const Id> ids = {});
  Result<void> upsert(const MatrixView& vectors, std::span<const Id> ids);
  Result<EraseReport> erase(std::span<const Id> ids);
  [[nodiscard]] bool dirty() const noexcept { return pending_ && pending_->dirty(); }
  Result<CommitReport> commit(Durability durability = Durability::kDurable);
  void abandon() noexcept { pending_.reset(); }
  Result<CommitReport> calibrate(const MatrixView& queries);
  Result<CommitReport> compact();
  Result<BuildReport> compact_to(const std::filesystem::path& output, bool replace = false);

 private:
  IndexWriter(io::FileSystem& fs, std::filesystem::path path, WriterOptions options, std::unique_ptr<io::File> file);

  /// Opens what the last call closed: to be called before anything is done. Error when nothing can be done any more.
  Result<void> ready();
  /// Error when changes wait for a commit.
  [[nodiscard]] Result<void> nothing_pending(const char* before) const;
  /// Closes the commit that is open: it is not the newest any more, or may not be.
  void close() noexcept;

  Result<void> check_name(const io::File& named);
  Result<void> lost_name();
  [[nodiscard]] CommitInput input(Durability durability = Durability::kDurable,
                                  const std::vector<std::byte>* queries = nullptr) noexcept;
  Result<void> take_over();
  Result<void> settled(Result<void> done);
  Result<CommitReport> write(const MergePlan& merge, bool needed, Durability durability,
                             const std::vector<std::byte>* queries = nullptr);
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
  std::uint64_t view_bytes_;
  std::unique_ptr<io::File> file_;
  std::shared_ptr<const Snapshot> index_;  ///< the newest commit; null until it is needed
  std::optional<Pending> pending_;
  IoMode io_ = IoMode::kAuto;
  bool own_commit_ = false;     ///< the newest commit is this writer's: it is known what of it is durable
  std::optional<Error> spent_;  ///< why nothing can be done any more
};

}  // namespace nearline::engine
