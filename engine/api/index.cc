// SPDX-License-Identifier: Apache-2.0
#include "nearline/index.h"

#include "engine/api/cursor_impl.h"
#include "engine/api/live_index.h"

namespace nearline {

class Index::Impl : public engine::LiveIndex {
 public:
  explicit Impl(engine::LiveIndex&& index) noexcept : engine::LiveIndex(std::move(index)) {}
};

Result<Index> Index::open(const std::filesystem::path& path, const OpenOptions& options) {
  NEARLINE_TRY(index, engine::LiveIndex::open(io::real_file_system(), path, options));
  return Index(std::make_unique<Impl>(std::move(index)));
}

Index::Index(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Index::Index(Index&&) noexcept = default;
Index& Index::operator=(Index&&) noexcept = default;
Index::~Index() = default;

Result<bool> Index::refresh() {
  return impl_->refresh();
}
Result<void> Index::snapshot(const std::filesystem::path& output, bool replace, const ProgressFn& progress) const {
  return impl_->snapshot(output, replace, progress);
}
IndexInfo Index::info() const {
  return impl_->info();
}
Result<IndexInfo> Index::info(std::string_view field) const {
  return impl_->info(field);
}
IoMode Index::io() const noexcept {
  return impl_->io();
}
Ranking Index::ranking() const noexcept {
  return impl_->ranking();
}
MemoryUsage Index::memory_usage() const noexcept {
  return impl_->memory_usage();
}
Result<SearchResult> Index::search(const MatrixView& queries, const SearchOptions& options) const {
  return impl_->search(queries, options);
}
Result<SearchResult> Index::search_fields(std::span<const FieldQueries> fields, const FusionOptions& options) const {
  return impl_->search_fields(fields, options);
}
Result<RangeResult> Index::range_search(const MatrixView& queries, const RangeOptions& options) const {
  return impl_->range_search(queries, options);
}
Result<GroupResult> Index::search_groups(const MatrixView& queries, const GroupOptions& options) const {
  return impl_->search_groups(queries, options);
}
Result<VoteResult> Index::vote(const MatrixView& queries, std::span<const std::uint64_t> offsets,
                               const VoteOptions& options) const {
  return impl_->vote(queries, offsets, options);
}
Result<PlaceResult> Index::nearest_places(const PlaceOptions& options) const {
  return impl_->nearest_places(options);
}
Result<Cursor> Index::cursor(const MatrixView& query, const SearchOptions& options) const {
  NEARLINE_TRY(answers, impl_->cursor(query, options));
  return Cursor(std::make_unique<Cursor::Impl>(std::move(answers)));
}
Result<AnswerPage> Index::search_page(const MatrixView& query, const SearchOptions& options,
                                      std::string_view token) const {
  return impl_->search_page(query, options, token);
}
Result<GetReport> Index::get(std::span<const Id> ids, std::span<std::byte> out, std::string_view field) const {
  return impl_->get(ids, out, field);
}
Result<RecordData> Index::data(std::span<const Id> ids, const DataRequest& request) const {
  return impl_->data(ids, request);
}
Result<std::uint64_t> Index::count(std::string_view filter) const {
  return impl_->count(filter);
}
Result<std::vector<Id>> Index::matching_ids(std::string_view filter) const {
  return impl_->matching_ids(filter);
}
Result<std::vector<bool>> Index::contains(std::span<const Id> ids, std::string_view field) const {
  return impl_->contains(ids, field);
}
Result<void> Index::for_each(std::size_t rows, const VisitFn& visit, std::string_view field) const {
  return impl_->for_each(rows, visit, field);
}
Result<std::vector<Id>> Index::sample_ids(std::size_t count, std::uint64_t seed, std::string_view field) const {
  return impl_->sample_ids(count, seed, field);
}
Result<GraphStatistics> Index::graph_statistics(const ProgressFn& progress, std::string_view field) const {
  return impl_->graph_statistics(progress, field);
}

}  // namespace nearline
