// SPDX-License-Identifier: Apache-2.0
/// Opens an index file and answers queries from it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nearline/export.h"
#include "nearline/fusion.h"
#include "nearline/groups.h"
#include "nearline/paging.h"
#include "nearline/places.h"
#include "nearline/range.h"
#include "nearline/result.h"
#include "nearline/schema.h"
#include "nearline/search.h"
#include "nearline/statistics.h"
#include "nearline/types.h"
#include "nearline/votes.h"

namespace nearline {

/// What `Index::get` found and what it cost.
struct GetReport {
  std::vector<std::size_t> absent{};  ///< which of the ids no record has: their places in the call, ascending
  std::uint64_t page_reads = 0;       ///< 4 KiB blocks fetched from the disk, as QueryStats::page_reads
  std::uint64_t rounds = 0;           ///< times that the call waited for some
};

/// What to read of what records say.
struct DataRequest {
  std::optional<std::vector<std::string>> names{};  ///< of attributes; all of the index's where it does not say
  bool payloads = true;
};

/// An open index: one commit of one file, whatever a Writer does meanwhile. After fork the child opens its own: calls
/// on what its parent opened are kInvalidArgument there.
/// Threads: any number, `refresh` included; only moving and destroying an Index want it to themselves.
class NEARLINE_API Index {
 public:
  /// Reads the superblocks, the manifest, the entry points and what a transform goes by, whose numbers stay in memory
  /// beside the budget; nothing else, at any size (`untrusted` excepted).
  /// Errors: kNotFound, kPermission, kIo; kNotAnIndex, kUnsupported; kCorrupt, kTruncated (offset in Error::at);
  /// kInvalidArgument or kOverBudget for a budget that cannot work (the message says the least that can).
  static Result<Index> open(const std::filesystem::path& path, const OpenOptions& options = {});

  Index(Index&&) noexcept;
  Index& operator=(Index&&) noexcept;
  ~Index();

  /// Moves to the newest commit of the file that has the path now, and says whether there was a newer one. What was
  /// read of the segments that both have stays in memory, but for what makes room for new ones. Calls that other
  /// threads have under way finish on the commit that they began with, which takes memory beside the budget until then
  /// where a segment was opened anew. After an error the index is as before. Errors: those of open.
  Result<bool> refresh();

  /// Writes this commit to a new file without the space that is free in this one, while writers and readers go on.
  /// Checks every block. Errors: kExists unless `replace`; kInvalidArgument when the output is this index; kCorrupt;
  /// kNoSpace, kIo; kCancelled.
  Result<void> snapshot(const std::filesystem::path& output, bool replace = false,
                        const ProgressFn& progress = {}) const;

  [[nodiscard]] IndexInfo info() const;  ///< of the commit that is open now
  /// The same of one field: its records, graph and codes. Errors: kInvalidArgument for an unknown field.
  [[nodiscard]] Result<IndexInfo> info(std::string_view field) const;
  [[nodiscard]] IoMode io() const noexcept;        ///< the mode in use, never kAuto
  [[nodiscard]] Ranking ranking() const noexcept;  ///< the ranking in use, never kAuto
  [[nodiscard]] MemoryUsage memory_usage() const noexcept;

  /// Finds the `options.k` records nearest to each query. Queries of one call are interleaved, so that the disk is
  /// busy while one of them waits.
  /// queries: of the stored type, or any float type when the stored type is one. With a transform
  /// (`info().schema.query_dim()` components) of any type but b1: it is applied here.
  /// Errors: kInvalidArgument for k of 0 or above count(), another dimension or type, a prefix or a mask that does not
  /// fit, or a recall that the calibration did not reach; kBadInput for NaN, infinity, and lengths that Builder::add
  /// refuses, in the dimensions that count, too (names the row); kCorrupt when a
  /// page fails its checksum (other calls go on); kIo. Source: greedy search of DiskANN (NeurIPS 2019), algorithm 1,
  /// over locality-packed pages.
  Result<SearchResult> search(const MatrixView& queries, const SearchOptions& options = {}) const;

  /// Finds the `options.k` records whose weighted sum of distances in several fields is smallest. Looks at the code of
  /// every record in each field, or at its vector where the segment is small or codes are not in memory, so that the
  /// time grows with their number; reads the pages of the most promising in all fields.
  /// SearchResult::expected_recall is 1 where the answers are exact, else 0: nothing was measured. Keeps 8 bytes a
  /// record, and 4 more for each field, beside the memory budget, from the first call on; a call takes 24, and 4 more
  /// for each field, while it runs. Errors: those of search; kInvalidArgument for weights that are negative, no numbers
  /// or all 0, a field that comes twice, or numbers of rows that differ.
  Result<SearchResult> search_fields(std::span<const FieldQueries> fields, const FusionOptions& options = {}) const;

  /// Finds all records within `options.radius` of each query. Costs what a search for as many answers costs; where very
  /// many lie within, or the budget has no room for a walk that long, what an exact one costs.
  /// Errors: those of search; kInvalidArgument, which names the option, for a radius that is no number or, under l2,
  /// hamming and jaccard, negative.
  Result<RangeResult> range_search(const MatrixView& queries, const RangeOptions& options) const;

