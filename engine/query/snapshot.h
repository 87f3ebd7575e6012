// SPDX-License-Identifier: Apache-2.0
/// One commit of an index, open: what a search, a writer and a copy look at. It never changes, and whoever holds it
/// keeps its commit in the file; newer commits are other snapshots that share what both have in memory.
/// A snapshot shows one field, the first. It has one more for each further field, over the same commit: the records
/// that have it, with their vectors in it. What records say stands with the first.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/file/index_file.h"
#include "engine/segment/segment.h"
#include "engine/transform/transformer.h"
#include "io/file.h"
#include "nearline/index.h"

namespace nearline::engine {

class GroupTable;
class JointRecords;
class Matching;

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

  /// The same commit through another of its fields. Precondition: called on the first field's, with a field that it
  /// has. It goes with the snapshot that it is asked of.
  [[nodiscard]] const Snapshot& view(std::uint32_t field) const noexcept {
    return field == kPrimaryField ? *this : *views_[field - 1];
  }
  [[nodiscard]] std::uint32_t field() const noexcept { return field_; }
  /// That of the first field: this one, or the one that this one was asked of.
  [[nodiscard]] const Snapshot* records() const noexcept { return records_; }
  /// Live records that have the field.
  [[nodiscard]] std::uint64_t count() const noexcept { return info_.count; }

  [[nodiscard]] const IndexFile& file() const noexcept { return *file_; }
  /// Of the first field that of the index; of another one its own, as field_schema has it.
  [[nodiscard]] const Schema& schema() const noexcept { return info_.schema; }
  /// What is done to vectors that come in, and to queries; null: nothing.
  [[nodiscard]] const std::shared_ptr<const Transformer>& transform() const noexcept { return transform_; }
  [[nodiscard]] const std::shared_ptr<const Transformer>& query_transform() const noexcept { return query_transform_; }
  /// The field's segments with records, the largest first.
  [[nodiscard]] std::span<const std::unique_ptr<Segment>> segments() const noexcept { return segments_; }

  /// Where the live records of ids stand, in the order of the ids. The count is added to. Takes some 40 bytes an id
  /// while it runs. Errors: kCorrupt, kIo.
  Result<std::vector<RecordPlace>> locate(std::span<const Id> ids, ReadCount& count) const;

  [[nodiscard]] IndexInfo info() const;
  [[nodiscard]] IoMode io() const noexcept { return io_; }
  [[nodiscard]] Ranking ranking() const noexcept;
  [[nodiscard]] MemoryUsage memory_usage() const;

  /// Where the vectors of each record stand in all fields; made when it is first asked for, and kept. Of the first
  /// field's snapshot. Errors: kCorrupt, kIo.
  Result<std::shared_ptr<const JointRecords>> joint_records() const;
  /// The groups that the field's records are in by an attribute; made when it is first asked for, and kept. Errors:
  /// those of GroupTable::of.
  Result<std::shared_ptr<const GroupTable>> group_table(std::string_view attribute) const;

  // As the calls of Index with the same names.
  Result<SearchResult> search(const MatrixView& queries, const SearchOptions& options) const;
  Result<RangeResult> range_search(const MatrixView& queries, const RangeOptions& options) const;
  Result<GetReport> get(std::span<const Id> ids, std::span<std::byte> out) const;
  Result<RecordData> data(std::span<const Id> ids, const DataRequest& request) const;
  Result<std::uint64_t> count_matches(std::string_view filter) const;
  Result<std::vector<Id>> matching_ids(std::string_view filter) const;
  Result<std::vector<Id>> ids_of(const Matching& matching) const;
  Result<std::vector<bool>> contains(std::span<const Id> ids) const;
  Result<void> for_each(std::size_t rows, const Index::VisitFn& visit) const;
  Result<std::vector<Id>> sample_ids(std::size_t count, std::uint64_t seed) const;
  Result<GraphStatistics> graph_statistics(const ProgressFn& progress) const;

 private:
  static Result<std::shared_ptr<const Snapshot>> open_on(std::unique_ptr<IndexFile> file, const OpenOptions& options,
                                                         const Snapshot* before);
  /// A segment to be opened, and its part of the memory.
  struct Part {
    SegmentFile file;
    std::uint64_t memory_bytes = 0;
  };
  Snapshot(std::shared_ptr<const IndexFile> file, const OpenOptions& options, std::uint32_t field,
           const Snapshot* records);
  Result<void> open_all(const Snapshot* before);
  /// parts: of all fields, the largest first. shared: those that serve on are added.
  Result<void> open_segments(std::span<const Part> parts, const Snapshot* before, std::vector<const Segment*>& shared);
  void describe();
  void describe_segments();
  void count_memory(MemoryUsage& usage) const;
  /// From the file, or from `before`, as long as it is the same one.
  Result<void> open_transforms(const Snapshot* before);

  std::shared_ptr<const IndexFile> file_;
  std::uint32_t field_ = kPrimaryField;
  const Snapshot* records_ = nullptr;
  std::vector<std::unique_ptr<const Snapshot>> views_;  ///< of the further fields; of the first field's alone
  OpenOptions options_;
  std::vector<std::unique_ptr<Segment>> segments_;
  std::shared_ptr<const Transformer> transform_, query_transform_;
  IndexInfo info_;
  mutable std::mutex joining_;
  mutable std::shared_ptr<const JointRecords> joint_;
  mutable std::mutex grouping_;
  mutable std::map<std::string, std::shared_ptr<const GroupTable>, std::less<>> groups_;
  IoMode io_ = IoMode::kAuto;
};

}  // namespace nearline::engine
