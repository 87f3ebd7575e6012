// SPDX-License-Identifier: Apache-2.0
#include "bindings/sqlite/changes.h"

namespace nearline::sqlite {

Result<Id> Changes::apply(const Change& change) {
  if (!writer_) {
    WriterOptions how;
    how.background_merges = false;  // a transaction ends the writer, so that nothing would be beside
    how.lock_timeout = options_.wait;
    how.untrusted = options_.untrusted;
    NEARLINE_TRY(opened, Writer::open(options_.path, how));
    writer_.emplace(std::move(opened));
  }
  const Record& record = change.record;
  const Id id = record.id.value_or(kNoId);
  const std::span<const Id> ids(&id, record.id.has_value() ? 1 : 0);
  if (change.kind == Change::Kind::kErase) {
    NEARLINE_CHECK(writer_->erase(ids));
    return id;
  }
  const MatrixView row = record.vector.row(change.dim);
  if (change.kind == Change::Kind::kUpsert) {
    NEARLINE_CHECK(writer_->upsert(row, ids, record.data));
    return id;
  }
  NEARLINE_TRY(done, writer_->insert(row, ids, record.data));
  return done.first_id.value_or(id);
}

Result<Id> Changes::add(Change change, bool kept) {
  NEARLINE_TRY(id, apply(change));
  change.record.id = id;
  kept = kept || !marks_.empty();
  if (kept) log_.push_back(std::move(change));
  forgot_ = forgot_ || !kept;
  return id;
}

Result<Id> Changes::insert(Record record, std::uint32_t dim, bool kept) {
  return add({Change::Kind::kInsert, std::move(record), dim}, kept);
}

Result<void> Changes::upsert(Record record, std::uint32_t dim, bool kept) {
  NEARLINE_CHECK(add({Change::Kind::kUpsert, std::move(record), dim}, kept));
  return {};
}

Result<void> Changes::erase(Id id, bool kept) {
  NEARLINE_CHECK(add({Change::Kind::kErase, Record{.id = id}, 0}, kept));
  return {};
}

Result<void> Changes::commit() {
  if (lost_) return Error{.code = Code::kIo, .what = "going back to a savepoint failed: expected ROLLBACK"};
  if (!writer_ || !writer_->dirty()) return {};
  NEARLINE_CHECK(writer_->commit(options_.durable ? Durability::kDurable : Durability::kRelaxed));
  return {};
}

void Changes::end() noexcept {
  writer_.reset();
  log_.clear();
  marks_.clear();
  forgot_ = lost_ = false;
}

void Changes::mark(std::size_t savepoint) {
  marks_.resize(savepoint, log_.size());  // those below that came before the first change
  marks_.push_back(log_.size());
}

Result<void> Changes::back_to(std::size_t savepoint) {
  if (savepoint >= marks_.size()) return {};
  const std::size_t kept = marks_[savepoint];
  marks_.resize(savepoint + 1);
  if (kept == log_.size()) return {};
  if (forgot_)
    return Error{.code = Code::kUnsupported,
                 .what = "two statements changed the table at once, outside of BEGIN: one cannot be undone alone"};
  log_.erase(log_.begin() + static_cast<std::ptrdiff_t>(kept), log_.end());
  writer_->abandon();
  lost_ = true;
  for (const Change& change : log_) NEARLINE_CHECK(apply(change));
  lost_ = false;
  return {};
}

}  // namespace nearline::sqlite
