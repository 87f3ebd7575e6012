// SPDX-License-Identifier: Apache-2.0
#include "tools/group_text.h"

#include <fmt/format.h>

#include <span>
#include <vector>

#include "tools/record_text.h"

namespace nearline::tools {
namespace {

std::string text_of(const Value& value) {
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr ? *text : "";
}

}  // namespace

void print_groups_head(const std::string& attribute) {
  fmt::print("{:>6}  {:>5}  {:>4}  {:>8}  {:<14}  {}\n", "query", "group", "rank", "id", "distance", attribute);
}

void print_groups(std::size_t query, const GroupResult& result, std::size_t row) {
  for (std::uint32_t g = 0; g < result.counts[row]; ++g) {
    const std::size_t at = row * result.k + g;
    for (std::uint32_t i = 0; i < result.sizes[at]; ++i) {
      const std::size_t answer = at * result.per_group + i;
      fmt::print("{:>6}  {:>5}  {:>4}  {:>8}  {:<14.9g}  {}\n", query, g + 1, i + 1, result.ids[answer],
                 result.distances[answer], text_of(result.groups[at]));
    }
  }
}

JsonLine groups_line(std::size_t query, const GroupResult& result, std::size_t row) {
  std::vector<JsonLine> groups;
  groups.reserve(result.counts[row]);
  for (std::uint32_t g = 0; g < result.counts[row]; ++g) {
    const std::size_t at = row * result.k + g;
    JsonLine group;
    put_value("group", result.groups[at], group);
    group.put("ids", std::span(result.ids).subspan(at * result.per_group, result.sizes[at]));
    group.put("distances", std::span(result.distances).subspan(at * result.per_group, result.sizes[at]));
    groups.push_back(std::move(group));
  }
  JsonLine line;
  line.put("query", query).put("count", groups.size()).put("groups", std::span<const JsonLine>(groups));
  return line;
}

void print_votes_head(const std::string& attribute) {
  fmt::print("{:>5}  {:>4}  {:>9}  {:>5}  {:>7}  {}\n", "set", "rank", "score", "votes", "nearest", attribute);
}

void print_votes(std::size_t set, const VoteResult& result) {
  std::size_t rank = 0;
  for (const RankedGroup& one : result.groups) {
    fmt::print("{:>5}  {:>4}  {:>9.4f}  {:>5}  {:>7}  {}\n", set, ++rank, one.score, one.votes, one.nearest,
               text_of(one.group));
  }
}

JsonLine votes_line(std::size_t set, const VoteResult& result) {
  std::vector<JsonLine> groups;
  groups.reserve(result.groups.size());
  for (const RankedGroup& one : result.groups) {
    JsonLine group;
    put_value("group", one.group, group);
    group.put("score", one.score).put("votes", one.votes).put("nearest", one.nearest);
    groups.push_back(std::move(group));
  }
  JsonLine line;
  line.put("set", set).put("queries", result.queries[0]).put("count", groups.size());
  line.put("groups", std::span<const JsonLine>(groups));
  return line;
}

}  // namespace nearline::tools