  /// Finds the `options.search.k` groups whose nearest record is nearest to each query, and of each its `per_group`
  /// nearest. Takes one search of all records for a query, one more of those in no group yet while groups are missing,
  /// and one of a group's records for each that is to be filled. Keeps 16 bytes a record, and 8 more for each
  /// attribute, beside the memory budget from the first call on in a commit. Errors: those of search; kInvalidArgument
  /// for an attribute that is unknown or has another type, and for more answers than kMaxPaddedK a query.
  Result<GroupResult> search_groups(const MatrixView& queries, const GroupOptions& options) const;

  /// Ranks groups by the votes of sets of queries. offsets: where each set begins, and the end, ascending from 0 to the
  /// number of queries; empty: all are one set. Errors: those of search_groups; kInvalidArgument for offsets that are
  /// not so, a cap below 0, and metric ip, whose distances may be negative.
  Result<VoteResult> vote(const MatrixView& queries, std::span<const std::uint64_t> offsets,
                          const VoteOptions& options) const;

  /// Finds the records whose place is nearest by great circle, exactly. Reads the whole column; takes 24 bytes a record
  /// while it runs, and keeps 8, and 4 for each field, beside the memory budget from the first call on in a commit.
  /// Errors: kInvalidArgument for an attribute that is unknown or no place, a place that is not on earth, k of 0 or
  /// above kMaxPaddedK, and as count; kCorrupt, kIo.
  Result<PlaceResult> nearest_places(const PlaceOptions& options) const;

  /// Goes through the answers of one query in their order, on the commit that is open now. options.k counts nothing.
  /// Errors: those of search; kInvalidArgument for another number of queries.
  Result<Cursor> cursor(const MatrixView& query, const SearchOptions& options = {}) const;

  /// The first `options.k` answers of one query or, given the token of the page before, those behind them; k may be
  /// another each time. Keeps nothing between calls, so that any process may go on that has the commit open.
  /// Errors: those of search; kInvalidArgument for another number of queries, for a token that is none, or is of
  /// another index, commit, query or search (`refresh` moves an index to another commit: begin again).
  Result<AnswerPage> search_page(const MatrixView& query, const SearchOptions& options = {},
                                 std::string_view token = {}) const;

  /// Copies the stored vectors of `ids` to `out`: [ids.size() x vector_bytes], row i the vector of ids[i] in the stored
  /// type, zeros where no record has that id. With a transform that is what came out of it, which a search takes with
  /// `SearchOptions::as_stored`. Ids may come in any order, and repeatedly.
  /// Cost: of one id at most two reads from the disk, a block of keys and the record's page, in each segment whose ids
  /// it may be among; of many, those of all of them side by side, 64 at a time. The first call reads the fences of the
  /// keys besides: eight bytes for 340 records or more, which stay in memory. Takes some 100 bytes an id while it runs,
  /// beside the budget. field: as SearchOptions::field; records without a vector in it are absent there. Errors:
  /// kInvalidArgument for another size of `out`, or an unknown field; kCorrupt, kIo.
  Result<GetReport> get(std::span<const Id> ids, std::span<std::byte> out, std::string_view field = {}) const;

  /// What the records of `ids` say: a row for each id, without values where no record has it. Cost: as `get`, and a
  /// few reads for each attribute of each record; records near to each other share them. Errors: kInvalidArgument for
  /// an attribute that is unknown; kCorrupt, kIo.
  Result<RecordData> data(std::span<const Id> ids, const DataRequest& request = {}) const;

  /// How many records match a filter (SearchOptions::filter), exactly. Errors: kInvalidArgument, naming the byte of the
  /// filter; kCorrupt, kIo.
  Result<std::uint64_t> count(std::string_view filter) const;

  /// Their ids, ascending. Takes 20 bytes an id beside the budget. Errors: as count.
  Result<std::vector<Id>> matching_ids(std::string_view filter) const;

  /// Whether a record has each of the ids, and a vector in the field. Cost: one read for an id, and as `get`.
  /// Errors: kInvalidArgument for an unknown field; kCorrupt, kIo.
  Result<std::vector<bool>> contains(std::span<const Id> ids, std::string_view field = {}) const;

  /// Reads all records that have the field in ascending id order, `rows` at a time at most, into the callback (ids,
  /// vectors). Errors: those of the callback; kInvalidArgument for an unknown field; kCorrupt, kIo.
  using VisitFn = std::function<Result<void>(std::span<const Id>, const MatrixView&)>;
  Result<void> for_each(std::size_t rows, const VisitFn& visit, std::string_view field = {}) const;

  /// The ids of `count` different records that have the field, ascending; of all of them where there are not more. The
  /// same seed draws the same records. Cost: one page read for each.  Errors: as for_each.
  Result<std::vector<Id>> sample_ids(std::size_t count, std::uint64_t seed, std::string_view field = {}) const;

  /// Reads every graph page of a field once, front to back and past the cache, and checks all that `verify` checks on a
  /// page. Memory: at most 17 MiB, or one page where that is more, besides the index's own; given back on return.
  /// Errors: kInvalidArgument for an unknown field; kCorrupt, kIo; kCancelled.
  Result<GraphStatistics> graph_statistics(const ProgressFn& progress = {}, std::string_view field = {}) const;

 private:
  class Impl;
  explicit Index(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nearline
