// SPDX-License-Identifier: Apache-2.0
/// One space over a segment's records, open: its pages, entry points, codes and calibration, and the lanes that search
/// them. Commits that have the segment share its fields, so what was read and checked once serves all of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/codes/code_table.h"
#include "engine/file/index_file.h"
#include "engine/segment/lanes.h"
#include "engine/segment/search_budget.h"
#include "engine/walk/graph_view.h"
#include "format/calibration.h"
#include "nearline/schema.h"
#include "nearline/search.h"
#include "nearline/statistics.h"

namespace nearline::engine {

/// What the bytes of a field's sections are, whichever commit names them. Serials are never used twice.
class FieldIdentity {
 public:
  explicit FieldIdentity(const SegmentFile& file);
  friend bool operator==(const FieldIdentity&, const FieldIdentity&) = default;

 private:
  struct Part {
    std::uint64_t serial, offset, length, root;
    friend bool operator==(const Part&, const Part&) = default;
  };
  std::uint64_t count_;
  format::PageShape shape_;
  std::vector<Part> parts_;
};

/// Threads: any number.
class Field {
 public:
  /// options.memory_bytes is the field's part of the budget. mode: not kAuto; options.io says whether it is a wish.
  /// Errors: those of Index::open.
  static Result<std::shared_ptr<Field>> open(const SegmentFile& file, const OpenOptions& options, IoMode mode);

  /// Whether the file's segment has this field, and `open` with that mode and those needs would open it in the same
  /// way.
  [[nodiscard]] bool serves(const SegmentFile& file, IoMode mode, const SearchNeeds& needs) const;

  /// From now on lanes have no more than that. Lanes that are out give back what is more when they return.
  void shrink(const SearchBudget& budget) noexcept { lanes_->shrink(budget); }

  /// Brings a query into the form that codes take, at scratch.code_query. query: whole, of the graph's space.
  /// weights: null, or how dimensions count. Precondition: codes() is not null.
  void prepare_codes(const Query& query, const CodeWeights* weights, Scratch& scratch) const;
  /// As prepare_codes, at scratch.code_bound. Precondition: certifies().
  void prepare_bound(const Query& query, Scratch& scratch) const;
  /// Whether codes of all records are in memory, and bound the distances of what they stand for.
  [[nodiscard]] bool certifies() const noexcept;

  /// As Index::graph_statistics.
  Result<GraphStatistics> graph_statistics(const ProgressFn& progress) const;

  /// Adds the memory of the field to `usage`.
  void count_memory(MemoryUsage& usage) const;

  [[nodiscard]] const Schema& schema() const noexcept { return schema_; }
  [[nodiscard]] const GraphView& graph() const noexcept { return *graph_; }
  /// Records that stand there without neighbours: a search compares with all of them.
  [[nodiscard]] bool flat() const noexcept { return flat_; }
  [[nodiscard]] IoMode io() const noexcept { return io_; }
  /// Codes that rank; null when the file has none, or the budget hardly any room.
  [[nodiscard]] CodeTable* codes() const noexcept { return codes_.get(); }
  /// Bytes of a code in the file; 0 when it has none.
  [[nodiscard]] std::uint32_t code_bytes() const noexcept { return code_bytes_; }
  /// Bytes of a code in memory for each record: all, fewer where the budget has no room for these, or 0.
  [[nodiscard]] std::uint32_t resident_code_bytes() const noexcept;
  [[nodiscard]] const format::Calibration* calibration() const noexcept {
    return calibration_ ? &*calibration_ : nullptr;
  }
  [[nodiscard]] LanePool& lanes() const noexcept { return *lanes_; }
  /// The source's number of the first block of the segment's keys, which come with its pages.
  [[nodiscard]] io::PageId first_key_page() const noexcept { return static_cast<io::PageId>(page_count()); }
  /// The needs of the commit that opened the field.
  [[nodiscard]] const SearchNeeds& needs() const noexcept { return needs_; }
  [[nodiscard]] const SearchBudget& budget() const noexcept { return budget_; }

 private:
  explicit Field(const SegmentFile& file);

  void bring_to_codes(const Query& query, Scratch& scratch) const;
  Result<void> open_all(const SegmentFile& file, const OpenOptions& options, IoMode mode);
  Result<void> open_source(const OpenOptions& options);
  Result<std::unique_ptr<io::PageSource>> source_of(const io::PageRange& range, const OpenOptions& options);
  Result<void> check_page(io::PageId page, std::span<const std::byte> bytes) const;
  [[nodiscard]] std::uint64_t page_count() const noexcept { return graph_->shape.pages(graph_->count); }
  [[nodiscard]] std::uint64_t key_blocks() const noexcept {
    return format::whole_blocks(keys_.length) / format::kBlockBytes;
  }
  Result<void> open_codes(const SegmentFile& file);
  Result<void> read_entries(const SegmentFile& file);
  /// Reads the pages of a flat segment into the cache, where all have room there: else the first query would.
  Result<void> warm(Lane& lane);

  const std::shared_ptr<const io::File> file_;
  const FieldIdentity identity_;
  const Schema schema_;
  const bool flat_;
  const format::FileId file_id_;
  const format::Section pages_;
  const format::Section keys_;
  IoMode wished_ = IoMode::kAuto;
  IoMode io_ = IoMode::kAuto;
  std::uint32_t code_bytes_ = 0;
  std::uint64_t code_memory_ = 0;
  std::vector<std::uint32_t> entries_;
  std::unique_ptr<GraphView> graph_;
  std::optional<format::Calibration> calibration_;
  std::unique_ptr<CodeTable> codes_;
  std::unique_ptr<io::PageSource> source_;
  std::unique_ptr<LanePool> lanes_;
  SearchNeeds needs_;
  SearchBudget budget_;
};

}  // namespace nearline::engine
