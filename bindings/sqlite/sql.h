// SPDX-License-Identifier: Apache-2.0
/// SQLite as an extension sees it, and what every callback of SQLite does here: no exception leaves it, and an error
/// becomes SQLite's code with our sentence.
#pragma once

#include <sqlite3ext.h>

#include <exception>
#include <new>
#include <string>
#include <string_view>

#include "nearline/result.h"

SQLITE_EXTENSION_INIT3  // the functions of the SQLite that loaded us; extension.cc has the variable

    namespace nearline::sqlite {
  /// SQLite's code for an error.
  int code_of(Code code) noexcept;

  /// Gives `text` to SQLite, which frees it, in place of what was there. The code is the one to return.
  int tell(char** place, const Error& error) noexcept;

  /// kInvalidArgument. what: "k: expected ..., found ...".
  Error invalid(std::string what);

  /// Runs `body`, which returns a Result<void>.
  template <class Body>
  int guarded(char** message, Body&& body) noexcept {
    try {
      const Result<void> done = body();
      return done ? SQLITE_OK : tell(message, done.error());
    } catch (const std::bad_alloc&) {
      return SQLITE_NOMEM;
    } catch (const std::exception& thrown) {
      return tell(message, Error{.code = Code::kNoMemory, .what = thrown.what()});
    }
  }

  /// The bytes of a value that is text or a blob.
  std::string_view bytes_of(sqlite3_value * value);

  /// "NULL", "a blob of 5 bytes", "the number 7", ...
  std::string found(sqlite3_value * value);

}  // namespace nearline::sqlite
