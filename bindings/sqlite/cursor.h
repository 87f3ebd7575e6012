// SPDX-License-Identifier: Apache-2.0
/// The rows of one question: ids and distances at once, all else when a column is asked for, some rows at a time.
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "bindings/sqlite/question.h"
#include "bindings/sqlite/table.h"

namespace nearline::sqlite {

/// SQLite knows it by its first part.
struct Cursor : sqlite3_vtab_cursor {
  explicit Cursor(Table& asked) : sqlite3_vtab_cursor{}, table(&asked) {}

  Table* table;
  Answers answers;
  std::size_t at = 0;

  void begin(Answers&& found);
  Result<void> column(sqlite3_context* context, int column);

 private:
  /// Of rows [first_, first_ + what each vector holds): what was asked for of them so far.
  void begin_block();
  Result<void> load_vectors();
  Result<void> load_values(int column);
  [[nodiscard]] std::span<const Id> block() const noexcept;

  std::size_t first_ = 0;
  std::size_t end_ = 0;
  std::vector<std::byte> vectors_;
  std::map<int, RecordData> values_;  // by column: one attribute each, or the payload
};

int open(sqlite3_vtab* table, sqlite3_vtab_cursor** cursor);
int close(sqlite3_vtab_cursor* cursor);
int filter(sqlite3_vtab_cursor* cursor, int number, const char* text, int count, sqlite3_value** values);
int next(sqlite3_vtab_cursor* cursor);
int eof(sqlite3_vtab_cursor* cursor);
int column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int column);
int rowid(sqlite3_vtab_cursor* cursor, sqlite3_int64* id);

}  // namespace nearline::sqlite
