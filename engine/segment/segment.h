// SPDX-License-Identifier: Apache-2.0
/// A segment as one commit has it: vectors of one field with their ids, and those of them that are deleted. What is
/// read of it stays with the open field, which commits share; a Segment itself never changes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "engine/file/index_file.h"
#include "engine/filter/bound.h"
#include "engine/records/record_set.h"
#include "engine/segment/answer_sink.h"
#include "engine/segment/data_reader.h"
#include "engine/segment/field.h"
#include "engine/segment/key_index.h"
#include "engine/segment/plan.h"
#include "engine/segment/segment_values.h"

namespace nearline::engine {

/// Queries of one call, and how they are answered.
struct SegmentQueries {
  const MatrixView& queries;
  const Plan& plan;
  AnswerSink& sink;
  bool bounded = false;                       ///< the sink knows answers of other segments
  std::span<const std::uint32_t> hidden{};    ///< none, or a node for each query that its walk shall not see
  const RecordSet* matches = nullptr;         ///< none, or the live records that may be answers
  const Weighting* weighting = nullptr;       ///< none, or how dimensions count
  const Weighting* walk_weighting = nullptr;  ///< none, or how they count while a walk by distance is under way
};

/// Threads: any number. The file outlives it.
class Segment {
 public:
  /// options.memory_bytes is the segment's part of the budget. mode: not kAuto; options.io says whether it is a wish.
  /// Errors: those of Index::open.
  static Result<std::unique_ptr<Segment>> open(const SegmentFile& file, const OpenOptions& options, IoMode mode);

  /// The segment as another commit of the same file has it, sharing what is open. Null when `file` is another segment,
  /// or would be opened in another way. Nothing of this one changes before `settle` is called on the new one.
  /// Errors: those of reading tombstones.
  [[nodiscard]] Result<std::unique_ptr<Segment>> in_commit(const SegmentFile& file, const OpenOptions& options,
                                                           IoMode mode) const;
  /// The commit is taken: what the field has beyond this segment's part of the budget is given back.
  void settle() const noexcept { field_->shrink(budget_); }

  /// Answers the queries: the k nearest of each, fewer only where there are not so many. Precondition: they were
  /// checked. Errors: kOverBudget when the walk is too long for the memory; kCorrupt, kIo.
  Result<void> answer(const SegmentQueries& call) const;

  /// borrowed, bounded: as PlanFacts. Errors: kInvalidArgument for a recall that the calibration does not know.
  /// matches, weighting: as SegmentQueries.
  [[nodiscard]] Result<Plan> plan(std::size_t queries, const SearchOptions& options,
                                  const format::Calibration* borrowed, bool bounded, const RecordSet* matches = nullptr,
                                  const Weighting* weighting = nullptr) const {
    NEARLINE_TRY(plan, plan_search(*field_, options,
                                   {.queries = queries,
                                    .live = matches != nullptr ? matches->count() : live(),
                                    .filtered = matches != nullptr,
                                    .weighting = weighting,
                                    .borrowed = borrowed,
                                    .bounded = bounded}));
    if (plan.weighted && room_for(plan) == 0) plan.directions = 0;  // which reads more pages
    const bool by_tables = plan.way == Way::kCertifiedScan || plan.weighted;
    if (by_tables && room_for(plan) == 0) plan.way = Way::kScan;
    return plan;
  }

  /// Walks of that kind that the memory has room for at once.
  [[nodiscard]] std::uint64_t room_for(const Plan& plan) const noexcept;
  /// What the scratch of one takes.
  [[nodiscard]] std::uint64_t walk_bytes(const Plan& plan) const noexcept;

  /// Ids and vectors of records. Precondition: rows below the count.
  Result<void> read_rows(std::span<const std::uint32_t> rows, std::vector<Id>& ids,
                         std::vector<std::byte>& vectors) const;

  /// Visits every record, deleted ones too, as it stands on its page (shape()). visit(row, record): for that call.
  Result<void> for_each_record(const std::function<void(std::uint32_t, const std::byte*)>& visit) const;

  /// As read_rows, of positions [first, first + count) in ascending order of id; without the deleted ones.
  Result<void> read_by_id(std::uint64_t first, std::uint64_t count, std::vector<Id>& ids,
                          std::vector<std::byte>& vectors) const;

  /// Whether a record with that id, deleted ones included, may be here, as the least and the largest id tell.
  [[nodiscard]] bool may_have(Id id) const noexcept { return keys_->may_have(id); }
  /// The rows of live records by id; kNoOrdinal where there is none. ids: ascending. The count is added to.
  Result<void> find(std::span<const Id> ids, std::span<std::uint32_t> rows, ReadCount& count) const;

