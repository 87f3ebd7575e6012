// SPDX-License-Identifier: Apache-2.0
/// The C interface's checks and rescue of index files, and the library's version.
#include "bindings/c/call.h"
#include "nearline/nearline_files.h"
#include "nearline/salvage.h"
#include "nearline/verify.h"
#include "nearline/version.h"

using namespace nearline;  // NOLINT(google-build-using-namespace)

namespace {

SalvageOptions salvage_options(const nearline_salvage_options& asked) {
  SalvageOptions to;
  to.memory_bytes = c::or_default(asked.memory_bytes, to.memory_bytes);
  to.threads = c::or_auto(asked.threads);
  to.replace = asked.replace != 0;
  to.progress = c::progress_fn(asked.progress, asked.progress_context);
  return to;
}

void tell_losses(const nearline_salvage_options& to, const SalvageReport& done) {
  if (to.lost_bytes != nullptr)
    for (const LostBytes& lost : done.lost_bytes) to.lost_bytes(to.lost_context, lost.at, lost.bytes, lost.records);
  if (to.lost_ids != nullptr)
    for (const LostIds& lost : done.lost_ids) to.lost_ids(to.lost_context, lost.first, lost.last, lost.records);
}

}  // namespace

const char* nearline_version(void) {
  return version();
}

nearline_status nearline_verify(const char* path, const nearline_verify_options* options, nearline_verify_report* to,
                                nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(path, "path"));
    NEARLINE_TRY(asked, c::take(options, "verify options"));
    NEARLINE_CHECK(c::check_reserved(asked.reserved, "verify options"));
    NEARLINE_CHECK(c::check_report(to, "report"));
    NEARLINE_TRY(done, verify(path, asked.full != 0, c::progress_fn(asked.progress, asked.progress_context)));
    c::give(to, nearline_verify_report{.size = 0,
                                       .blocks_checked = done.blocks_checked,
                                       .bytes_checked = done.bytes_checked,
                                       .records_checked = done.records_checked,
                                       .finding_count = done.finding_count,
                                       .uncommitted_bytes = done.uncommitted_bytes,
                                       .full = done.full ? 1U : 0U,
                                       .reserved = 0});
    if (asked.finding != nullptr)
      for (const VerifyFinding& one : done.findings) asked.finding(asked.finding_context, one.at, one.what.c_str());
    return {};
  });
}

nearline_status nearline_salvage(const char* path, const char* output, const nearline_salvage_options* options,
                                 nearline_salvage_report* to, nearline_error* error) {
  return c::call(error, [&]() -> Result<void> {
    NEARLINE_CHECK(c::need(path, "path", output, "output"));
    NEARLINE_TRY(asked, c::take(options, "salvage options"));
    NEARLINE_CHECK(c::check_report(to, "report"));
    NEARLINE_TRY(done, salvage(path, output, salvage_options(asked)));
    c::give(to, nearline_salvage_report{.size = 0,
                                        .generation = done.generation,
                                        .newer_generation = done.newer_generation,
                                        .saved = done.saved,
                                        .lost = done.lost,
                                        .deleted = done.deleted,
                                        .unsure = done.unsure,
                                        .repeated = done.repeated,
                                        .file_bytes = done.file_bytes,
                                        .by_footer = done.by_footer ? 1U : 0U,
                                        .complete = done.complete() ? 1U : 0U});
    tell_losses(asked, done);
    return {};
  });
}
