// SPDX-License-Identifier: Apache-2.0
/// A virtual table: one index file as a connection has it open.
#pragma once

#include <span>
#include <string>

#include "bindings/sqlite/changes.h"
#include "bindings/sqlite/sql.h"
#include "nearline/index.h"

namespace nearline::sqlite {

/// The columns, in their order: id, vector, the attributes, payload, and three hidden ones.
struct Columns {
  int attributes = 0;
  static constexpr int kId = 0;
  static constexpr int kVector = 1;
  static constexpr int kFirstAttribute = 2;
  [[nodiscard]] int payload() const noexcept { return kFirstAttribute + attributes; }
  [[nodiscard]] int distance() const noexcept { return payload() + 1; }
  [[nodiscard]] int k() const noexcept { return payload() + 2; }
  [[nodiscard]] int recall() const noexcept { return payload() + 3; }
  [[nodiscard]] bool is_attribute(int column) const noexcept { return column >= kFirstAttribute && column < payload(); }
};

/// What stands between the parentheses of CREATE VIRTUAL TABLE.
struct TableOptions {
  std::string path;
  OpenOptions open;
  ChangeOptions changes;
  double recall = 0;  ///< of searches that do not say one; 1: exact
};

/// SQLite knows it by its first part.
struct Table : sqlite3_vtab {
  Table(sqlite3* connection, TableOptions how, Index&& opened);

  sqlite3* db;
  TableOptions options;
  Index index;
  Schema schema;  ///< as the table was declared with; the file keeps it
  Columns columns;
  Changes changes;
  int cursors = 0;  ///< open ones: they go on with the commit that the first of them began on

  /// Before a statement: the newest commit. Errors: those of Index::refresh; kUnsupported where another index took the
  /// file's place, whose columns are others.
  Result<void> look_for_newer();
};

inline Table& table_of(sqlite3_vtab* table) noexcept {
  return *static_cast<Table*>(table);
}

/// Of xCreate and xConnect: opens the index and declares its columns.
int connect(sqlite3* db, void* nothing, int count, const char* const* words, sqlite3_vtab** table, char** message);
int disconnect(sqlite3_vtab* table);

}  // namespace nearline::sqlite
