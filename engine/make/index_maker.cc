// SPDX-License-Identifier: Apache-2.0
#include "engine/make/index_maker.h"

#include <chrono>

#include "engine/kernels/kernels.h"
#include "engine/make/assemble.h"
#include "engine/make/plan.h"
#include "engine/make/value_memory.h"
#include "io/atomic_file.h"
#include "io/system_error.h"
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
  NEARLINE_TRY(place, fs.resolve(output));
  if (!options.replace) {
    NEARLINE_TRY(there, fs.exists(place));
    if (there) {
      return Error{.code = Code::kExists,
                   .what = "the output exists already: expected a new name, or leave to replace it",
                   .file = output.string()};
    }
  }
  NEARLINE_TRY(spill, fs.create_unnamed(io::directory_of(place)));
  return IndexMaker(fs, std::move(place), schema, options, std::move(spill));
}

Result<void> IndexMaker::add(const MatrixView& vectors, std::span<const Id> ids, const RecordData& data) {
  if (spent_) return spent();
  NEARLINE_CHECK(check_value_memory(intake_.values(), options_.memory_bytes));
  auto added = intake_.add(vectors, ids, data);
  return added ? std::move(added) : io::named_for(std::move(added).error(), output_);
}

Result<BuildReport> IndexMaker::finish() {
  if (spent_) return spent();
  spent_ = true;
  auto made = make();
  return made ? std::move(made) : io::named_for(std::move(made).error(), output_);
}

Result<BuildReport> IndexMaker::make() {
  const auto started = std::chrono::steady_clock::now();
  NEARLINE_CHECK(intake_.check_ids_unique());
  NEARLINE_TRY(plan, plan_build(count(), schema_, beside_values(options_, intake_.values()), intake_.id_bytes()));
  options_.layout = plan.fused ? Layout::kFused : Layout::kLean;  // what later commits go on with
  NEARLINE_TRY(target, io::AtomicFile::create(*fs_, output_, options_.replace));
  NEARLINE_CHECK(target.file().reserve(0, plan.least_file_bytes));
  NEARLINE_TRY(report,
               assemble(intake_, plan, schema_, options_, *fs_, io::directory_of(output_), target.file(), queries_));
  NEARLINE_CHECK(target.publish());
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return report;
}

}  // namespace nearline::engine
