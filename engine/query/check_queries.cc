// SPDX-License-Identifier: Apache-2.0
#include "engine/query/check_queries.h"

#include <algorithm>
#include <string>

#include "engine/query/snapshot.h"
#include "engine/space/unfit.h"

namespace nearline::engine {
namespace {

Error invalid(std::string what) {
  return {.code = Code::kInvalidArgument, .what = std::move(what)};
}

Result<void> check_shape(const MatrixView& queries, const Schema& schema, bool transforms) {
  const std::uint32_t dim = transforms ? schema.query_dim() : schema.dim;
  if (queries.dim != dim) {
    return invalid("queries of dimension " + std::to_string(queries.dim) + ": the index " +
                   (transforms ? "takes" : "holds") + " dimension " + std::to_string(dim));
  }
  if (transforms ? queries.type == ElementType::kB1 : !comparable(queries.type, schema.type)) {
    return invalid("queries of type " + std::string(name(queries.type)) + ": the index holds " +
                   std::string(name(schema.type)));
  }
  return {};
}

Result<void> check_options(const SearchOptions& options, std::uint64_t count) {
  if (options.k == 0 || options.k > std::max<std::uint64_t>(count, kMaxPaddedK)) {
    return invalid("k of " + std::to_string(options.k) + ": expected 1 to " +
                   std::to_string(std::max<std::uint64_t>(count, kMaxPaddedK)));
  }
  if (!(options.recall == 0 || (options.recall > 0 && options.recall < 1))) {
    return invalid("recall of " + std::to_string(options.recall) + ": expected 0 for none, or a share below 1");
  }
  if (options.beam_width == 0 || (options.beam_width > kMaxBatch && options.beam_width != Count::kAuto)) {
    return invalid("beam width of " + std::to_string(options.beam_width) + ": expected 1 to " +
                   std::to_string(kMaxBatch));
  }
  return {};
}

Result<Weightings> weigh(const SearchOptions& options, const Schema& schema) {
  NEARLINE_TRY(last, Weighting::of(schema, options.prefix, options.mask));
  Weightings weightings{.last = std::move(last), .walk = {}};
  if (options.walk_prefix == 0) return weightings;
  const std::uint32_t most = options.prefix == 0 ? schema.dim : options.prefix;
  if (!options.mask.empty()) return invalid("walk prefix and mask: expected one of them, found both");
  if (options.walk_prefix > most) {
    return invalid("walk prefix of " + std::to_string(options.walk_prefix) + ": expected 1 to " + std::to_string(most) +
                   ", the prefix that answers are ranked by");
  }
  if (options.recall > 0) return invalid("recall and walk prefix: expected an L in place of the recall, found both");
  NEARLINE_TRY(walk, Weighting::of(schema, options.walk_prefix, {}));
  weightings.walk = std::move(walk);
  weightings.funnel = options.walk_prefix < most;
  return weightings;
}

Error bad_query(std::size_t row, const char* fault) {
  return {.code = Code::kBadInput, .what = "query " + std::to_string(row) + " " + fault};
}

}  // namespace

Result<std::vector<float>> transformed(const Snapshot& index, const MatrixView& queries) {
  const Transformer& transform = *index.query_transform();
  std::vector<float> rows(queries.rows * transform.out_dim());
  if (const auto unfit = transform.apply(queries, rows)) return bad_query(unfit->row, unfit->fault);
  return rows;
}

Result<AskedRows> AskedRows::of(const Snapshot& index, const MatrixView& queries, const SearchOptions& options) {
  const Schema& schema = index.schema();
  const bool transforms = index.query_transform() != nullptr && !options.as_stored;
  NEARLINE_CHECK(check_shape(queries, schema, transforms));
  NEARLINE_CHECK(check_options(options, index.count()));
  std::vector<float> numbers;
  MatrixView rows = queries;
  if (transforms) {
    NEARLINE_TRY(made, transformed(index, queries));
    numbers = std::move(made);
    rows = MatrixView(numbers.data(), queries.rows, schema.dim);
  }
  NEARLINE_TRY(weightings, weigh(options, schema));
  for (std::size_t row = 0; row < rows.rows; ++row) {
    const std::byte* const vector = rows.row(row);
    const char* fault = unfit_query(schema.metric, rows.type, vector, rows.dim);
    if (fault == nullptr) fault = weightings.last.unfit_query(schema.metric, rows.type, vector);
    if (fault == nullptr) fault = weightings.walk.unfit_query(schema.metric, rows.type, vector);
    if (fault != nullptr) return bad_query(row, fault);
  }
  return AskedRows(rows, std::move(numbers), std::move(weightings));
}

}  // namespace nearline::engine
