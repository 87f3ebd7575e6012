// SPDX-License-Identifier: Apache-2.0
/// What an index, its graph and this machine tell of themselves.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nearline/export.h"
#include "nearline/schema.h"
#include "nearline/types.h"

namespace nearline {

/// What the file says of itself.
struct IndexInfo {
  std::uint64_t count = 0;
  Schema schema;
  Layout layout = Layout::kLean;
  std::uint64_t generation = 0;
  std::uint32_t segments = 0;  ///< of the field that is described; the first unless one was named
  std::uint64_t deleted = 0;   ///< of its records, those that still take space until a merge or a compaction
  std::uint64_t file_bytes = 0;
  std::uint64_t disk_bytes = 0;  ///< what the file takes on its disk: less where it has holes
  std::uint64_t free_bytes = 0;  ///< the part of file_bytes that the next commits will write into
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
  std::uint32_t calibration_queries = 0;  ///< queries that `recall` was calibrated on; 0: not calibrated
  bool real_queries = false;              ///< they were given to `Writer::calibrate`; else they are records
  /// The newest superblock was damaged, or relaxed and a restart may have lost what it leads to; this is the commit
  /// before it.
  bool rolled_back = false;
  bool durable = false;  ///< the commit was not relaxed, or was made durable since
};

/// Where an open index's private memory goes, in bytes.
struct MemoryUsage {
  std::uint64_t budget = 0;
  std::uint64_t codes = 0;       ///< compressed codes, and what they are read with
  std::uint64_t page_cache = 0;  ///< one for all threads; what was never used of it does not count
  std::uint64_t buffers = 0;     ///< rings, checksum tables, entry points
  std::uint64_t scratch = 0;     ///< candidate lists and visited sets, all threads
  /// A code's bytes in the file, and how many of them the largest segment has in memory for each of its records: all,
  /// or as many as the budget has room for (`Ranking::kAuto`); fused pages bring codes along, which count as all.
  std::uint32_t code_bytes = 0;           ///< 0: there are no codes
  std::uint32_t resident_code_bytes = 0;  ///< 0: ranking by distance
  std::uint64_t bytes_for_all_codes = 0;  ///< the least budget that holds all codes; 0 where there are none
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
  // The bytes of all pages by what they hold; the rest of pages * info().page_bytes is in no record.
  std::uint64_t vector_bytes = 0;
  std::uint64_t list_bytes = 0;        ///< neighbour lists, as far as they are filled
  std::uint64_t list_spare_bytes = 0;  ///< room in lists shorter than info().degree
  std::uint64_t head_bytes = 0;        ///< headers, ids, scales, degrees
  std::vector<std::uint64_t> fill;     ///< [i] of 20: pages from i/20 to (i + 1)/20 full; spare room counts as empty
};

/// What this machine gives: one line each, for people ("io_uring: usable", "kernels: AVX3_DL", ...).
struct SystemInfo {
  bool io_uring = false;
  std::string io_uring_reason;  ///< why not, when not
  std::string kernels;          ///< SIMD target in use
  std::string kernels_reason;  ///< why not the one that NEARLINE_KERNELS names: it is unknown, and calls refuse to work
  bool fused = false;          ///< it has fused multiply-add: its files are those of all such machines, to the byte
  std::uint32_t processors = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t available_memory_bytes = 0;
};
NEARLINE_API SystemInfo system_info();

}  // namespace nearline
