// SPDX-License-Identifier: Apache-2.0
#include "engine/make/index_maker.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include "engine/kernels/kernels.h"
#include "engine/make/assemble.h"
#include "engine/make/learn_transform.h"
#include "engine/make/plan.h"
#include "engine/make/value_memory.h"
#include "engine/progress.h"
#include "engine/space/field_schema.h"
#include "engine/transform/check_transforms.h"
#include "io/atomic_file.h"
#include "io/system_error.h"
#include "io/temporary_name.h"

namespace nearline::engine {
namespace {

Error spent() {
  return {.code = Code::kInvalidArgument, .what = "the builder has finished already"};
}

Error of_field(Error error, const Schema& schema, std::uint32_t field) {
  if (field != kPrimaryField) error.what = "field '" + schema.fields[field - 1].name + "': " + error.what;
  return error;
}

/// The first of `ids` that is none of `all`, both ascending.
std::optional<Id> first_stray(std::span<const Id> ids, std::span<const Id> all) {
  auto at = all.begin();
  for (const Id id : ids) {
    at = std::lower_bound(at, all.end(), id);
    if (at == all.end() || *at != id) return id;
  }
  return std::nullopt;
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
  NEARLINE_TRY(checked, with_checked_fields(schema));
  NEARLINE_CHECK(check_fields(checked, options));
  NEARLINE_TRY(place, fs.resolve(output));
  if (!options.replace) {
    NEARLINE_TRY(there, fs.exists(place));
    if (there) {
      return Error{.code = Code::kExists,
                   .what = "the output exists already: expected a new name, or leave to replace it",
                   .file = output.string()};
    }
  }
  IndexMaker maker(fs, std::move(place), checked, options);
  NEARLINE_CHECK(maker.take_fields(form));
  return maker;
}

Result<void> IndexMaker::take_fields(VectorForm form) {
  const std::filesystem::path directory = io::directory_of(output_);
  for (std::uint32_t f = 0; f < field_count(schema_); ++f) {
    NEARLINE_TRY(spill, fs_->create_unnamed(directory));
    Schema schema = field_schema(schema_, f);
    BuildOptions options = options_for(schema, f, options_);
    const bool stored = form == VectorForm::kStored;
    const std::size_t unlearned = first_unlearned(schema.transform);
    Intake intake = stored ? Intake(schema, std::move(spill), *fs_, directory)
                           : first_intake(schema, std::move(spill), *fs_, directory);
    fields_.push_back({.schema = std::move(schema),
                       .intake = std::move(intake),
                       .unlearned = unlearned,
                       .options = std::move(options)});
  }
  return {};
}

Result<void> IndexMaker::add(const MatrixView& vectors, std::span<const Id> ids, const RecordData& data) {
  return add_to(kPrimaryField, vectors, ids, data);
}

Result<void> IndexMaker::add_field(std::string_view name, const MatrixView& vectors, std::span<const Id> ids) {
  NEARLINE_TRY(field, find_field(schema_, name));
  return add_to(field, vectors, ids);
}

Result<void> IndexMaker::add_to(std::uint32_t field, const MatrixView& vectors, std::span<const Id> ids,
                                const RecordData& data) {
  if (spent_) return spent();
  Intake& intake = fields_[field].intake;
  NEARLINE_CHECK(check_value_memory(intake.values(), options_.memory_bytes));
  auto added = intake.add(vectors, ids, data);
  return added ? std::move(added) : io::named_for(of_field(std::move(added).error(), schema_, field), output_);
}

Result<void> IndexMaker::make_as(std::uint32_t field, const BuildOptions& options) {
  BuildOptions own = options;
  own.memory_bytes = options_.memory_bytes;
  own.threads = options_.threads;
  own.progress = options_.progress;
  NEARLINE_CHECK(check_build(fields_[field].schema, own));
  fields_[field].options = std::move(own);
  return {};
}

/// A record has one vector in a field, and has one in the first.
Result<void> IndexMaker::check_ids() {
  for (std::uint32_t f = 0; f < fields_.size(); ++f) {
    auto unique = fields_[f].intake.check_ids_unique();
    if (!unique) return of_field(std::move(unique).error(), schema_, f);
  }
  if (fields_.size() == 1) return {};
  NEARLINE_TRY(records, fields_.front().intake.sorted_ids());
  for (std::uint32_t f = 1; f < fields_.size(); ++f) {
    NEARLINE_TRY(ids, fields_[f].intake.sorted_ids());
    const auto stray = first_stray(ids, records);
    if (!stray) continue;
    return Error{.code = Code::kInvalidArgument,
                 .what = "id " + std::to_string(*stray) + " in field '" + fields_[f].schema.name +
                         "': no record has it; expected one that was added with a vector of field '" + schema_.name +
                         "'"};
  }
  return {};
}

Result<BuildReport> IndexMaker::finish() {
  if (spent_) return spent();
  spent_ = true;
  auto made = make();
  return made ? std::move(made) : io::named_for(std::move(made).error(), output_);
}

Result<void> IndexMaker::learn(FieldIntake& field) {
  Transform& transform = field.schema.transform;
  const std::size_t steps = transform.steps.size();
  if (field.unlearned == steps) return {};
  NEARLINE_CHECK(report(options_.progress, {"learn the transform", 0, field.intake.count()}));
  NEARLINE_TRY(learned, learn_transform(field.intake.spill(), transform, field.unlearned, options_.memory_bytes));
  transform = std::move(learned);
  const std::filesystem::path directory = io::directory_of(output_);
  NEARLINE_TRY(spill, fs_->create_unnamed(directory));
  Intake stored(field.schema, std::move(spill), *fs_, directory,
                std::make_shared<Transformer>(part_of(transform, field.unlearned, steps), Transform{}));
  NEARLINE_CHECK(stored.take_over(field.intake));
  field.intake = std::move(stored);
  field.unlearned = steps;
  return {};
}

Result<BuildReport> IndexMaker::make() {
  const auto started = std::chrono::steady_clock::now();
  for (FieldIntake& field : fields_) NEARLINE_CHECK(learn(field));
  NEARLINE_CHECK(check_ids());
  std::vector<FieldToMake> fields;
  std::uint64_t least_bytes = 0;
  const StagedValues& values = fields_.front().intake.values();
  for (FieldIntake& field : fields_) {
    FieldToMake made{field.schema, field.intake, beside_values(field.options, values)};
    NEARLINE_TRY(plan, (made.schema.indexed ? plan_build : plan_stored)(made.intake.count(), made.schema, made.options,
                                                                        made.intake.id_bytes()));
    made.plan = plan;
    made.options = field.options;
    made.options.layout = made.plan.fused ? Layout::kFused : Layout::kLean;  // what later commits go on with
    made.queries = std::move(field.queries);
    least_bytes += made.plan.least_file_bytes;
    fields.push_back(std::move(made));
  }
  NEARLINE_TRY(target, io::AtomicFile::create(*fs_, output_, options_.replace));
  NEARLINE_CHECK(target.file().reserve(0, least_bytes));
  NEARLINE_TRY(report, assemble(fields, *fs_, io::directory_of(output_), target.file()));
  NEARLINE_CHECK(target.publish());
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return report;
}

}  // namespace nearline::engine
