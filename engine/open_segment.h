// SPDX-License-Identifier: Apache-2.0
/// A segment that is open: its pages, codes and tables, and the lanes that search it. Split over open_segment.cc,
/// segment_search.cc and segment_read.cc.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/code_search.h"
#include "engine/fused_search.h"
#include "engine/graph_search.h"
#include "engine/index_file.h"
#include "engine/reader_pool.h"
#include "engine/search_budget.h"
#include "format/calibration.h"
#include "nearline/index.h"

namespace nearline::engine {

/// Threads: any number.
class OpenSegment {
 public:
  /// options.memory_bytes is the segment's part of the budget. mode: not kAuto; options.io says whether it is a wish.
  /// Errors: those of Index::open.
  static Result<std::unique_ptr<OpenSegment>> open(const SegmentFile& file, const OpenOptions& options, IoMode mode);

  /// The least options.memory_bytes that `open` accepts for so many threads; with codes: that it ranks by them with.
  static std::uint64_t least_bytes(const SegmentFile& file, std::uint32_t threads, IoMode mode, bool codes) noexcept;

  /// What it takes to go on as the same segment of another commit.
  struct Renewal {
    SearchNeeds needs;
    SearchBudget budget;
    Tombstones dead;
  };
  /// None when `file` is another segment, or would be opened in another way. Errors: those of reading tombstones.
  [[nodiscard]] Result<std::optional<Renewal>> renewal(const SegmentFile& file, const OpenOptions& options,
                                                       IoMode mode) const;
  /// Pages, codes and checksums that were read stay. Nobody else uses the segment meanwhile.
  void renew(const SegmentFile& file, Renewal renewal) noexcept;

  /// How the queries of one call are answered.
  struct Plan {
    WalkOptions walk;
    bool exact = false;  ///< compare with every record
    float norm = 0;      ///< what distances under ip are measured from, when the walk has a stop rule
    std::span<const std::uint32_t> hidden{};  ///< none, or a record for each query that its walk shall not see
    std::span<const float> bounds{};          ///< none, or WalkOptions::bound of each query
  };
  /// borrowed: a larger segment's calibration, for one that has none; or null.
  /// Errors: kInvalidArgument for a recall that the calibration does not know.
  [[nodiscard]] Result<Plan> plan(std::size_t rows, const SearchOptions& options,
                                  const format::Calibration* borrowed) const;

  /// The k nearest of each query, fewer only where there are not so many. Precondition: the queries were checked.
  /// Errors: kNoMemory when the walk is too long for the memory; kCorrupt, kIo.
  Result<SearchResult> answer(const MatrixView& queries, std::uint32_t k, const Plan& plan);

  /// Walks of that kind that a lane's memory has room for at once.
  [[nodiscard]] std::uint64_t room_for(const Plan& plan) const noexcept;

  /// Ids and vectors of records by ordinal. Precondition: ordinals below the count.
  Result<void> read_ordinals(std::span<const std::uint32_t> ordinals, std::vector<Id>& ids,
                             std::vector<std::byte>& vectors);

  /// Visits every record, deleted ones too, as it stands on its page (shape()). visit(ordinal, record): for that call.
  Result<void> for_each_record(const std::function<void(std::uint32_t, const std::byte*)>& visit);

  /// As read_ordinals, of positions [first, first + count) in ascending order of id; without the deleted ones.
  Result<void> read_by_id(std::uint64_t first, std::uint64_t count, std::vector<Id>& ids,
                          std::vector<std::byte>& vectors);

  /// The ordinals of live records by id; kNoOrdinal where there is none.
  Result<std::vector<std::uint32_t>> find(std::span<const Id> ids);

  /// Of all its records, deleted ones included. Errors: kCorrupt, kIo.
  Result<Id> largest_id();

  Result<GraphStatistics> graph_statistics(const ProgressFn& progress) const;

  /// Adds up.
  void count_memory(MemoryUsage& usage) const;

  [[nodiscard]] const SegmentFile& file() const noexcept { return file_; }
  [[nodiscard]] const Schema& schema() const noexcept { return schema_; }
  [[nodiscard]] const format::PageShape& shape() const noexcept { return graph_->shape; }
  [[nodiscard]] std::uint64_t count() const noexcept { return graph_->count; }
  [[nodiscard]] std::uint64_t live() const noexcept { return graph_->count - graph_->dead.count(); }
  [[nodiscard]] const Tombstones& dead() const noexcept { return graph_->dead; }
  [[nodiscard]] IoMode io() const noexcept { return io_; }
  [[nodiscard]] Ranking ranking() const noexcept { return codes_ ? Ranking::kCodes : Ranking::kExact; }
  [[nodiscard]] std::uint32_t code_bytes() const noexcept { return code_bytes_; }
  [[nodiscard]] const format::Calibration* calibration() const noexcept {
    return calibration_ ? &*calibration_ : nullptr;
  }

 private:
  explicit OpenSegment(const SegmentFile& file) noexcept;

  Result<void> open_all(const OpenOptions& options, IoMode mode);
  Result<void> open_source(const OpenOptions& options);
  Result<void> open_codes();
  Result<void> read_entries();
  /// Of a segment that is compared whole with every query: its pages, into the cache that the first of them would fill.
  Result<void> warm(Lane& lane);

  [[nodiscard]] std::uint32_t width(std::size_t rows, const SearchOptions& options) const noexcept;
  void prepare_codes(const std::byte* vector, ElementType type, float scale, Scratch& scratch) const;
  class Batch;

  /// Position in the id index of the first record whose id is not below `id`, and that record's id.
  struct Found {
    std::uint64_t position = 0;
    std::uint32_t ordinal = 0;
    Id id = kNoId;
  };
  /// Looks from found.position on.
  Result<void> lower_bound(Lane& lane, Id id, Found& found);
  [[nodiscard]] Error out_of_index(std::uint32_t ordinal) const;
  Result<void> read_records(Lane& lane, std::span<const std::uint32_t> ordinals);
  Result<void> copy_records(Lane& lane, std::span<const std::uint32_t> ordinals, std::vector<Id>& ids,
                            std::vector<std::byte>& vectors);

  SegmentFile file_;
  Schema schema_;
  IoMode wished_ = IoMode::kAuto;
  IoMode io_ = IoMode::kAuto;
  std::uint32_t code_bytes_ = 0;
  std::unique_ptr<SectionCheck> page_check_;
  std::unique_ptr<SectionCheck> id_index_check_;
  std::vector<std::uint32_t> entries_;
  std::unique_ptr<GraphView> graph_;
  std::optional<format::Calibration> calibration_;
  std::unique_ptr<CodeTable> codes_;  // null when the file has none, or the budget no room for them
  std::unique_ptr<io::PageSource> source_;
  std::unique_ptr<ReaderPool> pool_;
  SearchNeeds needs_;
  SearchBudget budget_;
};

}  // namespace nearline::engine
