// SPDX-License-Identifier: Apache-2.0
#include "bindings/sqlite/cursor.h"

#include <algorithm>
#include <memory>

namespace nearline::sqlite {
namespace {

constexpr std::size_t kTogether = 256;  // rows whose values are read at once

Cursor& cursor_of(sqlite3_vtab_cursor* cursor) noexcept {
  return *static_cast<Cursor*>(cursor);
}

void give_blob(sqlite3_context* context, std::span<const std::byte> bytes) {
  sqlite3_result_blob64(context, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
}

}  // namespace

void Cursor::begin(Answers&& found) {
  answers = std::move(found);
  at = first_ = end_ = 0;
}

std::span<const Id> Cursor::block() const noexcept {
  return std::span(answers.ids).subspan(first_, end_ - first_);
}

void Cursor::begin_block() {
  if (at >= first_ && at < end_) return;
  first_ = at;
  end_ = std::min(answers.ids.size(), at + kTogether);
  vectors_.clear();
  values_.clear();
}

Result<void> Cursor::load_vectors() {
  if (!vectors_.empty()) return {};
  vectors_.resize(block().size() * vector_bytes(table->schema.type, table->schema.dim));
  NEARLINE_CHECK(table->index.get(block(), vectors_));
  return {};
}

Result<void> Cursor::load_values(int column) {
  if (values_.contains(column)) return {};
  DataRequest request{.names = std::vector<std::string>(), .payloads = !table->columns.is_attribute(column)};
  if (!request.payloads)
    request.names->push_back(
        table->schema.attributes[static_cast<std::size_t>(column - Columns::kFirstAttribute)].name);
  NEARLINE_TRY(data, table->index.data(block(), request));
  values_[column] = std::move(data);
  return {};
}

Result<void> Cursor::column(sqlite3_context* context, int column) {
  const Columns& columns = table->columns;
  if (column == Columns::kId) {
    sqlite3_result_int64(context, static_cast<std::int64_t>(answers.ids[at]));
  } else if (column == columns.distance()) {
    if (!answers.distances.empty()) sqlite3_result_double(context, answers.distances[at]);
  } else if (column == columns.k()) {
    if (answers.k > 0) sqlite3_result_int64(context, answers.k);
  } else if (column == columns.recall()) {
    if (answers.recall > 0) sqlite3_result_double(context, answers.recall);
  } else {
    begin_block();
    const std::size_t row = at - first_;
    if (column == Columns::kVector) {
      NEARLINE_CHECK(load_vectors());
      const std::size_t bytes = vector_bytes(table->schema.type, table->schema.dim);
      give_blob(context, std::span(vectors_).subspan(row * bytes, bytes));
      return {};
    }
    NEARLINE_CHECK(load_values(column));
    const RecordData& data = values_[column];
    if (columns.is_attribute(column)) {
      give(context, data.values[row]);
    } else if (!data.payloads.empty() && !data.payloads[row].empty()) {
      give_blob(context, std::as_bytes(std::span(data.payloads[row])));
    }
  }
  return {};
}

int open(sqlite3_vtab* vtab, sqlite3_vtab_cursor** cursor) {
  return guarded(&vtab->zErrMsg, [&]() -> Result<void> {
    Table& table = table_of(vtab);
    NEARLINE_CHECK(table.look_for_newer());
    *cursor = new Cursor(table);
    ++table.cursors;
    return {};
  });
}

int close(sqlite3_vtab_cursor* cursor) {
  --cursor_of(cursor).table->cursors;
  delete &cursor_of(cursor);
  return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* vcursor, int /*number*/, const char* text, int count, sqlite3_value** values) {
  Cursor& cursor = cursor_of(vcursor);
  return guarded(&cursor.table->zErrMsg, [&]() -> Result<void> {
    NEARLINE_TRY(answers, ask(*cursor.table, terms_of(text), {values, static_cast<std::size_t>(count)}));
    cursor.begin(std::move(answers));
    return {};
  });
}

int next(sqlite3_vtab_cursor* cursor) {
  ++cursor_of(cursor).at;
  return SQLITE_OK;
}

int eof(sqlite3_vtab_cursor* cursor) {
  const Cursor& own = cursor_of(cursor);
  return own.at < own.answers.ids.size() ? 0 : 1;
}

int column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int column) {
  Cursor& own = cursor_of(cursor);
  return guarded(&own.table->zErrMsg, [&] { return own.column(context, column); });
}

int rowid(sqlite3_vtab_cursor* cursor, sqlite3_int64* id) {
  const Cursor& own = cursor_of(cursor);
  *id = static_cast<std::int64_t>(own.answers.ids[own.at]);
  return SQLITE_OK;
}

}  // namespace nearline::sqlite
