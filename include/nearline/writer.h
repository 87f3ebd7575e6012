// SPDX-License-Identifier: Apache-2.0
/// Changes an index file: insert, upsert, erase, commit, compact.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "nearline/builder.h"
#include "nearline/export.h"
#include "nearline/result.h"
#include "nearline/types.h"

namespace nearline {

/// How a Writer works.
struct WriterOptions {
  /// Bound on what the writer allocates. Each record that waits for a commit takes some 40 bytes besides. While a merge
  /// runs beside commits it has three quarters of what is left by the writer's view of the index, and they have one.
  std::uint64_t memory_bytes = 256u << 20;
  /// Up to so many new records are kept in a flat segment, compared with every query. Beyond, a commit links them.
  std::uint32_t delta_records = 4096;
  /// Commits merge segments of like size, so that there are few, and rewrite those of which too much is deleted.
  /// Otherwise only `compact` does, and a commit after which the default memory would not open the index.
  bool merge = true;
  /// Merges run on a thread of the writer while commits go on: a commit links and writes little more than it brings,
  /// and one that comes later takes over what a merge made. Otherwise merges are done inside commits, which return when
  /// nothing is left to merge, and the index follows from the commits alone.
  bool background_merges = true;
  std::uint32_t threads = Count::kAuto;       ///< kAuto: one per processor
  bool untrusted = false;                     ///< as OpenOptions::untrusted
  ProgressFn progress{};                      ///< of commits, compactions and waiting; may be empty
  std::chrono::milliseconds lock_timeout{0};  ///< how long to wait for another writer to end
};

/// When a commit returns.
enum class Durability : std::uint8_t {
  kDurable,  ///< once a loss of power cannot take it any more
  kRelaxed   ///< at once, without waiting for the disk; seen by everybody, and durable with the next durable commit
};

/// What `Writer::insert` did.
struct InsertReport {
  std::uint64_t inserted = 0;
  /// Of records that came without ids: those of the call have first_id, first_id + 1, ... in the order of the rows.
  std::optional<Id> first_id{};
};

/// What `Writer::erase` did.
struct EraseReport {
  std::uint64_t erased = 0;
  std::uint64_t unknown = 0;  ///< ids that no record has
};

/// What a commit did, and what the index holds since.
struct CommitReport {
  std::uint64_t generation = 0;      ///< number of the commit, or of the one before when nothing had changed
  std::uint64_t count = 0;           ///< live records
  std::uint32_t segments = 0;        ///< of the first field
  std::uint64_t merged_records = 0;  ///< older records that were written anew
  std::uint64_t file_bytes = 0;
  std::uint64_t free_bytes = 0;  ///< the part of file_bytes that the next commits will write into
  bool durable = false;          ///< a loss of power cannot take it any more
  bool merging = false;          ///< a merge goes on beside the commits that follow
};

/// The one writer of an index. Readers, in this process and others, go on with the commit that they opened; Index::open
/// and Index::refresh find the newest one. Changes are seen by nobody before `commit`, and are forgotten by `abandon`,
/// by the destructor and by a crash.
/// Threads: one at a time; never in a child of the process that opened it (kInvalidArgument).
/// A commit is durable when `commit` returns, and after a crash at any moment the file holds exactly the last commit
/// that returned or the one in progress (format/SPEC.md, section 8). Relaxed commits keep this where a process dies;
/// where the system does, all since the last durable one may be lost, together: never a part of one. Neither the
/// destructor nor anything else makes them durable but a durable commit, or the first commit of the next Writer.
/// Merges beside commits change no answer but how it is found. What one has written is seen by nobody before a commit
/// takes it over, and is free space after a crash, the destructor, `calibrate` and `compact`: a later Writer's first
/// commit begins it anew. One that fails for lack of memory or space is done by the next commit, which then tells.
/// After an error of `commit` the file is as before and the changes still wait: it may be called again, when there is
/// space again, say. After kCommitUnknown all calls fail: open the file anew.
class NEARLINE_API Writer {
 public:
  /// Through a symbolic link its target is written to.
  /// Errors: kBusy when there is another writer, and still is after options.lock_timeout; kCancelled when the progress
  /// function asks to stop waiting; those of Index::open; kReadOnly, kPermission; kUnsupported when a
  /// newer nearline forbids this one to write.
  static Result<Writer> open(const std::filesystem::path& path, const WriterOptions& options = {});

  Writer(Writer&&) noexcept;
  Writer& operator=(Writer&&) noexcept;
  ~Writer();

