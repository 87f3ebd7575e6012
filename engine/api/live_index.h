// SPDX-License-Identifier: Apache-2.0
/// An open index that follows its commits: what `Index` is, on a file system of the caller's choice, so that a test
/// gets from a simulated disk what a user gets from the system's.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "engine/query/paged_answers.h"
#include "engine/query/snapshot.h"
#include "io/file.h"
#include "nearline/index.h"

namespace nearline::engine {

/// Calls, errors and threads as Index. The file system outlives it.
class LiveIndex {
 public:
  static Result<LiveIndex> open(io::FileSystem& fs, const std::filesystem::path& path, const OpenOptions& options = {});
  LiveIndex(LiveIndex&&) noexcept;
  LiveIndex& operator=(LiveIndex&&) noexcept;
  ~LiveIndex();

  Result<bool> refresh();
  Result<void> snapshot(const std::filesystem::path& output, bool replace = false,
                        const ProgressFn& progress = {}) const;
  [[nodiscard]] IndexInfo info() const { return now()->info(); }
  [[nodiscard]] Result<IndexInfo> info(std::string_view field) const;
  [[nodiscard]] IoMode io() const noexcept { return now()->io(); }
  [[nodiscard]] Ranking ranking() const noexcept { return now()->ranking(); }
  [[nodiscard]] MemoryUsage memory_usage() const noexcept { return now()->memory_usage(); }
  Result<SearchResult> search(const MatrixView& queries, const SearchOptions& options = {}) const;
  Result<SearchResult> search_fields(std::span<const FieldQueries> fields, const FusionOptions& options) const;
  Result<RangeResult> range_search(const MatrixView& queries, const RangeOptions& options) const;
  Result<GroupResult> search_groups(const MatrixView& queries, const GroupOptions& options) const;
  Result<VoteResult> vote(const MatrixView& queries, std::span<const std::uint64_t> offsets,
                          const VoteOptions& options) const;
  Result<PlaceResult> nearest_places(const PlaceOptions& options) const;
  Result<PagedAnswers> cursor(const MatrixView& query, const SearchOptions& options = {}) const;
  Result<AnswerPage> search_page(const MatrixView& query, const SearchOptions& options = {},
                                 std::string_view token = {}) const;
  Result<GetReport> get(std::span<const Id> ids, std::span<std::byte> out, std::string_view field = {}) const;
  Result<RecordData> data(std::span<const Id> ids, const DataRequest& request) const;
  Result<std::uint64_t> count(std::string_view filter) const;
  Result<std::vector<Id>> matching_ids(std::string_view filter) const;
  Result<std::vector<bool>> contains(std::span<const Id> ids, std::string_view field = {}) const;
  Result<void> for_each(std::size_t rows, const Index::VisitFn& visit, std::string_view field = {}) const;
  Result<std::vector<Id>> sample_ids(std::size_t count, std::uint64_t seed, std::string_view field = {}) const;
  Result<GraphStatistics> graph_statistics(const ProgressFn& progress = {}, std::string_view field = {}) const;

  /// The commit that calls begin with at this moment.
  [[nodiscard]] std::shared_ptr<const Snapshot> now() const noexcept;

 private:
  struct State;
  explicit LiveIndex(std::unique_ptr<State> state) noexcept;
  /// As now, if this process may use the index. Errors: kInvalidArgument in a child of the process that opened it.
  Result<std::shared_ptr<const Snapshot>> mine() const;
  /// Its view of a field, which keeps it. Errors: kInvalidArgument for an unknown one.
  Result<std::shared_ptr<const Snapshot>> mine(std::string_view field) const;

  std::unique_ptr<State> state_;
};

}  // namespace nearline::engine
