// SPDX-License-Identifier: Apache-2.0
/// The C interface's changes of an index.
#include "nearline/writer.h"

#include <limits>

#include "bindings/c/handles.h"
#include "nearline/nearline_answers.h"

using namespace nearline;  // NOLINT(google-build-using-namespace)

namespace {

Result<WriterOptions> writer_options(const nearline_writer_options* from) {
  NEARLINE_TRY(options, c::take(from, "writer options"));
  NEARLINE_CHECK(c::check_reserved(options.reserved, "writer options"));
  constexpr std::uint64_t kLongestWait = 1'000'000'000'000;  // 30 years: for ever, and no overflow of a clock
  WriterOptions to;
  to.memory_bytes = c::or_default(options.memory_bytes, to.memory_bytes);
  to.lock_timeout = std::chrono::milliseconds(std::min(options.lock_timeout_ms, kLongestWait));
  to.delta_records = c::or_default(options.delta_records, to.delta_records);
  to.threads = c::or_auto(options.threads);
  to.merge = options.no_merge == 0;
  to.background_merges = options.no_background_merge == 0;
  to.untrusted = options.untrusted != 0;
  to.progress = c::progress_fn(options.progress, options.progress_context);
  return to;
}

/// A call that commits: `work` gets the Writer.
template <class Work>
nearline_status commits(nearline_writer* writer, nearline_commit_report* to, nearline_error* error, Work&& work) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(writer, "writer"));
    NEARLINE_CHECK(c::check_report(to, "report", true));
    NEARLINE_TRY(done, work(writer->writer));
    c::give(to, nearline_commit_report{.size = 0,
                                       .generation = done.generation,
                                       .count = done.count,
                                       .merged_records = done.merged_records,
                                       .file_bytes = done.file_bytes,
                                       .free_bytes = done.free_bytes,
                                       .segments = done.segments,
                                       .durable = done.durable ? 1U : 0U,
                                       .merging = done.merging ? 1U : 0U,
                                       .reserved = 0});
    return {};
  });
}

}  // namespace

nearline_status nearline_writer_open(const char* path, const nearline_writer_options* options, nearline_writer** writer,
                                     nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(path, "path", writer, "writer"));
    NEARLINE_TRY(how, writer_options(options));
    NEARLINE_TRY(opened, Writer::open(path, how));
    *writer = new nearline_writer{std::move(opened)};
    return {};
  });
}

void nearline_writer_close(nearline_writer** writer) {
  c::close(writer);
}

nearline_status nearline_writer_insert(nearline_writer* writer, const nearline_matrix* vectors, const uint64_t* ids,
                                       const nearline_record_data* data, uint64_t* first_id, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(writer, "writer"));
    NEARLINE_TRY(rows, c::matrix(vectors, "vectors"));
    NEARLINE_TRY(named, c::id_array(ids, ids == nullptr ? 0 : rows.rows));
    NEARLINE_TRY(said, c::record_data(data, rows.rows));
    NEARLINE_TRY(done, writer->writer.insert(rows, named, said));
    if (first_id != nullptr) *first_id = done.first_id.value_or(kNoId);
    return {};
  });
}

nearline_status nearline_writer_upsert(nearline_writer* writer, const nearline_matrix* vectors, const uint64_t* ids,
                                       const nearline_record_data* data, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(writer, "writer"));
    NEARLINE_TRY(rows, c::matrix(vectors, "vectors"));
    NEARLINE_TRY(named, c::id_array(ids, rows.rows));
    NEARLINE_TRY(said, c::record_data(data, rows.rows));
    return writer->writer.upsert(rows, named, said);
  });
}

nearline_status nearline_writer_erase(nearline_writer* writer, const uint64_t* ids, size_t count, uint64_t* erased,
                                      uint64_t* unknown, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(writer, "writer"));
    NEARLINE_TRY(named, c::id_array(ids, count));
    NEARLINE_TRY(done, writer->writer.erase(named));
    if (erased != nullptr) *erased = done.erased;
    if (unknown != nullptr) *unknown = done.unknown;
    return {};
  });
}

nearline_status nearline_writer_erase_where(nearline_writer* writer, const char* filter, uint64_t* erased,
                                            nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(writer, "writer", filter, "filter"));
    NEARLINE_TRY(done, writer->writer.erase_where(filter));
    if (erased != nullptr) *erased = done.erased;
    return {};
  });
}

nearline_status nearline_writer_is_dirty(const nearline_writer* writer, int* dirty, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(writer, "writer", dirty, "dirty"));
    *dirty = writer->writer.dirty() ? 1 : 0;
    return {};
  });
}

nearline_status nearline_writer_abandon(nearline_writer* writer, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(writer, "writer"));
    writer->writer.abandon();
    return {};
  });
}

nearline_status nearline_writer_commit(nearline_writer* writer, int durability, nearline_commit_report* report,
                                       nearline_error* error) {
  return commits(writer, report, error, [&](Writer& to) -> Result<CommitReport> {
    if (durability != NEARLINE_DURABLE && durability != NEARLINE_RELAXED)
      return c::invalid("durability of " + std::to_string(durability) +
                        ": expected NEARLINE_DURABLE (0) or NEARLINE_RELAXED (1)");
    return to.commit(durability == NEARLINE_RELAXED ? Durability::kRelaxed : Durability::kDurable);
  });
}

nearline_status nearline_writer_wait_for_merges(nearline_writer* writer, nearline_commit_report* report,
                                                nearline_error* error) {
  return commits(writer, report, error, [](Writer& to) { return to.wait_for_merges(); });
}

nearline_status nearline_writer_calibrate(nearline_writer* writer, const char* field, const nearline_matrix* queries,
                                          nearline_commit_report* report, nearline_error* error) {
  return commits(writer, report, error, [&](Writer& to) -> Result<CommitReport> {
    NEARLINE_TRY(rows, c::matrix(queries, "queries"));
    return to.calibrate(rows, c::text_or_none(field));
  });
}

nearline_status nearline_writer_compact(nearline_writer* writer, nearline_commit_report* report,
                                        nearline_error* error) {
  return commits(writer, report, error, [](Writer& to) { return to.compact(); });
}

nearline_status nearline_writer_compact_to(nearline_writer* writer, const char* output, int replace,
                                           nearline_build_report* report, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(writer, "writer", output, "output"));
    NEARLINE_CHECK(c::check_report(report, "report", true));
    NEARLINE_TRY(done, writer->writer.compact_to(output, replace != 0));
    c::give_build(report, done);
    return {};
  });
}
