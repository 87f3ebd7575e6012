// SPDX-License-Identifier: Apache-2.0
#include "nearline/writer.h"

#include "engine/repair/verify.h"
#include "engine/write/index_writer.h"

namespace nearline {

class Writer::Impl : public engine::IndexWriter {
 public:
  explicit Impl(engine::IndexWriter&& writer) noexcept : engine::IndexWriter(std::move(writer)) {}
};

Result<Writer> Writer::open(const std::filesystem::path& path, const WriterOptions& options) {
  if (options.untrusted) NEARLINE_CHECK(engine::check_untrusted(io::real_file_system(), path));
  NEARLINE_TRY(writer, engine::IndexWriter::open(io::real_file_system(), path, options));
  return Writer(std::make_unique<Impl>(std::move(writer)));
}

Writer::Writer(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;
Writer::~Writer() = default;

Result<InsertReport> Writer::insert(const MatrixView& vectors, std::span<const Id> ids, const RecordData& data) {
  return impl_->insert(vectors, ids, data);
}
Result<void> Writer::upsert(const MatrixView& vectors, std::span<const Id> ids, const RecordData& data) {
  return impl_->upsert(vectors, ids, data);
}
Result<EraseReport> Writer::erase_where(std::string_view filter) {
  return impl_->erase_where(filter);
}
Result<EraseReport> Writer::erase(std::span<const Id> ids) {
  return impl_->erase(ids);
}
Result<void> Writer::set_field(std::string_view field, const MatrixView& vectors, std::span<const Id> ids) {
  return impl_->set_field(field, vectors, ids);
}
Result<EraseReport> Writer::erase_field(std::string_view field, std::span<const Id> ids) {
  return impl_->erase_field(field, ids);
}
bool Writer::dirty() const noexcept {
  return impl_->dirty();
}
Result<CommitReport> Writer::commit(Durability durability) {
  return impl_->commit(durability);
}
Result<CommitReport> Writer::wait_for_merges() {
  return impl_->wait_for_merges();
}
Result<CommitReport> Writer::calibrate(const MatrixView& queries, std::string_view field) {
  return impl_->calibrate(queries, field);
}
void Writer::abandon() noexcept {
  impl_->abandon();
}
Result<CommitReport> Writer::compact() {
  return impl_->compact();
}
Result<BuildReport> Writer::compact_to(const std::filesystem::path& output, bool replace) {
  return impl_->compact_to(output, replace);
}

}  // namespace nearline
