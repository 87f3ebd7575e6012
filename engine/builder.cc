// SPDX-License-Identifier: Apache-2.0
/// The life of a build: take in, put aside, plan, link, pack, write, publish.
#include "nearline/builder.h"

#include <chrono>
#include <string>

#include "engine/build/assemble.h"
#include "engine/build/intake.h"
#include "engine/build/plan.h"
#include "engine/on_file_system.h"
#include "io/atomic_file.h"
#include "io/temporary_name.h"

namespace nearline {

class Builder::Impl {
 public:
  Impl(io::FileSystem& fs, std::filesystem::path output, const Schema& schema, const BuildOptions& options,
       std::unique_ptr<io::File> spill)
      : fs_(fs), output_(std::move(output)), schema_(schema), options_(options), intake_(schema, std::move(spill)) {}

  Result<void> add(const MatrixView& vectors, std::span<const Id> ids) {
    if (spent_) return Error{.code = Code::kInvalidArgument, .what = "the builder has finished already"};
    return intake_.add(vectors, ids);
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return intake_.count(); }

  Result<BuildReport> finish() {
    if (spent_) return Error{.code = Code::kInvalidArgument, .what = "the builder has finished already"};
    spent_ = true;
    const auto started = std::chrono::steady_clock::now();
    NEARLINE_CHECK(intake_.check_ids_unique());
    NEARLINE_TRY(plan, engine::plan_build(count(), schema_, options_, intake_.id_bytes()));
    NEARLINE_TRY(target, io::AtomicFile::create(fs_, output_, options_.replace));
    NEARLINE_TRY(report,
                 engine::assemble(intake_, plan, schema_, options_, fs_, io::directory_of(output_), target.file()));
    NEARLINE_CHECK(target.publish());
    report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return report;
  }

 private:
  io::FileSystem& fs_;
  std::filesystem::path output_;
  Schema schema_;
  BuildOptions options_;
  engine::Intake intake_;
  bool spent_ = false;
};

Result<Builder> OnFileSystem::create(io::FileSystem& fs, const std::filesystem::path& output, const Schema& schema,
                                     const BuildOptions& options) {
  NEARLINE_CHECK(engine::check_build(schema, options));
  if (!options.replace) {
    NEARLINE_TRY(there, fs.exists(output));
    if (there) {
      return Error{.code = Code::kExists,
                   .what = "the output exists already: expected a new name, or leave to replace it",
                   .file = output.string()};
    }
  }
  NEARLINE_TRY(spill, fs.create_unnamed(io::directory_of(output)));
  return Builder(std::make_unique<Builder::Impl>(fs, output, schema, options, std::move(spill)));
}

Result<Builder> Builder::create(const std::filesystem::path& output, const Schema& schema,
                                const BuildOptions& options) {
  return OnFileSystem::create(io::real_file_system(), output, schema, options);
}

Builder::Builder(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Builder::Builder(Builder&&) noexcept = default;
Builder& Builder::operator=(Builder&&) noexcept = default;
Builder::~Builder() = default;

Result<void> Builder::add(const MatrixView& vectors, std::span<const Id> ids) {
  return impl_->add(vectors, ids);
}
std::uint64_t Builder::count() const noexcept {
  return impl_->count();
}
Result<BuildReport> Builder::finish() {
  return impl_->finish();
}

}  // namespace nearline
