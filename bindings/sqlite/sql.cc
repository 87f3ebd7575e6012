// SPDX-License-Identifier: Apache-2.0
#include "bindings/sqlite/sql.h"

namespace nearline::sqlite {

int code_of(Code code) noexcept {
  switch (code) {
    case Code::kBusy: return SQLITE_BUSY;
    case Code::kCorrupt:
    case Code::kTruncated: return SQLITE_CORRUPT_VTAB;
    case Code::kNotFound: return SQLITE_CANTOPEN;
    case Code::kNotAnIndex: return SQLITE_NOTADB;
    case Code::kExists: return SQLITE_CONSTRAINT;  // for ON CONFLICT SQLite looks for this very number
    case Code::kReadOnly: return SQLITE_READONLY;
    case Code::kPermission: return SQLITE_PERM;
    case Code::kIo:
    case Code::kCommitUnknown: return SQLITE_IOERR;
    case Code::kNoSpace: return SQLITE_FULL;
    case Code::kNoMemory: return SQLITE_NOMEM;
    case Code::kCancelled: return SQLITE_INTERRUPT;
    default: return SQLITE_ERROR;
  }
}

int tell(char** place, const Error& error) noexcept {
  try {
    sqlite3_free(*place);
    *place = sqlite3_mprintf("nearline: %s", error.message().c_str());
  } catch (const std::bad_alloc&) {
    *place = nullptr;
  }
  return code_of(error.code);
}

Error invalid(std::string what) {
  return {.code = Code::kInvalidArgument, .what = std::move(what)};
}

std::string_view bytes_of(sqlite3_value* value) {
  const void* const bytes =
      sqlite3_value_type(value) == SQLITE_BLOB ? sqlite3_value_blob(value) : sqlite3_value_text(value);
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

std::string found(sqlite3_value* value) {
  switch (sqlite3_value_type(value)) {
    case SQLITE_NULL: return "NULL";
    case SQLITE_BLOB: return "a blob of " + std::to_string(sqlite3_value_bytes(value)) + " bytes";
    case SQLITE_TEXT: return "the text '" + std::string(bytes_of(value).substr(0, 40)) + "'";
    default: return "the number " + std::string(bytes_of(value));
  }
}

}  // namespace nearline::sqlite
