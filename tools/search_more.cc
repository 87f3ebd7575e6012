// SPDX-License-Identifier: Apache-2.0
#include "tools/search_more.h"

#include <fmt/format.h>

#include <limits>
#include <vector>

#include "tools/answer_text.h"
#include "tools/codes_in_use.h"
#include "tools/console.h"

namespace nearline::tools {
namespace {

/// The answers of each batch of queries, in the order of the rows.
Result<std::vector<RangeResult>> range_all(const OpenSearch& open, const SearchSetup& setup,
                                           const RangeOptions& options) {
  std::vector<RangeResult> parts((open.queries.rows + setup.batch - 1) / setup.batch);
  NEARLINE_CHECK(
      answer_all(open, setup, options.recall, [&](std::size_t first, const MatrixView& some) -> Result<void> {
        NEARLINE_TRY(part, open.index.range_search(some, options));
        parts[first / setup.batch] = std::move(part);
        return {};
      }));
  return parts;
}

AnswerRow row_of(const RangeResult& part, std::size_t row) {
  const std::size_t first = part.offsets[row], count = part.offsets[row + 1] - first;
  return {std::span(part.ids).subspan(first, count), std::span(part.distances).subspan(first, count)};
}

int run_range(const SearchSetup& setup, const MoreSearch& more, bool json) {
  if (setup.search.walk_prefix > 0)
    return fail({Code::kInvalidArgument, "--prefix N,M: expected one number with --radius"});
  const auto open = open_search(setup);
  if (!open) return fail(open.error());
  const auto parts = range_all(*open, setup,
                               {.radius = static_cast<float>(*more.radius),
                                .max_results = more.max_results,
                                .exact = setup.search.exact,
                                .recall = setup.search.recall,
                                .l = setup.search.l,
                                .beam_width = common_beam_width(*open, setup.search.beam_width),
                                .filter = setup.search.filter,
                                .as_stored = setup.search.as_stored,
                                .prefix = setup.search.prefix,
                                .mask = setup.search.mask,
                                .field = setup.search.field});
  if (!parts) return fail(parts.error());
  std::vector<AnswerRow> rows;
  for (const RangeResult& part : *parts) {
    for (std::size_t row = 0; row + 1 < part.offsets.size(); ++row) {
      rows.push_back(row_of(part, row));
      if (!json) continue;
      JsonLine line = answer_line(rows.size() - 1, rows.back());
      line.put("complete_to", part.complete_to[row]).put("cut", static_cast<bool>(part.cut[row]));
      put_recall(line, part.expected_recall).put("stats", cost_line(part.stats[row]));
      put_codes_in_use(line, open->index).print();
    }
  }
  if (!json) print_answers(rows);
  return 0;
}

int run_page(const SearchSetup& setup, const std::string& token, bool json) {
  const auto open = open_search(setup);
  if (!open) return fail(open.error());
  const auto page = open->index.search_page(open->queries, setup.search, token == "first" ? "" : token);
  if (!page) return fail(page.error());
  const AnswerRow row{page->ids, page->distances};
  if (!json) {
    print_answers({row});
    fmt::print("{}\n", page->end ? "end" : "next page: --page " + page->next);
    return 0;
  }
  JsonLine line = answer_line(0, row);
  line.put("end", page->end).put("complete_to", static_cast<double>(page->complete_to)).put("late", page->late);
  put_recall(line, page->expected_recall).put("stats", cost_line(page->stats));
  page->end ? line.put_null("next") : line.put("next", page->next);
  put_codes_in_use(line, open->index).print();
  return 0;
}

}  // namespace

void declare_more_search(Args& args, MoreSearch& target) {
  constexpr double kMost = std::numeric_limits<float>::max();
  args.real("--radius", target.radius,
            "instead of -k: all records as near as this, in the metric's units (l2: squared; ip, cosine: 1 - product)",
            -kMost, kMost);
  args.number("--max-results", target.max_results, "with --radius: the nearest so many of each query; 0 means all");
  args.text("--page", target.page, "first|TOKEN",
            "the k answers of one query behind those of the page that ended with the token");
  args.either("--radius", "-k");
  args.either("--radius", "--page");
}

int run_more_search(const SearchSetup& setup, const MoreSearch& more, bool json) {
  if (!more.page.empty()) return run_page(setup, more.page, json);
  if (!more.radius) return fail({Code::kInvalidArgument, "--max-results: expected --radius with it"});
  return run_range(setup, more, json);
}

}  // namespace nearline::tools
