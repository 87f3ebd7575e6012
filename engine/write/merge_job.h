// SPDX-License-Identifier: Apache-2.0
/// A merge that runs while commits go on, on a thread of its own or when its owner has it run. It works on segments of
/// one commit, which never change, and which those commits leave in place. They go when a commit adopts the segment
/// that it made of them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "engine/file/index_file_writer.h"
#include "engine/file/opened_by.h"
#include "engine/file/space_beside.h"
#include "engine/query/snapshot.h"
#include "engine/write/commit.h"
#include "engine/write/pending.h"

namespace nearline::engine {

class MergeJob {
 public:
  struct Setup {
    io::FileSystem& fs;
    std::shared_ptr<io::File> file;  ///< held for writing
    std::shared_ptr<SpaceBeside> space;
    std::filesystem::path path;
    std::filesystem::path directory;
    WriterOptions options;  ///< memory_bytes: what the merge may allocate, its view of the index included
    std::uint64_t view_bytes = 0;
    IoMode io = IoMode::kAuto;
  };

  /// newest: the commit that the plan is for, as the field shows it whose segments are merged. Errors: those of opening
  /// it once more; kOverBudget where the memory is too little for this merge.
  static Result<std::unique_ptr<MergeJob>> create(Setup setup, MergePlan plan, const Snapshot& newest);
  MergeJob(const MergeJob&) = delete;
  MergeJob& operator=(const MergeJob&) = delete;
  /// Stops it, and waits until it has stopped.
  ~MergeJob();

  /// False where the system gives no thread.
  bool start();
  /// Does the whole of it here.
  void run() noexcept;
  void cancel() noexcept { cancelled_ = true; }

  [[nodiscard]] bool done() const noexcept {
    const std::lock_guard lock(mutex_);
    return done_;
  }
  /// Waits until it is done. progress: is told how far it came. Errors: kCancelled when that asks to stop waiting.
  Result<void> wait(const ProgressFn& progress) const;

  /// Of one that is done: whether it failed, and the segment of one that has not.
  [[nodiscard]] bool failed() const noexcept { return !made_.has_value(); }
  [[nodiscard]] const WrittenSegment& segment() const noexcept { return made_.value(); }

  [[nodiscard]] const MergePlan& plan() const noexcept { return plan_; }
  [[nodiscard]] std::uint32_t field() const noexcept { return index_->field(); }
  /// Whether it reads the segment, to merge it or to go by it.
  [[nodiscard]] bool works_on(const SegmentFile& segment) const noexcept;
  /// What it merges, by the rows of a later commit.
  [[nodiscard]] std::vector<std::uint32_t> rows_in(const Snapshot& later) const;
  /// Ids of the records that a later commit and what is pending have deleted of what it merges. Errors: those of
  /// reading.
  [[nodiscard]] Result<std::vector<Id>> lost(const CommitInput& later) const;

 private:
  MergeJob(Setup setup, MergePlan plan, std::shared_ptr<const Snapshot> index);
  Result<WrittenSegment> write();
  [[nodiscard]] CommitInput input() noexcept;
  [[nodiscard]] std::optional<std::size_t> source_of(const SegmentFile& later) const noexcept;

  OpenedBy opened_by_;
  Setup setup_;
  MergePlan plan_;
  std::shared_ptr<const Snapshot> index_;
  Pending nothing_;                  ///< the tombstones as they were
  std::vector<std::uint64_t> read_;  ///< serials of the pages that it reads
  std::atomic<bool> cancelled_{false};
  std::atomic<std::uint64_t> done_records_{0};
  mutable std::mutex mutex_;  ///< guards the two that follow
  bool done_ = false;
  Result<WrittenSegment> made_ = Error{};  ///< never changes once it is done
  mutable std::condition_variable ended_;
  std::unique_ptr<std::thread> thread_;
};

}  // namespace nearline::engine
