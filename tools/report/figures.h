// SPDX-License-Identifier: Apache-2.0
/// Everything that a report shows, between taking it (measure.h) and drawing it (page.h).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "nearline/index.h"

namespace nearline::tools {

/// What searches with one L find and cost. Counts are means over the queries.
struct CurvePoint {
  std::uint32_t l = 0;
  double recall = 0;
  double qps = 0;  ///< all threads together, queries interleaved
  double reads = 0, cache_hits = 0, distances = 0, estimates = 0;
  double mean_us = 0, p50_us = 0, p90_us = 0, p99_us = 0, max_us = 0;  ///< of queries that have a thread to themselves
  /// Of queries that find nothing in memory: each is the first to an index just opened, which is not mapped.
  double cold_recall = 0, cold_reads = 0, cold_bytes = 0;
};

struct Report {
  std::filesystem::path index;
  std::string taken;  ///< day and time
  IndexInfo info;
  SystemInfo system;
  GraphStatistics graph;

  // How searches were measured.
  IoMode io = IoMode::kAuto;
  Ranking ranking = Ranking::kAuto;
  MemoryUsage memory;
  std::uint32_t k = 0, threads = 0, batch = 0;
  std::filesystem::path queries;  ///< empty: records of the index itself
  std::uint64_t query_count = 0;
  Ranking cold_ranking = Ranking::kAuto;
  std::uint64_t cold_query_count = 0;  ///< the first of the queries
  std::vector<CurvePoint> curve;       ///< by ascending L

  /// Local intrinsic dimensionality around each sampled record that has one, ascending; empty where not taken.
  std::vector<double> dimensions;
  std::uint32_t dimension_k = 0;  ///< neighbours that each was taken from, at most
};

}  // namespace nearline::tools
