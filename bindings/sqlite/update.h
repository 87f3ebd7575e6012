// SPDX-License-Identifier: Apache-2.0
/// INSERT, UPDATE, DELETE, and the transactions that they belong to: as SQLite calls them.
#pragma once

#include "bindings/sqlite/sql.h"

namespace nearline::sqlite {

int update(sqlite3_vtab* table, int count, sqlite3_value** values, sqlite3_int64* id);
int begin(sqlite3_vtab* table);
int sync(sqlite3_vtab* table);  // before SQLite commits itself: the index commits here, where an error undoes all
int commit(sqlite3_vtab* table);
int rollback(sqlite3_vtab* table);
int rename(sqlite3_vtab* table, const char* name);
int savepoint(sqlite3_vtab* table, int number);
int release(sqlite3_vtab* table, int number);
int rollback_to(sqlite3_vtab* table, int number);

}  // namespace nearline::sqlite
