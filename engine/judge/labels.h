// SPDX-License-Identifier: Apache-2.0
/// Labels as their texts give them, and those of queries in the numbers of the records'.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "nearline/evaluate.h"

namespace nearline::engine {

/// What stands for the label of a query that no record has.
inline constexpr std::uint32_t kUnknownLabel = Labels::kNone - 1;

/// texts: of each id; an empty one is no label.
Labels labels_of(std::span<const Id> ids, std::span<const std::string> texts);

/// The place of each query's label among the names of the records' labels, kUnknownLabel or Labels::kNone.
std::vector<std::uint32_t> translated(const Labels& queries, const Labels& records);

/// Errors: kInvalidArgument where labels or selves are not those of so many queries.
Result<void> check_labels(const Labels& queries, std::span<const Id> selves, std::size_t rows);

}  // namespace nearline::engine
