// SPDX-License-Identifier: Apache-2.0
/// The C interface's brute force, profiles, and files of neighbours.
#include <limits>

#include "bindings/c/handles.h"
#include "nearline/exact.h"
#include "nearline/nearline_files.h"

struct nearline_neighbors {
  nearline::NeighborTable table;
};

using namespace nearline;  // NOLINT(google-build-using-namespace)

namespace {

Result<ExactOptions> exact_options(const nearline_exact_options* from) {
  NEARLINE_TRY(options, c::take(from, "exact options"));
  NEARLINE_CHECK(c::check_reserved(options.reserved, "exact options"));
  NEARLINE_TRY(metric, c::enumerator(options.metric, Metric::kJaccard, true, "metric"));
  ExactOptions to;
  to.k = c::or_default(options.k, to.k);
  to.metric = c::or_default(metric, to.metric);
  to.threads = c::or_auto(options.threads);
  to.memory_bytes = c::or_default(options.memory_bytes, to.memory_bytes);
  to.progress = c::progress_fn(options.progress, options.progress_context);
  return to;
}

/// What the caller's table says, copied.
Result<NeighborTable> table_of(const nearline_neighbor_table* from) {
  NEARLINE_CHECK(c::need(from, "table"));
  NEARLINE_TRY(given, c::take(from, "table"));
  NEARLINE_CHECK(c::check_reserved(given.reserved, "table"));
  if (given.k > 0 && given.queries > std::numeric_limits<std::size_t>::max() / sizeof(Id) / given.k)
    return c::invalid("table: " + std::to_string(given.queries) + " queries take more bytes than there are");
  const std::size_t answers = given.queries * given.k;
  if (answers > 0) NEARLINE_CHECK(c::need(given.ids, "ids"));
  NeighborTable table{.queries = given.queries, .k = given.k, .ids = {}, .distances = {}};
  table.ids.assign(given.ids, given.ids + answers);
  if (given.distances != nullptr) table.distances.assign(given.distances, given.distances + answers);
  return table;
}

}  // namespace

nearline_status nearline_exact_neighbors(const nearline_vector_file* base, const nearline_vector_file* queries,
                                         const nearline_exact_options* options, nearline_neighbors** neighbors,
                                         nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(base, "base", queries, "queries", neighbors, "neighbors"));
    NEARLINE_TRY(how, exact_options(options));
    NEARLINE_TRY(found, exact_neighbors(base->file, queries->file, how));
    *neighbors = new nearline_neighbors{std::move(found)};
    return {};
  });
}

nearline_status nearline_neighbors_read(const char* path, nearline_neighbors** neighbors, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(path, "path", neighbors, "neighbors"));
    NEARLINE_TRY(read, read_neighbors(path));
    *neighbors = new nearline_neighbors{std::move(read)};
    return {};
  });
}

nearline_status nearline_neighbors_get_table(const nearline_neighbors* neighbors, nearline_neighbor_table* to,
                                             nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(neighbors, "neighbors"));
    NEARLINE_CHECK(c::check_report(to, "table"));
    const NeighborTable& table = neighbors->table;
    c::give(to, nearline_neighbor_table{.size = 0,
                                        .queries = table.queries,
                                        .ids = table.ids.data(),
                                        .distances = table.distances.empty() ? nullptr : table.distances.data(),
                                        .k = table.k,
                                        .reserved = 0});
    return {};
  });
}

void nearline_neighbors_close(nearline_neighbors** neighbors) {
  c::close(neighbors);
}

nearline_status nearline_neighbors_write(const char* path, const nearline_neighbor_table* table, int replace,
                                         nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(path, "path"));
    NEARLINE_TRY(copied, table_of(table));
    return write_neighbors(path, copied, replace != 0);
  });
}

nearline_status nearline_profile_file(const nearline_vector_file* file, const nearline_profile_options* options,
                                      nearline_profile* to, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(file, "file"));
    NEARLINE_TRY(asked, c::take(options, "profile options"));
    NEARLINE_CHECK(c::check_report(to, "profile"));
    NEARLINE_TRY(metric, c::enumerator(asked.metric, Metric::kJaccard, true, "metric"));
    ProfileOptions how;
    how.metric = c::or_default(metric, how.metric);
    how.sample = c::or_default(asked.sample, how.sample);
    how.k = c::or_default(asked.k, how.k);
    how.threads = c::or_auto(asked.threads);
    how.seed = c::or_default(asked.seed, how.seed);
    how.progress = c::progress_fn(asked.progress, asked.progress_context);
    NEARLINE_TRY(found, profile(file->file, how));
    c::give(to, nearline_profile{.size = 0,
                                 .rows = found.rows,
                                 .zero_vectors = found.zero_vectors,
                                 .invalid_vectors = found.invalid_vectors,
                                 .first_invalid_row = found.first_invalid_row,
                                 .overlong_vectors = found.overlong_vectors,
                                 .first_overlong_row = found.first_overlong_row,
                                 .duplicates = found.duplicates,
                                 .constant_components = found.constant_components,
                                 .norm_min = found.norm_min,
                                 .norm_mean = found.norm_mean,
                                 .norm_max = found.norm_max,
                                 .lid_mean = found.lid_mean,
                                 .lid_median = found.lid_median,
                                 .lid_k = found.lid_k,
                                 .lid_sample = found.lid_sample,
                                 .dim = found.dim,
                                 .type = static_cast<std::uint32_t>(found.type)});
    if (asked.advice != nullptr)
      for (const std::string& sentence : found.advice) asked.advice(asked.advice_context, sentence.c_str());
    return {};
  });
}
