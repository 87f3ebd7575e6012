// SPDX-License-Identifier: Apache-2.0
/// What a statement asks of an index, put to the index.
#pragma once

#include <span>
#include <vector>

#include "bindings/sqlite/plan.h"

namespace nearline::sqlite {

/// Which records, nearest first where a vector was asked for.
struct Answers {
  std::vector<Id> ids;
  std::vector<float> distances;  ///< none where nothing was searched
  std::int64_t k = 0;            ///< asked for; 0: none
  double recall = 0;             ///< asked for; 0: none
};

/// values: one for each term. Errors: kInvalidArgument for a k, a recall or a vector that is none; those of Index.
Result<Answers> ask(const Table& table, const std::vector<Term>& terms, std::span<sqlite3_value*> values);

}  // namespace nearline::sqlite
