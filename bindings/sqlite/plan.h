// SPDX-License-Identifier: Apache-2.0
/// What SQLite asks of a table, and how it goes from the moment that a statement is prepared (xBestIndex) to that of
/// its running (xFilter): a list of terms, each with a value to come, written as text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bindings/sqlite/table.h"

namespace nearline::sqlite {

/// One comparison of WHERE whose right side SQLite hands over.
struct Term {
  enum class What { kQuery, kCount, kRecall, kDistance, kId, kAttribute };
  What what = What::kQuery;
  int column = 0;
  int op = 0;         // SQLITE_INDEX_CONSTRAINT_EQ, ...
  bool many = false;  // IN: all of its values come at once
};

std::string text_of(const std::vector<Term>& terms);
std::vector<Term> terms_of(std::string_view text);

int best_index(sqlite3_vtab* table, sqlite3_index_info* info);

}  // namespace nearline::sqlite
