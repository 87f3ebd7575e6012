// SPDX-License-Identifier: Apache-2.0
/// How the commands that search print answers.
#pragma once

#include <span>
#include <vector>

#include "nearline/search.h"
#include "nearline/types.h"
#include "tools/json_line.h"

namespace nearline::tools {

/// The answers of one query, nearest first.
struct AnswerRow {
  std::span<const Id> ids;
  std::span<const float> distances;
};

/// One line for each answer, in columns as wide as what stands in them.
void print_answers(const std::vector<AnswerRow>& rows);

/// A line with the keys query, count, ids and distances, to put others behind.
JsonLine answer_line(std::size_t query, const AnswerRow& row);

/// The key expected_recall: null where it is not known.
JsonLine& put_recall(JsonLine& line, float expected_recall);

/// What a query cost, for the key stats.
JsonLine cost_line(const QueryStats& cost);

}  // namespace nearline::tools
