// SPDX-License-Identifier: Apache-2.0
/// What a user says of a search, and what comes back.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nearline/export.h"
#include "nearline/types.h"

namespace nearline {

/// How pages reach memory.
enum class IoMode : std::uint8_t {
  kAuto = 0,
  kMapped = 1,  ///< memory map; the kernel's page cache is the cache
  kDirect = 2,  ///< io_uring, O_DIRECT where the file system allows it, own cache inside the budget
  kPread = 3,   ///< pread, own cache inside the budget
};

/// What a walk ranks candidates by before it reads their pages.
enum class Ranking : std::uint8_t {
  kAuto = 0,   ///< kCodes where most pages must come from disk, kExact where memory holds them
  kExact = 1,  ///< distances: the page of every candidate is read; fused pages rank by codes even so
  kCodes = 2,  ///< estimates from compressed codes: only promising pages are read. Asked for, all are to be resident
};

/// "mapped", "codes": the words of the command line, of JSON output and of error messages.
[[nodiscard]] NEARLINE_API std::string_view name(IoMode mode) noexcept;
[[nodiscard]] NEARLINE_API std::string_view name(Ranking ranking) noexcept;
[[nodiscard]] NEARLINE_API std::optional<IoMode> io_mode_from(std::string_view word) noexcept;
[[nodiscard]] NEARLINE_API std::optional<Ranking> ranking_from(std::string_view word) noexcept;
NEARLINE_API std::ostream& operator<<(std::ostream& out, IoMode mode);
NEARLINE_API std::ostream& operator<<(std::ostream& out, Ranking ranking);

/// How an index is opened.
struct OpenOptions {
  IoMode io = IoMode::kAuto;               ///< kAuto: mapped when the file fits in free memory, else direct
  std::uint64_t memory_bytes = 64u << 20;  ///< bound on private memory: page cache, buffers, scratch of all threads
  /// kAuto: by codes when pages come from a cache that cannot hold all of them; where the budget has no room for whole
  /// codes, by as much of each as it has, which reads more pages, and by distance only where it has hardly any
  /// (`MemoryUsage::resident_code_bytes`). Answers at a given L do not depend on the mode of I/O, but slightly on the
  /// ranking, and on how much of the codes there is.
  Ranking ranking = Ranking::kAuto;
  std::uint32_t threads =
      Count::kAuto;  ///< searches at once; kAuto: one per processor that the memory has room for. Further callers wait.
  bool untrusted = false;  ///< the file may be hostile: never map it, check all of it (as verify full) before use
};

/// How the queries of one call are answered.
struct SearchOptions {
  std::uint32_t k = 10;  ///< answers per query, from 1 to kMaxPaddedK or the number of records, whichever is more
  std::uint32_t l = 64;  ///< L: candidates for answers kept while walking, at least k. More is better and slower
  /// W, the beam width: candidates expanded together, or reads in flight where codes rank; answers depend on it,
  /// slightly. kAuto: 4, but 1 where codes rank in a call of many queries, which keep the disk busy together.
  std::uint32_t beam_width = Count::kAuto;
  /// The k nearest for certain, byte for byte what comparing with every record gives. Where codes of all records are in
  /// memory (`Ranking::kCodes`, lean pages; l2 and cosine) only those pages are read that their codes do not prove to
  /// be too far away, a few in a hundred; elsewhere all. Small indexes are exact by themselves.
  bool exact = false;
  /// The mean share of the k nearest that answers shall hold, above 0 and below 1, in place of L. The calibration that
  /// builds take on records held out says how far to walk; it holds for queries like the records, or, after
  /// `Writer::calibrate`, like those given there. 0: L decides.
  float recall = 0;
  /// Which records may be answers, by their attributes; empty: all. For example
  ///     lang = 'en' and year >= 2019 and not (price between 10 and 20) and tags has 'bio/cell/*' and id in (1, 2, 3)
  /// Comparisons are = != < <= > >=, [not] between, [not] in, [not] has (of tags; with a star at the end all that begin
  /// so), is [not] null, and the name of a bool alone; of a place distance(home, 48.2, 16.37) < 5km, with <= > >= and
  /// m, along the great circle from a latitude and a longitude. A comparison with what is not there is not true, and
  /// neither is its negation. `not` binds closer than `and`, `and` closer than `or`; a quote within a string is written
  /// twice. Which records match is known exactly before the search, and kept for the next one that asks the same.
  std::string filter{};
  bool explain = false;  ///< fill SearchResult::explanation
  /// Queries are vectors as the index stores them (`Index::get`): what its schema does to queries is not done again.
  bool as_stored = false;
  /// The first so many dimensions count (of b1, bits), the others do not; 0: all. Or `mask`: how much each dimension
  /// counts, `dim` weights, finite, 0 or more, not all 0 (of b1 only 0 and 1); empty: each once. One of the two.
  /// Queries keep the index's dimension. Distances, those of `exact` and of pages too, are exactly those of what
  /// counts: under l2 the sum of w (q - x)^2, under ip 1 - the sum of w q x, under cosine both are brought to one
  /// length in what counts (a record that is zero there is at 1), hamming and jaccard are of the bits that count. Any
  /// of them goes over the one graph and the one set of codes: no dimension has to be declared. The less counts, the
  /// farther a walk goes; where too little counts for a walk, all codes or all records are compared. `recall` is kept
  /// with a reserve that was measured on real sets (docs/capabilities.md) and that no calibration of the index vouches
  /// for.
  std::uint32_t prefix = 0;
  /// A funnel: a walk by distances goes by the first so many dimensions alone, which costs it less, and its L
  /// candidates are then ranked by exact distances of the first `prefix`. 0: one stage. Answers hold what is among
  /// these L; more is found with a larger L, and `recall`, which no calibration tells of a funnel, is refused. Scans
  /// need no first stage, and walks by codes none either, where an estimate costs the same for every prefix: they go by
  /// `prefix`.
  std::uint32_t walk_prefix = 0;
  std::vector<float> mask{};  ///< instead of `prefix`; see there
  /// The field that the queries are of, and whose vectors they are compared with; empty: the first. Records that have
  /// none there are no answers. In a further field a filter takes 20 bytes a match, beside the budget, when it is first
  /// asked in a commit.
  std::string field{};
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

/// Answers of `rows` queries, `k` columns each, nearest first; ties go to the smaller id. A row is short where there
/// are fewer than k records: its first `counts[row]` columns are answers, the others hold kNoId and +infinity. Where
/// there are no records at all, every row is short and empty; that is no error.
struct SearchResult {
  std::uint32_t k = 0;  ///< columns: SearchOptions::k, whatever there is to find
  /// The mean share of the k nearest that the answers are expected to hold: 1 where all records were compared, the
  /// recall that was asked for, or what the calibration says of L at least; 0 where it says nothing of so short a list.
  float expected_recall = 1;
  std::vector<Id> ids;                ///< [rows x k]
  std::vector<float> distances;       ///< [rows x k]
  std::vector<std::uint32_t> counts;  ///< [rows]; answers of each, at most k
  std::vector<QueryStats> stats;      ///< [rows]
  std::uint64_t matches = 0;          ///< records that matched the filter; all without one
  std::uint64_t filter_reads = 0;     ///< 4 KiB blocks that were read to know them
  /// For people, with SearchOptions::explain: a line for each segment that was searched, the largest first, which says
  /// how it was, and how many of its records could be answers.
  std::vector<std::string> explanation;
};

}  // namespace nearline
