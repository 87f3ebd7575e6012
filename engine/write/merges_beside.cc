// SPDX-License-Identifier: Apache-2.0
/// What an IndexWriter does about merges that go on beside its commits: when one begins, what commits write meanwhile,
/// and when one is waited for, done over or given up.
#include <algorithm>
#include <new>
#include <utility>

#include "engine/file/free_space.h"
#include "engine/make/plan.h"
#include "engine/write/index_writer.h"
#include "engine/write/open_bounds.h"

namespace nearline::engine {

Result<IndexWriter::MergePlans> IndexWriter::plan_commit() {
  look_at_merge();
  while (merges_beside() && !merge_here_) {
    MergePlans plans;
    bool fits = true;
    for (std::uint32_t f = 0; f < fields(); ++f) {
      const CommitInput input = this->input(f);
      MergePlan& plan = plans.emplace_back(
          plan_beside(loads_of(input), input.pending.fresh(), options_.delta_records, input.running != nullptr));
      fits = keep_openable(input, view_bytes_, io_, plan) && fits;
      fits = fits && fits_beside(plan, f);
    }
    if (!job_ || adopts_ || fits) return plans;
    NEARLINE_CHECK(finish_merge());
  }
  MergePlans plans;
  for (std::uint32_t f = 0; f < fields(); ++f) plans.push_back(plan_field(input(f)));
  return plans;
}

MergePlan IndexWriter::plan_field(const CommitInput& input) {
  MergePlan plan;
  if (merge_here_) {
    plan = plan_background(loads_of(input));
    plan.records += input.pending.fresh();
  }
  if (plan.rows.empty()) {
    plan = plan_merge(loads_of(input), input.pending.fresh(), options_.delta_records, options_.merge);
  }
  keep_openable(input, view_bytes_, io_, plan);
  return plan;
}

/// Whether what a commit links can be linked as a whole within what it has beside a merge.
bool IndexWriter::fits_beside(const MergePlan& plan, std::uint32_t field) const {
  const Snapshot& view = index_->view(field);
  if (plan.flat || plan.records == 0 || !view.schema().indexed) return true;
  const auto build = plan_build(plan.records, view.schema(), build_options_of(view, beside_), sizeof(Id));
  return build && build->parts == 1;
}

void IndexWriter::begin_merge() {
  if (!merges_beside() || job_ || merge_here_ || !own_commit_ || !ready() || dirty()) return;
  MergePlan plan;
  std::uint32_t field = 0;  // merges are done one after another: the first field that has one
  for (; field < fields() && plan.rows.empty(); ++field) plan = plan_background(loads_of(input(field)));
  if (plan.rows.empty()) return;
  --field;
  MergeJob::Setup setup{.fs = *fs_,
                        .file = file_,
                        .space = space_,
                        .path = path_,
                        .directory = directory_,
                        .options = options_,
                        .view_bytes = view_bytes_,
                        .io = io_};
  setup.options.memory_bytes -= beside_.memory_bytes;
  auto job = MergeJob::create(std::move(setup), std::move(plan), index_->view(field));
  if (!job) {
    merge_here_ = true;
    return;
  }
  {
    const auto lock = space_->lock();
    renew_space();
  }
  job_ = *std::move(job);
  granted_ = false;
  if (own_thread_ && !job_->start()) drop_failed_merge();
}

void IndexWriter::work() noexcept {
  if (!job_ || own_thread_) return;
  if (job_->done()) {
    granted_ = true;
  } else {
    job_->run();
  }
}

Result<void> IndexWriter::finish_merge() {
  if (own_thread_) {
    NEARLINE_CHECK(job_->wait(options_.progress));
  } else {
    while (!merge_is_done()) work();
  }
  look_at_merge();
  return {};
}

void IndexWriter::look_at_merge() {
  if (!merge_is_done()) return;
  if (job_->failed()) return drop_failed_merge();
  adopts_ = true;
}

void IndexWriter::drop_failed_merge() {
  stop_merge();
  merge_here_ = true;
}

void IndexWriter::stop_merge() noexcept {
  adopts_ = false;
  job_.reset();  // it may wait for the lock
  const auto lock = space_->lock();
  space_->release();
}

void IndexWriter::renew_space() {
  if (!ready()) return;
  const format::Superblock super = index_->file().superblock();
  auto free = free_space(index_->file(), *file_);
  const auto bytes = file_->size();
  if (!free || !bytes) return;
  space_->renew(std::max(super.committed_bytes, format::whole_blocks(*bytes)), std::move(free->usable),
                super.generation, index_->file().manifest().next_serial);
}

Result<CommitReport> IndexWriter::wait_for_merges() {
  NEARLINE_CHECK(ready());
  NEARLINE_CHECK(nothing_pending("waiting for merges"));
  NEARLINE_TRY(report, commit());
  while (job_ || merge_here_) {
    if (job_) NEARLINE_CHECK(finish_merge());
    const std::uint64_t merged = report.merged_records;
    NEARLINE_TRY(next, commit());
    report = next;
    report.merged_records += merged;
  }
  return report;
}

}  // namespace nearline::engine
