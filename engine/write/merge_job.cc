// SPDX-License-Identifier: Apache-2.0
#include "engine/write/merge_job.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <system_error>
#include <utility>

#include "engine/make/plan.h"
#include "engine/progress.h"
#include "engine/write/new_segment.h"

namespace nearline::engine {
namespace {

constexpr std::chrono::milliseconds kLook{50};
constexpr std::uint8_t kAnyIdBytes = 8;

std::uint64_t serial_of(const SegmentFile& segment) noexcept {
  return segment.section(format::SectionKind::kGraphPages)->serial;
}

}  // namespace

MergeJob::MergeJob(Setup setup, MergePlan plan, std::shared_ptr<const Snapshot> index)
    : setup_(std::move(setup)),
      plan_(std::move(plan)),
      index_(std::move(index)),
      nothing_(*index_, setup_.fs, setup_.directory) {
  // The caller's function is called by the caller's thread alone.
  setup_.options.progress = [this](const Progress& now) {
    done_records_ = now.done;
    return !cancelled_.load(std::memory_order_relaxed);
  };
}

Result<std::unique_ptr<MergeJob>> MergeJob::create(Setup setup, MergePlan plan, const Snapshot& newest) {
  if (setup.options.memory_bytes <= setup.view_bytes) return Error{.code = Code::kOverBudget, .what = "too little"};
  setup.options.memory_bytes -= setup.view_bytes;
  if (newest.schema().indexed) {
    NEARLINE_CHECK(plan_build(plan.records, newest.schema(), build_options_of(newest, setup.options), kAnyIdBytes));
  }
  const OpenOptions open{.io = setup.io,
                         .memory_bytes = setup.view_bytes,
                         .ranking = Ranking::kExact,
                         .threads = 1,
                         .untrusted = setup.options.untrusted};
  NEARLINE_TRY(root, Snapshot::open(setup.fs, setup.path, open));
  std::shared_ptr<const Snapshot> index(root, &root->view(newest.field()));
  NEARLINE_TRY(opened, index->file().file().identity());
  NEARLINE_TRY(written, setup.file->identity());
  if (opened != written || index->info().generation != newest.info().generation) {
    return Error{.code = Code::kBusy, .what = "another file has the name"};
  }
  std::unique_ptr<MergeJob> job(new MergeJob(std::move(setup), std::move(plan), std::move(index)));
  const Segment* model = model_of(job->input(), job->plan_);
  for (const auto& segment : job->index_->segments()) {
    if (segment.get() == model || std::ranges::find(job->plan_.rows, segment->file().row()) != job->plan_.rows.end()) {
      job->read_.push_back(serial_of(segment->file()));
    }
  }
  job->index_->file().let_go();
  return job;
}

MergeJob::~MergeJob() {
  cancelled_ = true;
  if (!thread_) return;
  if (opened_by_.check()) {
    thread_->join();
  } else {
    static_cast<void>(thread_.release());  // a child of the process has no such thread
  }
}

bool MergeJob::start() {
  try {
    thread_ = std::make_unique<std::thread>([this] { run(); });
  } catch (const std::system_error&) {
    return false;
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

void MergeJob::run() noexcept {
  Result<WrittenSegment> made = Error{.code = Code::kNoMemory, .what = "no memory"};
  try {
    made = write();
  } catch (const std::bad_alloc&) {
    made = Error{.code = Code::kNoMemory, .what = "no memory"};
  }
  const std::lock_guard lock(mutex_);
  made_ = std::move(made);
  done_ = true;
  ended_.notify_all();
}

Result<WrittenSegment> MergeJob::write() {
  IndexFileWriter writer(*setup_.file, index_->file().manifest(), *setup_.space);
  NEARLINE_CHECK(write_new_segment(input(), plan_, writer));
  return writer.last_segment();
}

Result<void> MergeJob::wait(const ProgressFn& progress) const {
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, kLook, [&] { return done_; })) {
    NEARLINE_CHECK(report(progress, {"merge", std::min<std::uint64_t>(done_records_, plan_.records), plan_.records}));
  }
  return {};
}

CommitInput MergeJob::input() noexcept {
  return {.index = *index_,
          .pending = nothing_,
          .file = *setup_.file,
          .fs = setup_.fs,
          .directory = setup_.directory,
          .options = setup_.options,
          .space = *setup_.space};
}

bool MergeJob::works_on(const SegmentFile& segment) const noexcept {
  return std::ranges::find(read_, serial_of(segment)) != read_.end();
}

/// Its place among the segments of the commit that is merged, if it is.
std::optional<std::size_t> MergeJob::source_of(const SegmentFile& later) const noexcept {
  for (std::size_t s = 0; s < index_->segments().size(); ++s) {
    const SegmentFile& source = index_->segments()[s]->file();
    const bool merged = std::ranges::find(plan_.rows, source.row()) != plan_.rows.end();
    if (merged && serial_of(source) == serial_of(later)) return s;
  }
  return std::nullopt;
}

std::vector<std::uint32_t> MergeJob::rows_in(const Snapshot& later) const {
  std::vector<std::uint32_t> rows;
  for (const auto& segment : later.segments()) {
    if (source_of(segment->file())) rows.push_back(segment->file().row());
  }
  return rows;
}

Result<std::vector<Id>> MergeJob::lost(const CommitInput& later) const {
  std::vector<Id> lost;
  for (std::size_t s = 0; s < later.index.segments().size(); ++s) {
    const Segment& segment = *later.index.segments()[s];
    const auto source = source_of(segment.file());
    const RecordSet& dead = later.pending.dead(s);
    if (!source || dead.count() == nothing_.dead(*source).count()) continue;
    std::vector<std::uint32_t> rows;
    for (std::uint32_t row = 0; row < segment.count(); ++row) {
      if (dead.has(Row(row)) && !nothing_.dead(*source).has(Row(row))) rows.push_back(row);
    }
    std::vector<Id> ids;
    std::vector<std::byte> vectors;
    NEARLINE_CHECK(segment.read_rows(rows, ids, vectors));
    lost.insert(lost.end(), ids.begin(), ids.end());
  }
  return lost;
}

}  // namespace nearline::engine
