// SPDX-License-Identifier: Apache-2.0
#include "engine/vectors/exact_scan.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/kernels/kernels.h"
#include "engine/parallel.h"

namespace nearline::engine {
namespace {

/// Rows that stay in the first-level cache while queries pass over them.
constexpr std::size_t kTileBytes = 32u << 10;
constexpr std::size_t kLeastTileRows = 16;
/// Queries that stay in the second-level cache while tiles pass.
constexpr std::size_t kChunkBytes = 256u << 10;
constexpr std::size_t kScaleChunk = 1024;
/// Distances looked at together: almost always none of them is near enough.
constexpr std::size_t kGlance = 16;

bool nearer(const NearRow& a, const NearRow& b) noexcept {
  return a.distance < b.distance || (a.distance == b.distance && a.row < b.row);
}

}  // namespace

std::size_t ExactScan::bytes_per_query(ElementType type, std::uint32_t dim, std::uint32_t k) noexcept {
  return Space(type == ElementType::kB1 ? Metric::kHamming : Metric::kL2, type, dim).query_bytes() + sizeof(Query) +
         sizeof(std::vector<NearRow>) + k * sizeof(NearRow);
}

ExactScan::ExactScan(const MatrixView& queries, ElementType type, const ScanOptions& options)
    : options_(options),
      weighted_(options.weighting != nullptr && !options.weighting->all()),
      space_(options.metric, type, queries.dim),
      kernel_(kernels::kernel(kernels::raw_of(options.metric), type)),
      hits_(queries.rows),
      workers_(std::max(1u, options.threads)) {
  if (weighted_) space_ = space_.by(*options.weighting);
  vectors_.resize(queries.rows * space_.query_bytes());
  queries_.reserve(queries.rows);
  for (std::size_t i = 0; i < queries.rows; ++i) {
    queries_.push_back(space_.query(queries.row(i), queries.type, vectors_.data() + i * space_.query_bytes()));
    hits_[i].reserve(options.k);
  }
}

void ExactScan::show(const MatrixView& rows, std::uint64_t first_row) {
  const unsigned threads = options_.threads;
  if (options_.metric == Metric::kCosine && !weighted_) {
    scales_.resize(rows.rows);
    parallel_for(rows.rows, kScaleChunk, threads, [&](std::size_t begin, std::size_t end, unsigned) {
      for (std::size_t i = begin; i < end; ++i) scales_[i] = space_.scale_of(rows.row(i));
    });
  }
  const std::size_t in_cache = std::max<std::size_t>(1, kChunkBytes / space_.query_bytes());
  const std::size_t balanced = std::max<std::size_t>(1, queries_.size() / (threads * std::size_t{4}));
  parallel_for(queries_.size(), std::min(in_cache, balanced), threads,
               [&](std::size_t begin, std::size_t end, unsigned thread) {
                 compare(begin, end, rows, first_row, workers_[thread]);
               });
}

void ExactScan::compare(std::size_t first_query, std::size_t last_query, const MatrixView& rows,
                        std::uint64_t first_row, Worker& worker) {
  const std::size_t tile = std::max(kLeastTileRows, kTileBytes / vector_bytes(rows.type, rows.dim));
  for (std::size_t first = 0; first < rows.rows; first += tile) {
    const std::size_t count = std::min(tile, rows.rows - first);
    worker.rows.resize(count);
    worker.distances.resize(count);
    for (std::size_t i = 0; i < count; ++i) worker.rows[i] = rows.row(first + i);
    for (std::size_t q = first_query; q < last_query; ++q) {
      if (weighted_) {  // which asks for no scale behind the row
        space_.distances(queries_[q], worker.rows, worker.distances.data());
        keep(q, worker.distances, first_row + first);
        continue;
      }
      kernel_.many(queries_[q].vector, worker.rows.data(), count, rows.dim, worker.distances.data());
      if (space_.has_scale()) finish(queries_[q].scale, first, worker.distances);
      keep(q, worker.distances, first_row + first);
    }
  }
}

/// From inner products to distances, as Space::distances does with the scales that records carry.
void ExactScan::finish(float query_scale, std::size_t first, std::span<float> distances) const noexcept {
  if (options_.metric == Metric::kCosine) {
    const float* scales = scales_.data() + first;
    for (std::size_t i = 0; i < distances.size(); ++i) distances[i] = 1.0F - distances[i] * (query_scale * scales[i]);
  } else {
    for (float& distance : distances) distance = 1.0F - distance;
  }
}

/// A row as near as the farthest hit is not taken: its number is larger.
void ExactScan::keep(std::size_t query, std::span<const float> distances, std::uint64_t first_row) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::vector<NearRow>& heap = hits_[query];
  for (std::size_t first = 0; first < distances.size(); first += kGlance) {
    const std::span<const float> glance = distances.subspan(first, std::min(kGlance, distances.size() - first));
    if (heap.size() == options_.k) {
      const float farthest = heap.front().distance;
      unsigned near = 0;
      for (const float distance : glance) near |= static_cast<unsigned>(distance < farthest);
      if (near == 0) continue;
    }
    for (std::size_t i = 0; i < glance.size(); ++i) {
      // Sums beyond f32 give infinity, and infinity less infinity NaN: both are as far as can be.
      const float distance = std::isnan(glance[i]) ? kInfinity : glance[i];
      if (options_.farther_than && !(distance > *options_.farther_than)) continue;
      if (heap.size() == options_.k) {
        if (!(distance < heap.front().distance)) continue;
        std::pop_heap(heap.begin(), heap.end(), nearer);
        heap.pop_back();
      }
      heap.push_back({distance, first_row + first + i});
      std::push_heap(heap.begin(), heap.end(), nearer);
    }
  }
}

std::span<const NearRow> ExactScan::hits(std::size_t query) {
  std::vector<NearRow>& found = hits_[query];
  std::sort(found.begin(), found.end(), nearer);
  return found;
}

}  // namespace nearline::engine
