// SPDX-License-Identifier: Apache-2.0
#include "engine/make/index_maker.h"

#include <chrono>

#include "engine/kernels/kernels.h"
#include "engine/make/assemble.h"
#include "engine/make/plan.h"
#include "io/atomic_file.h"
#include "io/temporary_name.h"

namespace nearline::engine {
namespace {

Error spent() {
  return {.code = Code::kInvalidArgument, .what = "the builder has finished already"};
}

}  // namespace

Result<IndexMaker> IndexMaker::create(io::FileSystem& fs, const std::filesystem::path& output, const Schema& schema,
                                      const BuildOptions& options) {
  NEARLINE_CHECK(kernels::check_environment());
  NEARLINE_CHECK(check_build(schema, options));
  if (!options.replace) {
    NEARLINE_TRY(there, fs.exists(output));
    if (there) {
      return Error{.code = Code::kExists,
                   .what = "the output exists already: expected a new name, or leave to replace it",
                   .file = output.string()};
    }
  }
  NEARLINE_TRY(spill, fs.create_unnamed(io::directory_of(output)));
  return IndexMaker(fs, output, schema, options, std::move(spill));
}

Result<void> IndexMaker::add(const MatrixView& vectors, std::span<const Id> ids) {
  if (spent_) return spent();
  return intake_.add(vectors, ids);
}

Result<BuildReport> IndexMaker::finish() {
  if (spent_) return spent();
  spent_ = true;
  const auto started = std::chrono::steady_clock::now();
  NEARLINE_CHECK(intake_.check_ids_unique());
  NEARLINE_TRY(plan, plan_build(count(), schema_, options_, intake_.id_bytes()));
  NEARLINE_TRY(target, io::AtomicFile::create(*fs_, output_, options_.replace));
  NEARLINE_TRY(report,
               assemble(intake_, plan, schema_, options_, *fs_, io::directory_of(output_), target.file(), queries_));
  NEARLINE_CHECK(target.publish());
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return report;
}

}  // namespace nearline::engine
