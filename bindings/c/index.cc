// SPDX-License-Identifier: Apache-2.0
/// The C interface's open index: all but search.
#include "nearline/index.h"

#include <limits>

#include "bindings/c/handles.h"

using namespace nearline;  // NOLINT(google-build-using-namespace)

namespace {

nearline_schema schema_from(const Schema& schema) noexcept {
  return {schema.dim, static_cast<std::uint32_t>(schema.type), static_cast<std::uint32_t>(schema.metric)};
}

}  // namespace

nearline_status nearline_index_open(const char* path, const nearline_open_options* options, nearline_index** index,
                                    nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(path, "path", index, "index"));
    NEARLINE_TRY(asked, c::take(options, "open options"));
    NEARLINE_TRY(io, c::enumerator(asked.io, IoMode::kPread, true, "io"));
    NEARLINE_TRY(ranking, c::enumerator(asked.ranking, Ranking::kCodes, true, "ranking"));
    OpenOptions how;
    how.io = io;
    how.memory_bytes = c::or_default(asked.memory_bytes, how.memory_bytes);
    how.ranking = ranking;
    how.threads = c::or_auto(asked.threads);
    how.untrusted = asked.untrusted != 0;
    NEARLINE_TRY(opened, Index::open(path, how));
    *index = new nearline_index{std::move(opened)};
    return {};
  });
}

void nearline_index_close(nearline_index** index) {
  c::close(index);
}

nearline_status nearline_index_get(const nearline_index* index, const char* field, const uint64_t* ids, size_t count,
                                   void* out, size_t out_bytes, uint8_t* found, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(index, "index"));
    NEARLINE_TRY(wanted, c::id_array(ids, count));
    if (out_bytes > 0) NEARLINE_CHECK(c::need(out, "out"));
    NEARLINE_TRY(done, index->index.get(wanted, {static_cast<std::byte*>(out), out_bytes}, c::text_or_none(field)));
    if (found == nullptr) return {};
    std::fill_n(found, count, std::uint8_t{1});
    for (const std::size_t place : done.absent) found[place] = 0;
    return {};
  });
}

nearline_status nearline_index_contains(const nearline_index* index, const char* field, const uint64_t* ids,
                                        size_t count, uint8_t* found, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(index, "index"));
    NEARLINE_TRY(wanted, c::id_array(ids, count));
    if (count > 0) NEARLINE_CHECK(c::need(found, "found"));
    NEARLINE_TRY(there, index->index.contains(wanted, c::text_or_none(field)));
    std::copy(there.begin(), there.end(), found);
    return {};
  });
}

nearline_status nearline_index_for_each(const nearline_index* index, const char* field, size_t rows,
                                        nearline_visit_fn visit, void* context, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(index, "index"));
    if (visit == nullptr) return c::invalid("visit: expected a function, found NULL");
    if (rows == 0) return c::invalid("rows of 0: expected how many to get at a time");
    const auto give = [&](std::span<const Id> ids, const MatrixView& vectors) -> Result<void> {
      const nearline_matrix some{vectors.data, vectors.rows, vectors.dim, static_cast<std::uint32_t>(vectors.type)};
      if (visit(context, ids.data(), &some) == 0) return {};
      return Error{.code = Code::kCancelled, .what = "cancelled"};
    };
    return index->index.for_each(rows, give, c::text_or_none(field));
  });
}

nearline_status nearline_index_sample_ids(const nearline_index* index, const char* field, size_t count, uint64_t seed,
                                          uint64_t* ids, size_t* found, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(index, "index", found, "found"));
    if (count > 0) NEARLINE_CHECK(c::need(ids, "ids"));
    NEARLINE_TRY(drawn, index->index.sample_ids(count, seed, c::text_or_none(field)));
    std::copy(drawn.begin(), drawn.end(), ids);
    *found = drawn.size();
    return {};
  });
}

nearline_status nearline_index_refresh(nearline_index* index, int* moved, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(index, "index"));
    NEARLINE_TRY(newer, index->index.refresh());
    if (moved != nullptr) *moved = newer ? 1 : 0;
    return {};
  });
}

nearline_status nearline_index_snapshot(const nearline_index* index, const char* output, int replace,
                                        nearline_progress_fn progress, void* context, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(index, "index", output, "output"));
    return index->index.snapshot(output, replace != 0, c::progress_fn(progress, context));
  });
}

nearline_status nearline_index_get_info(const nearline_index* index, const char* field, nearline_index_info* to,
                                        nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(index, "index"));
    NEARLINE_CHECK(c::check_report(to, "info"));
    NEARLINE_TRY(info, index->index.info(c::text_or_none(field)));
    nearline_index_info all{.size = 0,
                            .count = info.count,
                            .generation = info.generation,
                            .deleted = info.deleted,
                            .file_bytes = info.file_bytes,
                            .disk_bytes = info.disk_bytes,
                            .free_bytes = info.free_bytes,
                            .seed = info.seed,
                            .mean_degree = info.mean_degree,
                            .local_edge_share = info.local_edge_share,
                            .schema = schema_from(info.schema),
                            .layout = static_cast<std::uint32_t>(info.layout),
                            .segments = info.segments,
                            .format_major = info.format_major,
                            .format_minor = info.format_minor,
                            .degree = info.degree,
                            .l_build = info.l_build,
                            .alpha = info.alpha,
                            .page_bytes = info.page_bytes,
                            .records_per_page = info.records_per_page,
                            .code_bytes = info.code_bytes,
                            .calibration_queries = info.calibration_queries,
                            .real_queries = info.real_queries ? 1U : 0U,
                            .rolled_back = info.rolled_back ? 1U : 0U,
                            .durable = info.durable ? 1U : 0U,
                            .io = static_cast<std::uint32_t>(index->index.io()),
                            .ranking = static_cast<std::uint32_t>(index->index.ranking()),
                            .file_id = {}};
    std::copy_n(info.file_id.begin(), std::min(info.file_id.size(), sizeof all.file_id - 1), all.file_id);
    c::give(to, all);
    return {};
  });
}

nearline_status nearline_index_get_memory_usage(const nearline_index* index, nearline_memory_usage* to,
                                                nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(index, "index"));
    NEARLINE_CHECK(c::check_report(to, "usage"));
    const MemoryUsage usage = index->index.memory_usage();
    c::give(to, nearline_memory_usage{.size = 0,
                                      .budget = usage.budget,
                                      .codes = usage.codes,
                                      .page_cache = usage.page_cache,
                                      .buffers = usage.buffers,
                                      .scratch = usage.scratch,
                                      .bytes_for_all_codes = usage.bytes_for_all_codes,
                                      .code_bytes = usage.code_bytes,
                                      .resident_code_bytes = usage.resident_code_bytes});
    return {};
  });
}