  /// The rows that match a filter, deleted ones included. cost: what was read of columns is added. Errors: kCorrupt,
  /// kIo.
  Result<std::shared_ptr<const RecordSet>> matches(const BoundFilter& filter, WindowReads& cost) const;
  /// Those that another commit, or another field, led to, as SegmentValues keeps them by a text.
  [[nodiscard]] std::shared_ptr<const RecordSet> known_matches(const std::string& text) const {
    return values_->known(text);
  }
  void keep_matches(const std::string& text, std::shared_ptr<const RecordSet> rows) const {
    values_->keep(text, std::move(rows));
  }
  /// All records by ascending id, deleted ones included. Errors: kCorrupt, kIo.
  Result<void> for_each_key(const std::function<void(Id, std::uint32_t)>& visit) const;
  /// The ids of records of a set, ascending. Errors: kCorrupt, kIo.
  Result<std::vector<Id>> ids_of(const RecordSet& rows) const;
  /// Reads what records say: those attributes of the index, and payloads. Errors: kCorrupt, kIo.
  Result<DataReader> data_reader(std::span<const std::uint32_t> attributes, bool payloads) const;
  /// All that they say.
  Result<DataReader> data_reader() const;
  /// The values of one attribute; null where no record has one. Errors: kCorrupt, kIo.
  Result<std::shared_ptr<const Column>> column(std::uint32_t attribute) const {
    return values_->column(file_, attribute);
  }

  /// A record that was found by its id, and where its vector goes: out + slot * the bytes of one.
  struct Wanted {
    std::uint32_t row = 0;
    Id id = 0;
    std::size_t slot = 0;
  };
  /// Copies vectors. The count is added to. Errors: kCorrupt where another id stands in a record; kIo. Cheapest where
  /// rows ascend.
  Result<void> copy_vectors(std::span<const Wanted> wanted, std::byte* out, ReadCount& count) const;

  /// How near each record is to a query, as far as memory tells.
  enum class Score : std::uint8_t {
    kLikely,  ///< about the distance
    kLeast    ///< at most the distance
  };
  struct Scored {
    bool exact = true;  ///< the distances themselves
    float error = 0;    ///< standard error of those that are likely
  };
  /// out: [count()]. By codes of all records where they are in memory, else by reading all vectors. stats: added to.
  /// Precondition: the query was checked. Errors: kCorrupt, kIo.
  Result<Scored> score(const std::byte* vector, ElementType type, Score wanted, std::span<float> out,
                       QueryStats& stats) const;
  /// The distances of some records, cheapest where rows ascend. Otherwise as score.
  Result<void> distances(const std::byte* vector, ElementType type, std::span<const std::uint32_t> rows,
                         std::span<float> out, QueryStats& stats) const;

  /// Adds the memory of the segment to `usage`.
  void count_memory(MemoryUsage& usage) const;

  [[nodiscard]] const SegmentFile& file() const noexcept { return file_; }
  [[nodiscard]] const Field& field() const noexcept { return *field_; }
  [[nodiscard]] const Schema& schema() const noexcept { return field_->schema(); }
  [[nodiscard]] const format::PageShape& shape() const noexcept { return graph().shape; }
  [[nodiscard]] std::uint64_t count() const noexcept { return graph().count; }
  [[nodiscard]] std::uint64_t live() const noexcept { return count() - dead_.count(); }
  [[nodiscard]] const RecordSet& dead() const noexcept { return dead_; }
  /// All records that are not deleted.
  [[nodiscard]] RecordSet alive() const;

 private:
  Segment(const SegmentFile& file, std::shared_ptr<Field> field, std::shared_ptr<const KeyIndex> keys,
          std::shared_ptr<SegmentValues> values, RecordSet dead, const SearchNeeds& needs,
          const SearchBudget& budget) noexcept
      : file_(file),
        field_(std::move(field)),
        keys_(std::move(keys)),
        values_(std::move(values)),
        dead_(std::move(dead)),
        needs_(needs),
        budget_(budget) {}

  [[nodiscard]] const GraphView& graph() const noexcept { return field_->graph(); }

  Result<void> add_ids(const KeyRange& ids, std::span<std::uint64_t> bits) const;
  Result<void> compare(Lane& lane, const Query& query, std::span<const std::uint32_t> rows, std::span<float> out,
                       QueryStats& stats) const;
  Result<void> read_records(Lane& lane, std::span<const std::uint32_t> rows, ReadCount& count) const;
  Result<void> copy_records(Lane& lane, std::span<const std::uint32_t> rows, std::vector<Id>& ids,
                            std::vector<std::byte>& vectors) const;

  SegmentFile file_;
  std::shared_ptr<Field> field_;
  std::shared_ptr<const KeyIndex> keys_;   ///< which commits share, too
  std::shared_ptr<SegmentValues> values_;  ///< likewise
  RecordSet dead_;
  SearchNeeds needs_;
  SearchBudget budget_;
};

}  // namespace nearline::engine
