// SPDX-License-Identifier: Apache-2.0
/// One way to build and search an index of the user's records: measured on a sample, reckoned for all of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "nearline/index.h"
#include "tools/tune/data_sample.h"

namespace nearline::tools {

struct TuneGoal {
  std::uint64_t memory_bytes = 64U << 20;  ///< bound of the searches to come
  float recall = 0.95F;
  std::uint32_t k = 10;
  std::uint32_t threads = Count::kAuto;
};

struct Candidate {
  ElementType type = ElementType::kF32;
  std::uint32_t code_bytes = 0;
  std::uint32_t chosen_code_bytes = 0;  ///< those that builds choose when they are left the choice
  Layout layout = Layout::kLean;
  Ranking ranking = Ranking::kExact;

  // Measured on the sample, with the sample's share of the memory.
  bool reached = false;  ///< the recall that is wanted; else the figures are those of the largest L
  std::uint32_t l = 0;   ///< the least of some that reached it
  double recall = 0;
  double qps = 0;    ///< all threads, after a first run
  double reads = 0;  ///< pages a query
  double distances = 0;

  // For all records.
  std::uint64_t file_bytes = 0;
  std::uint64_t least_memory_bytes = 0;  ///< of one searching thread
  double all_reads = 0, all_qps = 0;     ///< as walks grow: with the logarithm of the records
};

/// What of a search stays the same for every candidate.
struct TuneTruth {
  std::filesystem::path folder;  ///< for the indexes
  NeighborTable table;           ///< among the sample, in the type of the input
};

/// Finds the exact neighbours of the queries in the sample. Errors: those of Builder and Index; kCancelled.
Result<NeighborTable> true_neighbors(const DataSample& sample, const TuneGoal& goal,
                                     const std::filesystem::path& folder, const ProgressFn& progress);

/// Builds one index of the sample and measures every ranking that all records will have within the memory: none when
/// it has room for none. code_bytes: kAuto, 0, or a number; fused pages take kAuto.
/// Errors: those of Builder and Index; kCancelled.
Result<std::vector<Candidate>> try_out(const DataSample& sample, ElementType type, Layout layout,
                                       std::uint32_t code_bytes, const TuneGoal& goal, const TuneTruth& truth,
                                       const ProgressFn& progress);

}  // namespace nearline::tools
