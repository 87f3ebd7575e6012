// SPDX-License-Identifier: Apache-2.0
/// What an open Index is made of. Split over index_open.cc, index_search.cc, index_read.cc and
/// graph_statistics.cc.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/code_search.h"
#include "engine/graph_search.h"
#include "engine/index_file.h"
#include "engine/reader_pool.h"
#include "engine/search_budget.h"
#include "format/calibration.h"
#include "nearline/index.h"

namespace nearline {

class Index::Impl {
 public:
  static Result<std::unique_ptr<Impl>> open(io::FileSystem& fs, const std::filesystem::path& path,
                                            const OpenOptions& options);

  Result<SearchResult> search(const MatrixView& queries, const SearchOptions& options);

  /// How the queries of one call are answered.
  struct Plan {
    engine::WalkOptions walk;
    bool exact = false;  ///< compare with every record
    float norm = 0;      ///< what distances under ip are measured from, when the walk has a stop rule
    std::span<const std::uint32_t> hidden{};  ///< none, or a record for each query that its walk shall not see
  };
  /// As search, of queries that were checked. Precondition: there are records.
  Result<SearchResult> answer(const MatrixView& queries, std::uint32_t k, const Plan& plan);

  /// Ids and vectors of records by ordinal. Precondition: ordinals below the count.
  Result<void> read_ordinals(std::span<const std::uint32_t> ordinals, std::vector<Id>& ids,
                             std::vector<std::byte>& vectors);

  Result<void> get(std::span<const Id> ids, std::span<std::byte> out);
  Result<void> for_each(std::size_t rows, const VisitFn& visit);
  Result<std::vector<Id>> sample_ids(std::size_t count, std::uint64_t seed);
  Result<GraphStatistics> graph_statistics(const ProgressFn& progress) const;
  [[nodiscard]] MemoryUsage memory_usage() const;
  [[nodiscard]] Ranking ranking() const noexcept { return codes_ ? Ranking::kCodes : Ranking::kExact; }

  IndexInfo info;
  IoMode io = IoMode::kAuto;

 private:
  Result<void> open_pages(const OpenOptions& options);
  Result<void> open_source(const OpenOptions& options);
  Result<void> read_entries(const format::Section& section);
  Result<void> open_codes(engine::SearchNeeds& needs, const OpenOptions& options);
  Result<void> read_calibration();
  void describe();

  Result<void> check_search(const MatrixView& queries, const SearchOptions& options) const;
  Result<void> check_row(const MatrixView& queries, std::size_t row) const;
  [[nodiscard]] std::uint32_t width(std::size_t rows, const SearchOptions& options) const noexcept;
  void prepare_codes(const std::byte* vector, ElementType type, float scale, engine::Scratch& scratch) const;
  [[nodiscard]] Result<Plan> plan(std::size_t rows, const SearchOptions& options) const;
  Result<void> run(engine::Lane& lane, const MatrixView& queries, const Plan& plan, SearchResult& result);

  /// Position in the id index of the first record whose id is not below `id`, and that record's id.
  struct Found {
    std::uint64_t position = 0;
    std::uint32_t ordinal = 0;
    Id id = kNoId;
  };
  Result<Found> lower_bound(engine::Lane& lane, Id id);
  Result<void> read_records(engine::Lane& lane, std::span<const std::uint32_t> ordinals);
  Result<void> copy_records(engine::Lane& lane, std::span<const std::uint32_t> ordinals, std::vector<Id>& ids,
                            std::vector<std::byte>& vectors);
  /// Records [first, first + count) in ascending order of id.
  Result<void> read_block(std::uint64_t first, std::uint64_t count, std::vector<Id>& ids,
                          std::vector<std::byte>& vectors);

  std::unique_ptr<engine::IndexFile> file_;
  std::unique_ptr<engine::SectionCheck> page_check_;
  std::unique_ptr<engine::SectionCheck> id_index_check_;
  std::vector<std::uint32_t> entries_;
  std::unique_ptr<engine::GraphView> graph_;  // null when there is no record
  std::optional<format::Calibration> calibration_;
  std::unique_ptr<engine::CodeTable> codes_;  // null when the file has none, or the budget no room for them
  std::unique_ptr<io::PageSource> source_;
  std::unique_ptr<engine::ReaderPool> pool_;
  std::uint64_t budget_ = 0;
};

}  // namespace nearline
