// SPDX-License-Identifier: Apache-2.0
#include "tools/answer_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace nearline::tools {

void print_answers(const std::vector<AnswerRow>& rows) {
  const auto width = [](std::string_view head, std::uint64_t most) {
    return std::max(head.size(), std::to_string(most).size());
  };
  Id largest = 0;
  std::size_t most = 0;
  for (const AnswerRow& row : rows) {
    for (const Id id : row.ids) largest = std::max(largest, id);
    most = std::max(most, row.ids.size());
  }
  const std::size_t query = width("query", rows.size()), rank = width("rank", most), id = width("id", largest);
  fmt::print("{:>{}}  {:>{}}  {:>{}}  distance\n", "query", query, "rank", rank, "id", id);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t i = 0; i < rows[row].ids.size(); ++i) {
      fmt::print("{:>{}}  {:>{}}  {:>{}}  {:.9g}\n", row, query, i + 1, rank, rows[row].ids[i], id,
                 rows[row].distances[i]);
    }
  }
}

JsonLine answer_line(std::size_t query, const AnswerRow& row) {
  JsonLine line;
  line.put("query", query).put("count", row.ids.size()).put("ids", row.ids);
  line.put("distances", row.distances);
  return line;
}

JsonLine& put_recall(JsonLine& line, float expected_recall) {
  return expected_recall > 0 ? line.put("expected_recall", expected_recall) : line.put_null("expected_recall");
}

JsonLine cost_line(const QueryStats& cost) {
  JsonLine stats;
  stats.put("hops", cost.hops).put("distance_computations", cost.distance_computations);
  stats.put("page_reads", cost.page_reads).put("cache_hits", cost.cache_hits).put("bytes_read", cost.bytes_read);
  stats.put("microseconds", static_cast<double>(cost.nanoseconds) / 1000);
  return stats;
}

}  // namespace nearline::tools
