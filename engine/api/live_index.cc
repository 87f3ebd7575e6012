// SPDX-License-Identifier: Apache-2.0
#include "engine/api/live_index.h"

#include <mutex>
#include <utility>

#include "engine/file/copy_commit.h"
#include "engine/file/opened_by.h"
#include "engine/kernels/kernels.h"
#include "engine/query/fusion.h"
#include "engine/query/groups.h"
#include "engine/query/nearest_places.h"
#include "engine/repair/verify.h"
#include "engine/space/field_schema.h"

namespace nearline::engine {

struct LiveIndex::State {
  io::FileSystem& fs;
  const std::filesystem::path path;
  const OpenOptions options;
  const OpenedBy opened_by{};
  std::mutex refreshing{};     ///< one refresh at a time
  mutable std::mutex mutex{};  ///< guards the pointer
  std::shared_ptr<const Snapshot> snapshot{};
};

namespace {

Result<std::shared_ptr<const Snapshot>> open_path(io::FileSystem& fs, const std::filesystem::path& path,
                                                  const OpenOptions& options) {
  if (options.untrusted) NEARLINE_CHECK(check_untrusted(fs, path));
  return Snapshot::open(fs, path, options);
}

}  // namespace

Result<LiveIndex> LiveIndex::open(io::FileSystem& fs, const std::filesystem::path& path, const OpenOptions& options) {
  NEARLINE_CHECK(kernels::check_environment());
  auto state = std::unique_ptr<State>(new State{.fs = fs, .path = path, .options = options});
  NEARLINE_TRY(snapshot, open_path(fs, path, options));
  state->snapshot = std::move(snapshot);
  return LiveIndex(std::move(state));
}

LiveIndex::LiveIndex(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
LiveIndex::LiveIndex(LiveIndex&&) noexcept = default;
LiveIndex& LiveIndex::operator=(LiveIndex&&) noexcept = default;
LiveIndex::~LiveIndex() = default;

std::shared_ptr<const Snapshot> LiveIndex::now() const noexcept {
  const std::lock_guard lock(state_->mutex);
  return state_->snapshot;
}

Result<std::shared_ptr<const Snapshot>> LiveIndex::mine() const {
  NEARLINE_CHECK(state_->opened_by.check());
  return now();
}

Result<std::shared_ptr<const Snapshot>> LiveIndex::mine(std::string_view field) const {
  NEARLINE_TRY(commit, mine());
  NEARLINE_TRY(number, find_field(commit->schema(), field));
  return std::shared_ptr<const Snapshot>(commit, &commit->view(number));
}

Result<IndexInfo> LiveIndex::info(std::string_view field) const {
  NEARLINE_TRY(commit, mine(field));
  return commit->info();
}

Result<bool> LiveIndex::refresh() {
  NEARLINE_TRY(ours, mine());
  const std::lock_guard alone(state_->refreshing);
  ours = now();
  NEARLINE_TRY(file, state_->fs.open_read(state_->path));
  auto newest = IndexFile::newest(state_->fs, *file);
  if (!newest) return std::move(newest).error().in(state_->path.string());
  const format::Superblock open = ours->file().superblock();
  if (newest->superblock.generation == open.generation && newest->superblock.file_id == open.file_id) {
    if (!newest->superblock.relaxed()) ours->file().mark_durable();
    return false;
  }
  NEARLINE_TRY(their_file, file->identity());
  NEARLINE_TRY(our_file, ours->file().file().identity());
  const bool same = their_file == our_file && !state_->options.untrusted;
  auto next = same ? Snapshot::open_next(state_->fs, *ours) : open_path(state_->fs, state_->path, state_->options);
  if (!next) return std::move(next).error();
  {
    const std::lock_guard lock(state_->mutex);
    state_->snapshot.swap(*next);
  }
  return true;  // the one before goes with its last search
}

Result<void> LiveIndex::snapshot(const std::filesystem::path& output, bool replace, const ProgressFn& progress) const {
  NEARLINE_TRY(commit, mine());
  return copy_commit(commit->file(), state_->fs, output, replace, progress);
}

Result<SearchResult> LiveIndex::search(const MatrixView& queries, const SearchOptions& options) const {
  NEARLINE_TRY(commit, mine(options.field));
  return commit->search(queries, options);
}

Result<SearchResult> LiveIndex::search_fields(std::span<const FieldQueries> fields,
                                              const FusionOptions& options) const {
  NEARLINE_TRY(commit, mine());
  return engine::search_fields(*commit, fields, options);
}

Result<RangeResult> LiveIndex::range_search(const MatrixView& queries, const RangeOptions& options) const {
  NEARLINE_TRY(commit, mine(options.field));
  return commit->range_search(queries, options);
}

Result<GroupResult> LiveIndex::search_groups(const MatrixView& queries, const GroupOptions& options) const {
  NEARLINE_TRY(commit, mine(options.search.field));
  return engine::search_groups(*commit, queries, options);
}

Result<VoteResult> LiveIndex::vote(const MatrixView& queries, std::span<const std::uint64_t> offsets,
                                   const VoteOptions& options) const {
  NEARLINE_TRY(commit, mine(options.search.field));
  return engine::vote(*commit, queries, offsets, options);
}

Result<PlaceResult> LiveIndex::nearest_places(const PlaceOptions& options) const {
  NEARLINE_TRY(commit, mine());
  return engine::nearest_places(*commit, options);
}

Result<PagedAnswers> LiveIndex::cursor(const MatrixView& query, const SearchOptions& options) const {
  NEARLINE_TRY(commit, mine(options.field));
  return PagedAnswers::begin(std::move(commit), query, options);
}

Result<AnswerPage> LiveIndex::search_page(const MatrixView& query, const SearchOptions& options,
                                          std::string_view token) const {
  NEARLINE_TRY(commit, mine(options.field));
  return page_behind(*commit, query, options, token);
}

Result<GetReport> LiveIndex::get(std::span<const Id> ids, std::span<std::byte> out, std::string_view field) const {
  NEARLINE_TRY(commit, mine(field));
  return commit->get(ids, out);
}

Result<RecordData> LiveIndex::data(std::span<const Id> ids, const DataRequest& request) const {
  NEARLINE_TRY(commit, mine());
  return commit->data(ids, request);
}
Result<std::uint64_t> LiveIndex::count(std::string_view filter) const {
  NEARLINE_TRY(commit, mine());
  return commit->count_matches(filter);
}
Result<std::vector<Id>> LiveIndex::matching_ids(std::string_view filter) const {
  NEARLINE_TRY(commit, mine());
  return commit->matching_ids(filter);
}
Result<std::vector<bool>> LiveIndex::contains(std::span<const Id> ids, std::string_view field) const {
  NEARLINE_TRY(commit, mine(field));
  return commit->contains(ids);
}

Result<void> LiveIndex::for_each(std::size_t rows, const Index::VisitFn& visit, std::string_view field) const {
  NEARLINE_TRY(commit, mine(field));
  return commit->for_each(rows, visit);
}

Result<std::vector<Id>> LiveIndex::sample_ids(std::size_t count, std::uint64_t seed, std::string_view field) const {
  NEARLINE_TRY(commit, mine(field));
  return commit->sample_ids(count, seed);
}

Result<GraphStatistics> LiveIndex::graph_statistics(const ProgressFn& progress, std::string_view field) const {
  NEARLINE_TRY(commit, mine(field));
  return commit->graph_statistics(progress);
}

}  // namespace nearline::engine
