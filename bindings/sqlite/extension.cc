// SPDX-License-Identifier: Apache-2.0
/// The extension: SQLite calls sqlite3_extension_init when it loads the file, and then what the module names.
#include <sqlite3ext.h>

#include "bindings/sqlite/cursor.h"
#include "bindings/sqlite/update.h"

SQLITE_EXTENSION_INIT1

namespace nearline::sqlite {
namespace {

constexpr int kOldest = 3038000;  // IN as one list, LIMIT: sqlite3_vtab_in and its like

const sqlite3_module kModule = {
    .iVersion = 2,  // with savepoints
    .xCreate = connect,
    .xConnect = connect,
    .xBestIndex = best_index,
    .xDisconnect = disconnect,
    .xDestroy = disconnect,  // DROP TABLE leaves the index file
    .xOpen = open,
    .xClose = close,
    .xFilter = filter,
    .xNext = next,
    .xEof = eof,
    .xColumn = column,
    .xRowid = rowid,
    .xUpdate = update,
    .xBegin = begin,
    .xSync = sync,
    .xCommit = commit,
    .xRollback = rollback,
    .xFindFunction = nullptr,
    .xRename = rename,
    .xSavepoint = savepoint,
    .xRelease = release,
    .xRollbackTo = rollback_to,
    .xShadowName = nullptr,
};

}  // namespace
}  // namespace nearline::sqlite

extern "C" __attribute__((visibility("default"))) int sqlite3_extension_init(sqlite3* db, char** message,
                                                                             const sqlite3_api_routines* api) {
  SQLITE_EXTENSION_INIT2(api);
  using namespace nearline;  // NOLINT(google-build-using-namespace)
  return sqlite::guarded(message, [&]() -> Result<void> {
    if (sqlite3_libversion_number() < sqlite::kOldest)
      return Error{.code = Code::kUnsupported,
                   .what = "expected SQLite 3.38 or newer, found " + std::string(sqlite3_libversion())};
    if (sqlite3_create_module_v2(db, "nearline", &sqlite::kModule, nullptr, nullptr) != SQLITE_OK)
      return sqlite::invalid(sqlite3_errmsg(db));
    return {};
  });
}
