// SPDX-License-Identifier: Apache-2.0
#include "engine/make/index_maker.h"

#include <chrono>

#include "engine/kernels/kernels.h"
#include "engine/make/assemble.h"
#include "engine/make/learn_transform.h"
#include "engine/make/plan.h"
#include "engine/make/value_memory.h"
#include "engine/progress.h"
#include "engine/transform/check_transforms.h"
#include "io/atomic_file.h"
#include "io/system_error.h"
#include "io/temporary_name.h"

namespace nearline::engine {
namespace {

Error spent() {
  return {.code = Code::kInvalidArgument, .what = "the builder has finished already"};
}

/// Takes vectors through the transform, or through its steps before the first that has something to learn; then they
/// wait as f32.
Intake first_intake(const Schema& schema, std::unique_ptr<io::File> spill, io::FileSystem& fs,
                    const std::filesystem::path& directory) {
  const Transform& transform = schema.transform;
  if (transform.empty()) return {schema, std::move(spill), fs, directory};
  const std::size_t unlearned = first_unlearned(transform);
  Schema waiting = schema;
  if (unlearned < transform.steps.size()) {
    waiting.dim = dim_before(transform, unlearned);
    waiting.type = ElementType::kF32;
    waiting.metric = Metric::kL2;
  }
  return {waiting, std::move(spill), fs, directory,
          std::make_shared<Transformer>(part_of(transform, 0, unlearned), Transform{})};
}

}  // namespace

Result<IndexMaker> IndexMaker::create(io::FileSystem& fs, const std::filesystem::path& output, const Schema& schema,
                                      const BuildOptions& options, VectorForm form) {
  NEARLINE_CHECK(kernels::check_environment());
  NEARLINE_TRY(checked, with_checked_transforms(schema));
  NEARLINE_CHECK(check_build(checked, options));
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
  const std::size_t unlearned = first_unlearned(checked.transform);
  Intake intake = form == VectorForm::kStored ? Intake(checked, std::move(spill), fs, io::directory_of(place))
                                              : first_intake(checked, std::move(spill), fs, io::directory_of(place));
  return IndexMaker(fs, std::move(place), std::move(checked), options, std::move(intake), unlearned);
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

Result<void> IndexMaker::learn() {
  const std::size_t steps = schema_.transform.steps.size();
  if (unlearned_ == steps) return {};
  NEARLINE_CHECK(report(options_.progress, {"learn the transform", 0, count()}));
  NEARLINE_TRY(learned, learn_transform(intake_.spill(), schema_.transform, unlearned_, options_.memory_bytes));
  schema_.transform = std::move(learned);
  const std::filesystem::path directory = io::directory_of(output_);
  NEARLINE_TRY(spill, fs_->create_unnamed(directory));
  Intake stored(schema_, std::move(spill), *fs_, directory,
                std::make_shared<Transformer>(part_of(schema_.transform, unlearned_, steps), Transform{}));
  NEARLINE_CHECK(stored.take_over(intake_));
  intake_ = std::move(stored);
  unlearned_ = steps;
  return {};
}

Result<BuildReport> IndexMaker::make() {
  const auto started = std::chrono::steady_clock::now();
  NEARLINE_CHECK(learn());
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
