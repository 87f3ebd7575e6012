// SPDX-License-Identifier: Apache-2.0
#include "nearline/builder.h"

#include "engine/make/index_maker.h"

namespace nearline {

class Builder::Impl : public engine::IndexMaker {
 public:
  explicit Impl(engine::IndexMaker&& maker) : engine::IndexMaker(std::move(maker)) {}
};

Result<Builder> Builder::create(const std::filesystem::path& output, const Schema& schema,
                                const BuildOptions& options) {
  NEARLINE_TRY(maker, engine::IndexMaker::create(io::real_file_system(), output, schema, options));
  return Builder(std::make_unique<Impl>(std::move(maker)));
}

Builder::Builder(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Builder::Builder(Builder&&) noexcept = default;
Builder& Builder::operator=(Builder&&) noexcept = default;
Builder::~Builder() = default;

Result<void> Builder::add(const MatrixView& vectors, std::span<const Id> ids, const RecordData& data) {
  return impl_->add(vectors, ids, data);
}
Result<void> Builder::add_field(std::string_view field, const MatrixView& vectors, std::span<const Id> ids) {
  return impl_->add_field(field, vectors, ids);
}
std::uint64_t Builder::count() const noexcept {
  return impl_->count();
}
Result<BuildReport> Builder::finish() {
  return impl_->finish();
}

}  // namespace nearline
