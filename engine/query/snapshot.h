// SPDX-License-Identifier: Apache-2.0
/// One commit of an index, open: what a search, a writer and a copy look at. It never changes, and whoever holds it
/// keeps its commit in the file; newer commits are other snapshots that share what both have in memory.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "engine/file/index_file.h"
#include "engine/segment/segment.h"
#include "engine/transform/transformer.h"
#include "io/file.h"
#include "nearline/index.h"

namespace nearline::engine {

/// A record of a snapshot, or none.
struct RecordPlace {
  std::uint32_t segment = 0;  ///< of segments()
  std::uint32_t row = kNoOrdinal;

  [[nodiscard]] bool found() const noexcept { return row != kNoOrdinal; }
};

/// Threads: any number.
class Snapshot {
 public:
  /// The newest commit of the file that has the path. Errors: those of Index::open.
  static Result<std::shared_ptr<const Snapshot>> open(io::FileSystem& fs, const std::filesystem::path& path,
                                                      const OpenOptions& options);
  /// The newest commit of the file that `before` has open, through the same opening and with the same options.
  static Result<std::shared_ptr<const Snapshot>> open_next(io::FileSystem& fs, const Snapshot& before);

  [[nodiscard]] const IndexFile& file() const noexcept { return *file_; }
  [[nodiscard]] const Schema& schema() const noexcept { return info_.schema; }
  /// What is done to vectors that come in, and to queries; null: nothing.
  [[nodiscard]] const std::shared_ptr<const Transformer>& transform() const noexcept { return transform_; }
  [[nodiscard]] const std::shared_ptr<const Transformer>& query_transform() const noexcept { return query_transform_; }
  /// The segments with records, the largest first.
  [[nodiscard]] std::span<const std::unique_ptr<Segment>> segments() const noexcept { return segments_; }

  /// Where the live records of ids stand, in the order of the ids. The count is added to. Takes some 40 bytes an id
  /// while it runs. Errors: kCorrupt, kIo.
  Result<std::vector<RecordPlace>> locate(std::span<const Id> ids, ReadCount& count) const;

  [[nodiscard]] IndexInfo info() const;
  [[nodiscard]] IoMode io() const noexcept { return io_; }
  [[nodiscard]] Ranking ranking() const noexcept;
  [[nodiscard]] MemoryUsage memory_usage() const;

  // As the calls of Index with the same names.
  Result<SearchResult> search(const MatrixView& queries, const SearchOptions& options) const;
  Result<RangeResult> range_search(const MatrixView& queries, const RangeOptions& options) const;
  Result<GetReport> get(std::span<const Id> ids, std::span<std::byte> out) const;
  Result<RecordData> data(std::span<const Id> ids, const DataRequest& request) const;
  Result<std::uint64_t> count_matches(std::string_view filter) const;
  Result<std::vector<Id>> matching_ids(std::string_view filter) const;
  Result<std::vector<bool>> contains(std::span<const Id> ids) const;
  Result<void> for_each(std::size_t rows, const Index::VisitFn& visit) const;
  Result<std::vector<Id>> sample_ids(std::size_t count, std::uint64_t seed) const;
  Result<GraphStatistics> graph_statistics(const ProgressFn& progress) const;

 private:
  Snapshot() = default;
  static Result<std::shared_ptr<const Snapshot>> open_on(std::unique_ptr<IndexFile> file, const OpenOptions& options,
                                                         const Snapshot* before);
  Result<void> open_segments(const Snapshot* before);
  void describe();
  /// From the file, or from `before`, as long as it is the same one.
  Result<void> open_transforms(const Snapshot* before);

  std::unique_ptr<IndexFile> file_;
  OpenOptions options_;
  std::vector<std::unique_ptr<Segment>> segments_;
  std::shared_ptr<const Transformer> transform_, query_transform_;
  IndexInfo info_;
  IoMode io_ = IoMode::kAuto;
};

}  // namespace nearline::engine
