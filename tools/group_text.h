// SPDX-License-Identifier: Apache-2.0
/// How groups of records, and votes for them, are printed.
#pragma once

#include <cstddef>
#include <string>

#include "nearline/groups.h"
#include "nearline/votes.h"
#include "tools/json_line.h"

namespace nearline::tools {

void print_groups_head(const std::string& attribute);
/// A line for each record of the groups of one row.
void print_groups(std::size_t query, const GroupResult& result, std::size_t row);
/// The keys query, count and groups, each with group, ids and distances.
JsonLine groups_line(std::size_t query, const GroupResult& result, std::size_t row);

void print_votes_head(const std::string& attribute);
/// A line for each group. result: of one set.
void print_votes(std::size_t set, const VoteResult& result);
/// The keys set, queries, count and groups, each with group, score, votes and nearest.
JsonLine votes_line(std::size_t set, const VoteResult& result);

}  // namespace nearline::tools
