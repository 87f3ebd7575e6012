// SPDX-License-Identifier: Apache-2.0
/// profile: one pass over all rows for what each row tells alone, one more against a sample for how rows lie together,
/// and the sample alone for how it fills its space.
#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

#include "engine/judge/shape.h"
#include "engine/kernels/kernels.h"
#include "engine/progress.h"
#include "engine/space/unfit.h"
#include "engine/threads.h"
#include "engine/vectors/profile_advice.h"
#include "engine/vectors/profile_dimension.h"
#include "engine/vectors/profile_rows.h"
#include "engine/vectors/row_blocks.h"
#include "nearline/exact.h"

namespace nearline {
namespace {

constexpr std::uint32_t kLeastNeighbors = 2;  // an estimate needs a nearest and a farthest one

/// Rows of the sample that can be queries of `metric`, one after another.
Result<std::vector<std::byte>> read_sample(const VectorFile& base, const ProfileOptions& options, Metric metric) {
  const std::size_t size = vector_bytes(base.type(), base.dim());
  std::vector<std::byte> rows;
  std::vector<std::byte> row(size);
  for (const std::uint64_t i : engine::sample_rows(base.rows(), options.sample, options.seed)) {
    NEARLINE_CHECK(base.read(i, 1, row));
    if (engine::unfit(metric, base.type(), row.data(), base.dim()) != nullptr) continue;
    rows.insert(rows.end(), row.begin(), row.end());
  }
  return rows;
}

void summarize(std::vector<double> dimensions, Profile& profile) {
  profile.lid_sample = static_cast<std::uint32_t>(dimensions.size());
  if (dimensions.empty()) return;
  std::sort(dimensions.begin(), dimensions.end());
  const std::size_t half = dimensions.size() / 2;
  profile.lid_median = (dimensions[half] + dimensions[(dimensions.size() - 1) / 2]) / 2;
  profile.lid_mean =
      std::accumulate(dimensions.begin(), dimensions.end(), 0.0) / static_cast<double>(dimensions.size());
}

Result<void> measure_dimension(const VectorFile& base, const ProfileOptions& options, unsigned threads,
                               Profile& profile) {
  const std::uint64_t others = base.rows() == 0 ? 0 : base.rows() - 1;
  profile.lid_k = static_cast<std::uint32_t>(std::min<std::uint64_t>(options.k, others));
  if (profile.lid_k < kLeastNeighbors) return {};
  const engine::ScanOptions scan_options = engine::dimension_scan(options.metric, profile.lid_k, threads);
  NEARLINE_TRY(sample, read_sample(base, options, scan_options.metric));
  const MatrixView queries(sample.data(), sample.size() / vector_bytes(base.type(), base.dim()), base.dim(),
                           base.type());
  if (queries.rows == 0) return {};
  engine::ExactScan scan(queries, base.type(), scan_options);
  const auto show = [&](const MatrixView& rows, std::uint64_t first) -> Result<void> {
    NEARLINE_CHECK(engine::report(options.progress, {"dimensionality", first, base.rows()}));
    scan.show(rows, first);
    return {};
  };
  NEARLINE_CHECK(engine::for_each_block(base, engine::kRowBlockBytes, show));
  std::vector<double> dimensions;
  for (std::size_t q = 0; q < queries.rows; ++q) {
    if (const double dimension = engine::local_dimension(scan.hits(q)); dimension > 0) dimensions.push_back(dimension);
  }
  summarize(std::move(dimensions), profile);
  return {};
}

/// The vectors of some rows as f32, one behind the other.
Result<std::vector<float>> read_pair(const VectorFile& base, std::pair<std::uint64_t, std::uint64_t> pair) {
  std::vector<std::byte> bytes(vector_bytes(base.type(), base.dim()));
  std::vector<float> rows(std::size_t{2} * base.dim());
  std::size_t at = 0;
  for (const std::uint64_t row : {pair.first, pair.second}) {
    NEARLINE_CHECK(base.read(row, 1, bytes));
    kernels::to_f32(base.type(), bytes.data(), base.dim(), rows.data() + at);
    at += base.dim();
  }
  return rows;
}

Result<void> check_pairs(const VectorFile& base, const ProfileOptions& options) {
  if (!options.pairs.empty() && base.type() == ElementType::kB1)
    return Error{.code = Code::kInvalidArgument,
                 .what = "pairs: expected vectors of numbers, found b1",
                 .file = base.path().string()};
  for (std::size_t i = 0; i < options.pairs.size(); ++i) {
    const std::uint64_t row = std::max(options.pairs[i].first, options.pairs[i].second);
    if (row >= base.rows()) {
      return Error{.code = Code::kInvalidArgument,
                   .what = "pair " + std::to_string(i) + ": expected rows below " + std::to_string(base.rows()) +
                           ", found " + std::to_string(row),
                   .file = base.path().string()};
    }
  }
  return {};
}

Result<void> measure_shape(const VectorFile& base, const ProfileOptions& options, ProfileShape& shape) {
  shape.alignment = std::numeric_limits<double>::quiet_NaN();
  if (base.type() == ElementType::kB1) return {};
  ProfileOptions few = options;
  few.sample = std::min(options.sample, engine::kShapeRows);
  NEARLINE_TRY(bytes, read_sample(base, few, Metric::kL2));
  std::vector<float> rows(bytes.size() / vector_bytes(base.type(), 1));
  kernels::to_f32(base.type(), bytes.data(), rows.size(), rows.data());
  engine::measure_shape(rows, base.dim(), shape);
  engine::AlignmentSum alignment;
  for (const auto& pair : options.pairs) {
    NEARLINE_TRY(two, read_pair(base, pair));
    alignment.add(std::span<const float>(two).first(base.dim()), std::span<const float>(two).subspan(base.dim()));
  }
  alignment.write(shape);
  return {};
}

}  // namespace

Result<Profile> profile(const VectorFile& base, const ProfileOptions& options) {
  if (!compatible(options.metric, base.type())) {
    return Error{.code = Code::kInvalidArgument,
                 .what = "vectors of type " + std::string(name(base.type())) + " cannot be compared by " +
                         std::string(name(options.metric)),
                 .file = base.path().string()};
  }
  NEARLINE_CHECK(kernels::check_environment());
  NEARLINE_CHECK(engine::check_threads(options.threads));
  NEARLINE_CHECK(check_pairs(base, options));
  const unsigned threads = engine::thread_count(options.threads);
  Profile profile;
  engine::RowStatistics statistics(options.metric, base.type(), base.dim(), threads);
  const auto add = [&](const MatrixView& rows, std::uint64_t first) -> Result<void> {
    NEARLINE_CHECK(engine::report(options.progress, {"rows", first, base.rows()}));
    statistics.add(rows);
    return {};
  };
  NEARLINE_CHECK(engine::for_each_block(base, engine::kRowBlockBytes, add));
  statistics.write(profile);
  NEARLINE_CHECK(measure_dimension(base, options, threads, profile));
  NEARLINE_CHECK(measure_shape(base, options, profile.shape));
  profile.advice = engine::advice(profile, options.metric);
  return profile;
}

}  // namespace nearline
