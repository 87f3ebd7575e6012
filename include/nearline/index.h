// SPDX-License-Identifier: Apache-2.0
/// Opens an index file and answers queries from it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nearline/builder.h"
#include "nearline/export.h"
#include "nearline/result.h"
#include "nearline/types.h"

namespace nearline {

struct OpenOptions {
  IoMode io = IoMode::kAuto;               ///< kAuto: mapped when the file fits in free memory, else direct
  std::uint64_t memory_bytes = 64u << 20;  ///< bound on private memory: page cache, buffers, scratch of all threads
  /// kAuto: by codes when pages come from a cache that cannot hold all of them and the budget has room for the codes.
  /// Answers at a given L do not depend on the mode of I/O, but slightly on the ranking.
  Ranking ranking = Ranking::kAuto;
  std::uint32_t threads = 0;  ///< searches that may run at once; 0: one per processor. Further callers wait.
  bool untrusted = false;     ///< the file may be hostile: never map it, check all of it (as verify full) before use
};

struct SearchOptions {
  std::uint32_t k = 10;  ///< answers per query, 1..count
  std::uint32_t l = 64;  ///< L: candidates kept while walking; raised to k when below. More is better and slower
  /// W: reads that a query keeps in flight; answers depend on it, slightly. 0: 4, but 1 in a call of many queries,
  /// which keep the disk busy together and need the fewest reads so.
  std::uint32_t beam_width = 0;
  bool exact = false;  ///< compare with every record; small indexes do so by themselves
  /// Instead of L: the mean share of the k nearest that answers shall hold, above 0 and below 1. The calibration that
  /// builds take on records held out says how far to walk; it holds for queries like the records. 0: L decides.
  float recall = 0;
};

/// What one query cost.
struct QueryStats {
  std::uint32_t hops = 0;  ///< records whose neighbours were looked at
  std::uint32_t distance_computations = 0;
  std::uint32_t estimates = 0;   ///< distances estimated from compressed codes
  std::uint32_t page_reads = 0;  ///< 4 KiB pages asked of the disk (mapped: pages touched first by this query)
  std::uint32_t cache_hits = 0;  ///< pages found in nearline's own cache
  std::uint64_t bytes_read = 0;
  std::uint64_t nanoseconds = 0;  ///< from the query's start to its answer, waiting included
};

/// Answers of `rows` queries, `k` columns each, nearest first; ties go to the smaller id. Rows with fewer answers are
/// padded with kNoId and +infinity.
struct SearchResult {
  std::uint32_t k = 0;
  std::vector<Id> ids;                ///< [rows x k]
  std::vector<float> distances;       ///< [rows x k]
  std::vector<std::uint32_t> counts;  ///< [rows]
  std::vector<QueryStats> stats;      ///< [rows]
};

/// What the file says of itself.
struct IndexInfo {
  std::uint64_t count = 0;
  Schema schema;
  Layout layout = Layout::kLean;
  std::uint64_t generation = 0;
  std::uint32_t segments = 0;
  std::uint64_t deleted = 0;  ///< records that still take space until a merge or a compaction
  std::uint64_t file_bytes = 0;
  std::uint64_t free_bytes = 0;  ///< of those, space that the next commits will write into
  unsigned format_major = 0;
  unsigned format_minor = 0;
  std::string file_id;  ///< 32 hexadecimal digits
  // Build parameters.
  std::uint32_t degree = 0;
  std::uint32_t l_build = 0;
  float alpha = 0;
  std::uint64_t seed = 0;
  double mean_degree = 0;
  std::uint32_t page_bytes = 0;  ///< one graph page: a multiple of 4096
  std::uint32_t records_per_page = 0;
  std::uint32_t code_bytes = 0;           ///< compressed code of one record; 0 when the file has none
  double local_edge_share = 0;            ///< edges whose two ends share a page
  std::uint32_t calibration_queries = 0;  ///< records that `recall` was calibrated on; 0: not calibrated
  /// The newest superblock was damaged, or relaxed and a restart may have lost what it leads to; this is the commit
  /// before it.
  bool rolled_back = false;
  bool durable = false;  ///< the commit was not relaxed, or was made durable since
};

/// Where an open index's private memory goes, in bytes.
struct MemoryUsage {
  std::uint64_t budget = 0;
  std::uint64_t codes = 0;  ///< compressed codes of all records, and what they are read with
  std::uint64_t page_cache = 0;
  std::uint64_t buffers = 0;  ///< rings, checksum tables, entry points
  std::uint64_t scratch = 0;  ///< candidate lists and visited sets, all threads
  [[nodiscard]] std::uint64_t total() const noexcept { return codes + page_cache + buffers + scratch; }
};

/// The graph as it stands in the file: what one pass over all its pages counts.
struct GraphStatistics {
  std::uint64_t records = 0;
  std::uint64_t edges = 0;
  std::uint64_t local_edges = 0;       ///< edges whose two ends share a page
  std::vector<std::uint64_t> degrees;  ///< [d]: records with d neighbours, d from 0 to info().degree
  /// [0]: records that no edge leads to; [b]: those that 2^(b-1) to 2^b - 1 edges lead to. Counted for
  /// `in_degree_records` records: all of them up to 4 Mi, beyond that every second, third, ...
  std::vector<std::uint64_t> in_degrees;
  std::uint64_t in_degree_records = 0;
  std::uint32_t in_degree_max = 0;
  std::uint64_t pages = 0;
  // What the bytes of all pages hold; what is left of pages * info().page_bytes is in no record.
  std::uint64_t vector_bytes = 0;
  std::uint64_t list_bytes = 0;        ///< neighbour lists, as far as they are filled
  std::uint64_t list_spare_bytes = 0;  ///< room in lists shorter than info().degree
  std::uint64_t head_bytes = 0;        ///< headers, ids, scales, degrees
  std::vector<std::uint64_t> fill;     ///< [i]: pages that are from i/20 to (i + 1)/20 full, of 20; spare room is empty
};

struct VerifyFinding {
  std::uint64_t at = 0;  ///< byte offset
  std::string what;
};

struct VerifyReport {
  std::uint64_t blocks_checked = 0;
  std::uint64_t bytes_checked = 0;
  std::uint64_t records_checked = 0;
  std::vector<VerifyFinding> findings;  ///< at most 100; empty means good
  std::uint64_t finding_count = 0;
};

/// An open index: one commit of one file, whatever a Writer does meanwhile. Const members may be called from many
/// threads. After fork the child opens its own: calls on what its parent opened are kInvalidArgument there.
class NEARLINE_API Index {
 public:
  /// Reads the superblocks, the manifest and the entry points; nothing else, at any size (`untrusted` excepted).
  /// Errors: kNotFound, kPermission, kIo; kNotAnIndex, kUnsupported; kCorrupt, kTruncated (offset in Error::at);
  /// kInvalidArgument or kNoMemory for a budget that cannot work (the message says the least that can).
  static Result<Index> open(const std::filesystem::path& path, const OpenOptions& options = {});

