// SPDX-License-Identifier: Apache-2.0
/// All records of a segment against one query, for searches that add up distances of several fields.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/segment/read_pages.h"
#include "engine/segment/segment.h"

namespace nearline::engine {
namespace {

constexpr std::uint64_t kChunk = 256;

Query query_in(Scratch& scratch, const Space& space, const std::byte* vector, ElementType type) {
  scratch.query.resize(space.query_bytes());
  return space.query(vector, type, scratch.query.data());
}

/// A bound that rounding to f32 does not lift; minus infinity where the code says nothing.
float at_most(double bound) noexcept {
  if (std::isnan(bound)) return -std::numeric_limits<float>::infinity();
  return std::nextafter(static_cast<float>(bound), -std::numeric_limits<float>::infinity());
}

/// Whether codes of all records are in memory, whole.
bool has_all_codes(const Field& field) noexcept {
  return field.codes() != nullptr && field.codes()->short_codes() == nullptr &&
         field.graph().shape.layout == Layout::kLean;
}

}  // namespace

Result<Segment::Scored> Segment::score(const std::byte* vector, ElementType type, Score wanted, std::span<float> out,
                                       QueryStats& stats) const {
  const Field& field = *field_;
  NEARLINE_TRY(lane, field.lanes().take());
  const ReleaseLane release(*lane);
  Scratch& scratch = *lane->scratches[0];
  const Query query = query_in(scratch, graph().space, vector, type);
  const bool by_codes = wanted == Score::kLeast ? field.certifies() : has_all_codes(field);
  if (!by_codes) {
    std::vector<std::uint32_t> rows(count());
    std::iota(rows.begin(), rows.end(), 0U);
    NEARLINE_CHECK(compare(*lane, query, rows, out, stats));
    return Scored{};
  }
  if (wanted == Score::kLeast) {
    field.prepare_bound(query, scratch);
  } else {
    field.prepare_codes(query, nullptr, scratch);
  }
  std::vector<const std::byte*> codes;
  for (std::uint64_t first = 0; first < count(); first += kChunk) {
    scratch.fresh.resize(std::min(kChunk, count() - first));
    std::iota(scratch.fresh.begin(), scratch.fresh.end(), static_cast<std::uint32_t>(first));
    NEARLINE_CHECK(field.codes()->need(scratch.fresh));
    if (wanted == Score::kLeast) {
      for (const std::uint32_t node : scratch.fresh) {
        out[node] = at_most(scratch.code_bound.of(field.codes()->of(node)).least);
      }
      continue;
    }
    codes.clear();
    for (const std::uint32_t node : scratch.fresh) codes.push_back(field.codes()->of(node));
    scratch.code_query.estimate(codes, out.data() + first);
  }
  stats.estimates += static_cast<std::uint32_t>(count());
  return Scored{.exact = false, .error = wanted == Score::kLeast ? 0 : scratch.code_query.error()};
}

Result<void> Segment::distances(const std::byte* vector, ElementType type, std::span<const std::uint32_t> rows,
                                std::span<float> out, QueryStats& stats) const {
  NEARLINE_TRY(lane, field_->lanes().take());
  const ReleaseLane release(*lane);
  return compare(*lane, query_in(*lane->scratches[0], graph().space, vector, type), rows, out, stats);
}

Result<void> Segment::compare(Lane& lane, const Query& query, std::span<const std::uint32_t> rows, std::span<float> out,
                              QueryStats& stats) const {
  ReadCount count;
  for (std::size_t at = 0; at < rows.size(); at += kMaxBatch) {
    const std::size_t some = std::min<std::size_t>(kMaxBatch, rows.size() - at);
    NEARLINE_CHECK(read_records(lane, rows.subspan(at, some), count));
    graph().space.distances(query, lane.scratches[0]->records, out.data() + at);
  }
  stats.distance_computations += static_cast<std::uint32_t>(rows.size());
  stats.page_reads += static_cast<std::uint32_t>(count.blocks);
  stats.bytes_read += count.blocks * format::kBlockBytes;
  return {};
}

}  // namespace nearline::engine
