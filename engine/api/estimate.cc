// SPDX-License-Identifier: Apache-2.0
/// Estimates a build: bytes from the plan that the build itself follows, time from how fast vectors of that kind
/// are compared on this machine.
#include <algorithm>
#include <chrono>
#include <vector>

#include "engine/make/plan.h"
#include "engine/segment/search_budget.h"
#include "engine/space/field_schema.h"
#include "engine/space/space.h"
#include "engine/transform/check_transforms.h"
#include "nearline/builder.h"

namespace nearline {
namespace {

using Clock = std::chrono::steady_clock;

/// Distances per record over all phases of linking with the default options, counted on image descriptors and sentence
/// embeddings, and seconds per record that do not depend on the vectors: lists, sorting, packing, writing.
constexpr double kDistances = 7000;
constexpr double kFixedSeconds = 20e-6;

/// Seconds of one distance, vectors in cache.
double seconds_per_distance(const Schema& schema) {
  constexpr std::size_t kVectors = 256;
  const engine::Space space(schema.metric, schema.type, schema.dim);
  const std::size_t bytes = vector_bytes(schema.type, schema.dim) + sizeof(float);
  std::vector<std::byte> vectors(kVectors * bytes);
  std::vector<const std::byte*> records;
  for (std::size_t i = 0; i < kVectors; ++i) records.push_back(vectors.data() + i * bytes);
  std::vector<std::byte> buffer(space.query_bytes());
  const engine::Query query{.vector = buffer.data()};
  std::vector<float> distances(kVectors);
  std::size_t rounds = 0;
  const auto started = Clock::now();
  std::chrono::duration<double> passed{};
  for (; passed.count() < 0.01; passed = Clock::now() - started, ++rounds) {
    space.distances(query, records, distances.data());
  }
  return passed.count() / static_cast<double>(rounds * kVectors);
}

/// Of one field alone.
Result<Estimate> estimate_field(std::uint64_t count, const Schema& schema, const BuildOptions& options) {
  BuildOptions unbounded = options;
  unbounded.memory_bytes = ~std::uint64_t{0};
  if (!schema.indexed) {
    NEARLINE_TRY(plan, engine::plan_stored(count, schema, unbounded, 4));
    return Estimate{.layout = Layout::kLean,
                    .file_bytes = plan.file_bytes,
                    .build_memory_bytes = plan.memory_bytes,
                    .least_build_memory_bytes = plan.least_bytes,
                    .search_memory_bytes = engine::least_search_bytes(engine::search_needs(plan, count, schema, false),
                                                                      1, IoMode::kPread)};
  }
  NEARLINE_TRY(plan, engine::plan_build(count, schema, unbounded, 4));
  const auto least = [&](bool codes) {
    return engine::least_search_bytes(engine::search_needs(plan, count, schema, codes), 1, IoMode::kPread);
  };
  const bool fused = plan.file_shape.layout == Layout::kFused;
  const double per_record = kDistances * seconds_per_distance(schema) + kFixedSeconds;
  return Estimate{.layout = plan.file_shape.layout,
                  .file_bytes = plan.file_bytes,
                  .build_memory_bytes = plan.memory_bytes,
                  .least_build_memory_bytes = plan.least_bytes,
                  .search_memory_bytes = least(false),
                  .code_search_memory_bytes = fused || plan.code_bytes == 0 ? 0 : least(true),
                  .build_cpu_seconds = per_record * static_cast<double>(count)};
}

}  // namespace

Result<Estimate> estimate(std::uint64_t count, const Schema& schema, const BuildOptions& options) {
  NEARLINE_CHECK(engine::with_checked_fields(schema));
  NEARLINE_CHECK(engine::check_fields(schema, options));
  if (count > kMaxRecords) {
    return Error{.code = Code::kInvalidArgument,
                 .what = "count of " + std::to_string(count) + ": expected at most " + std::to_string(kMaxRecords)};
  }
  Estimate sum;
  for (std::uint32_t f = 0; f < engine::field_count(schema); ++f) {
    const Schema field = engine::field_schema(schema, f);
    NEARLINE_TRY(one, estimate_field(count, field, engine::options_for(field, f, options)));
    if (f == 0) {
      sum = one;
      continue;
    }
    sum.file_bytes += one.file_bytes;
    sum.build_memory_bytes = std::max(sum.build_memory_bytes, one.build_memory_bytes);
    sum.least_build_memory_bytes = std::max(sum.least_build_memory_bytes, one.least_build_memory_bytes);
    sum.search_memory_bytes += one.search_memory_bytes;
    if (sum.code_search_memory_bytes > 0) {
      sum.code_search_memory_bytes += std::max(one.search_memory_bytes, one.code_search_memory_bytes);
    }
    sum.build_cpu_seconds += one.build_cpu_seconds;
  }
  return sum;
}

}  // namespace nearline