  Index(Index&&) noexcept;
  Index& operator=(Index&&) noexcept;
  ~Index();

  /// Moves to the newest commit of the file that has the path now, and says whether there was a newer one. What was
  /// read of the segments that both have stays in memory, but for what makes room for new ones. No other call may run
  /// meanwhile. After an error the index is as before. Errors: those of open.
  Result<bool> refresh();

  /// Writes this commit to a new file without the space that is free in this one, while writers and readers go on.
  /// Checks every block. Errors: kExists unless `replace`; kCorrupt; kNoSpace, kIo; kCancelled.
  Result<void> snapshot(const std::filesystem::path& output, bool replace = false,
                        const ProgressFn& progress = {}) const;

  [[nodiscard]] const IndexInfo& info() const noexcept;
  [[nodiscard]] IoMode io() const noexcept;        ///< the mode in use, never kAuto
  [[nodiscard]] Ranking ranking() const noexcept;  ///< the ranking in use, never kAuto
  [[nodiscard]] MemoryUsage memory_usage() const noexcept;

  /// Finds the `options.k` records nearest to each query. Queries of one call are interleaved, so that the disk is
  /// busy while one of them waits.
  /// queries: of the stored type, or any float type when the stored type is one.
  /// Errors: kInvalidArgument for k of 0 or above count(), another dimension or type, or a recall that the calibration
  /// did not reach; kBadInput for NaN, infinity or a zero vector under cosine (names the row); kCorrupt when a page
  /// fails its checksum (other calls go on); kIo.
  /// Source: greedy search of DiskANN (NeurIPS 2019), algorithm 1, over locality-packed pages.
  Result<SearchResult> search(const MatrixView& queries, const SearchOptions& options = {}) const;

  /// Copies the stored vectors of `ids` to `out`: [ids.size() x vector bytes], in the stored type.
  /// Errors: kNotFound naming the first unknown id; kInvalidArgument for another size of `out`; kCorrupt, kIo.
  Result<void> get(std::span<const Id> ids, std::span<std::byte> out) const;

  /// Reads all records in ascending id order, `rows` at a time at most, into the callback (ids, vectors).
  /// Errors: those of the callback; kCorrupt, kIo.
  using VisitFn = std::function<Result<void>(std::span<const Id>, const MatrixView&)>;
  Result<void> for_each(std::size_t rows, const VisitFn& visit) const;

  /// The ids of `count` different records, ascending; of all of them where there are not more. The same seed draws the
  /// same records. Cost: one page read for each.  Errors: kCorrupt, kIo.
  Result<std::vector<Id>> sample_ids(std::size_t count, std::uint64_t seed) const;

  /// Reads every graph page once, front to back and past the cache, and checks all that `verify` checks on a page.
  /// Memory: at most 17 MiB, or one page where that is more, besides the index's own; given back on return.
  /// Errors: kCorrupt, kIo; kCancelled.
  Result<GraphStatistics> graph_statistics(const ProgressFn& progress = {}) const;

 private:
  friend class OnFileSystem;
  class Impl;
  explicit Index(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

/// Checks a file. Default: superblocks, manifest, checksum roots. full: every block against its checksum, every byte
/// accounted for, and the structure (neighbours in range, ids a bijection, every record reachable).
/// Damage is a finding, not an error. Errors: kNotFound, kPermission, kIo, kNotAnIndex, kUnsupported, kCancelled.
NEARLINE_API Result<VerifyReport> verify(const std::filesystem::path& path, bool full, const ProgressFn& progress = {});

/// What this machine gives: one line each, for people ("io_uring: usable", "kernels: AVX3_DL", ...).
struct SystemInfo {
  bool io_uring = false;
  std::string io_uring_reason;  ///< why not, when not
  std::string kernels;          ///< SIMD target in use
  std::uint32_t processors = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t available_memory_bytes = 0;
};
NEARLINE_API SystemInfo system_info();

}  // namespace nearline