  /// Adds records. ids: one per row, or empty for new ones, which the report tells: ids in a row, above every id below
  /// 2^63 that a record of this index ever had, and above all that were given this way. So none is given twice, even
  /// when the record with the largest was deleted; what is not committed was not given. An id from 2^63 on does not
  /// move what is given next. Errors: kExists for an id that a record has, kInvalidArgument for one that is given
  /// twice, and those of Builder::add. After an error nothing of this call is kept.
  /// data: as Builder::add; different strings that wait for a commit may take a quarter of memory_bytes (kOverBudget).
  Result<InsertReport> insert(const MatrixView& vectors, std::span<const Id> ids = {}, const RecordData& data = {});

  /// Adds records in place of those with the same ids, if there are: nothing of these stays, what they say neither. Of
  /// an id given twice the last row counts. Errors: as insert, but kExists.
  Result<void> upsert(const MatrixView& vectors, std::span<const Id> ids, const RecordData& data = {});

  /// Gives records vectors in a further field (Schema::fields), in place of those that they have there. ids: of records
  /// of the index, or added since the last commit; one per row. Nothing else of the records changes.
  /// Errors: kInvalidArgument for the first field or an unknown one, or an id that no record has; as upsert.
  Result<void> set_field(std::string_view field, const MatrixView& vectors, std::span<const Id> ids);

  /// Errors: kCorrupt, kIo. After an error nothing of this call is done.
  Result<EraseReport> erase(std::span<const Id> ids);

  /// Takes away what records have in a further field; of the first field it is as erase. unknown: ids that have none
  /// there. Errors: kInvalidArgument for an unknown field; as erase.
  Result<EraseReport> erase_field(std::string_view field, std::span<const Id> ids);

  /// Erases all records that match the filter (SearchOptions::filter). Errors: as erase; kInvalidArgument for a filter
  /// that is none, and while there are changes that are not committed.
  Result<EraseReport> erase_where(std::string_view filter);

  /// Whether a commit would change anything.
  [[nodiscard]] bool dirty() const noexcept;

  /// Makes all changes since the last commit visible, together, and with kDurable durable, they and all before them,
  /// even if nothing has changed. A Writer's first commit waits for the disk in either case: it makes durable what it
  /// found. Where the system does not tell its boot id, all commits are durable.
  /// Errors: kNoSpace, kIo, kOverBudget, kNoMemory, kCancelled; kCorrupt for records that must be read; kCommitUnknown.
  Result<CommitReport> commit(Durability durability = Durability::kDurable);

  /// Waits until nothing is left to merge, and commits what merges made, durably. With background_merges a program
  /// calls it when it has time, or before it ends; without, it is a commit of nothing. The report's merged_records are
  /// those of all these merges. Errors: kInvalidArgument for changes that are not committed; kCancelled when the
  /// progress function asks to stop waiting, after which the merge goes on; those of commit.
  Result<CommitReport> wait_for_merges();

  /// Measures anew how far walks must go for a `SearchOptions::recall`, with queries that are like those to come: for
  /// data whose queries are unlike its records, of which calibrations are made otherwise. A sample of up to 512 of them
  /// is kept in the file, and later merges and compactions are calibrated with it; no rows: forgets it, and calibrates
  /// with records. Commits, durably; nothing else changes. Takes as long as comparing 512 queries with all records, and
  /// a few thousand walks. field: as SearchOptions::field.
  /// Errors: kInvalidArgument for fewer than 32 queries, another dimension or type, or changes that are not committed;
  /// kBadInput for a query that the metric cannot compare; those of commit.
  Result<CommitReport> calibrate(const MatrixView& queries, std::string_view field = {});

  /// Forgets all changes since the last commit.
  void abandon() noexcept;

  /// Commits, with all records in one new segment without the deleted ones, moves it to free space before it where
  /// that is in one piece, and makes the file shorter, if no reader holds an older commit; else freed space becomes
  /// holes. Durable. Errors: as commit; the changes may be committed even so (`dirty` says), for this takes several
  /// commits.
  Result<CommitReport> compact();

  /// Writes all records as they were committed to a new, dense, durable file, as Builder does, which then takes the
  /// name `output`. Where that is the index's own, it replaces the index for those who open it next, and this Writer is
  /// spent.  Errors: those of Builder; kInvalidArgument when there are uncommitted changes.
  Result<BuildReport> compact_to(const std::filesystem::path& output, bool replace = false);

 private:
  class Impl;
  explicit Writer(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nearline
