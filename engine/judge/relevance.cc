// SPDX-License-Identifier: Apache-2.0
/// Relevance judgments: their files, and answers held against them.
#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <string>
#include <tuple>

#include "engine/judge/ranked_sums.h"
#include "engine/judge/text_lines.h"
#include "nearline/evaluate.h"

namespace nearline {
namespace {

struct Judgment {
  std::uint64_t query = 0;
  Id id = 0;
  std::uint32_t grade = 0;
  std::uint64_t line = 0;
};

template <class T>
bool parse(std::string_view word, T& value) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc{} && end == word.data() + word.size();
}

Error bad_line(std::uint64_t line, const std::string& what) {
  return {.code = Code::kBadInput, .what = "line " + std::to_string(line) + ": " + what};
}

Result<Judgment> judgment_of(std::string_view text, std::uint64_t line, std::uint64_t queries) {
  const std::vector<std::string_view> words = engine::words_of(text);
  Judgment one{.line = line};
  std::int64_t grade = 0;
  const bool good = (words.size() == 3 || words.size() == 4) && parse(words[0], one.query) &&
                    parse(words[words.size() - 2], one.id) && parse(words.back(), grade) && one.id != kNoId &&
                    grade <= std::numeric_limits<std::uint32_t>::max();
  if (!good) return bad_line(line, "expected QUERY ID GRADE or QUERY ANY ID GRADE in numbers, found something else");
  if (one.query >= queries) {
    return bad_line(
        line, "query " + std::to_string(one.query) + ": expected a row of " + std::to_string(queries) + " queries");
  }
  one.grade = static_cast<std::uint32_t>(std::max<std::int64_t>(0, grade));
  return one;
}

Result<Relevance> in_order(std::vector<Judgment> all, std::uint64_t queries) {
  std::sort(all.begin(), all.end(), [](const Judgment& a, const Judgment& b) {
    return std::tie(a.query, a.id, a.line) < std::tie(b.query, b.id, b.line);
  });
  Relevance relevance;
  relevance.offsets.assign(queries + 1, 0);
  relevance.ids.reserve(all.size());
  relevance.grades.reserve(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i > 0 && all[i].query == all[i - 1].query && all[i].id == all[i - 1].id) {
      return bad_line(all[i].line, "record " + std::to_string(all[i].id) + " of query " + std::to_string(all[i].query) +
                                       ": expected one judgment, found another on line " +
                                       std::to_string(all[i - 1].line));
    }
    relevance.ids.push_back(all[i].id);
    relevance.grades.push_back(all[i].grade);
    relevance.offsets[all[i].query + 1] = relevance.ids.size();
  }
  for (std::size_t q = 0; q < queries; ++q)
    relevance.offsets[q + 1] = std::max(relevance.offsets[q + 1], relevance.offsets[q]);
  return relevance;
}

Result<Relevance> one_of_each(std::string_view bytes, std::uint64_t queries) {
  std::uint32_t head[2] = {};
  if (bytes.size() >= sizeof head) std::memcpy(head, bytes.data(), sizeof head);
  if (head[1] != 1 || head[0] != queries || bytes.size() != sizeof head + std::uint64_t{4} * head[0]) {
    return Error{.code = Code::kBadInput,
                 .what = "expected a record for each of " + std::to_string(queries) + " queries, found a header of " +
                         std::to_string(head[0]) + " x " + std::to_string(head[1]) + " and " +
                         std::to_string(bytes.size()) + " bytes"};
  }
  Relevance relevance;
  for (std::uint64_t q = 0; q < queries; ++q) {
    std::uint32_t id = 0;
    std::memcpy(&id, bytes.data() + sizeof head + 4 * q, sizeof id);
    relevance.ids.push_back(id);
    relevance.grades.push_back(1);
    relevance.offsets.push_back(q + 1);
  }
  return relevance;
}

Result<Relevance> judgments_in(const std::string& text, std::uint64_t queries) {
  std::vector<Judgment> all;
  std::uint64_t line = 0;
  for (const std::string_view one : engine::lines_of(text)) {
    ++line;
    if (engine::words_of(one).empty()) continue;
    NEARLINE_TRY(judgment, judgment_of(one, line, queries));
    all.push_back(judgment);
  }
  return in_order(std::move(all), queries);
}

}  // namespace

Result<Relevance> read_qrels(const std::filesystem::path& path, std::uint64_t queries) {
  NEARLINE_TRY(text, engine::read_whole(path));
  auto read = path.extension() == ".u32bin" ? one_of_each(text, queries) : judgments_in(text, queries);
  if (!read) return std::move(read).error().in(path.string());
  return read;
}

Result<RetrievalFigures> judge_answers(const SearchResult& answers, const Relevance& relevance) {
  if (relevance.offsets.size() != answers.counts.size() + 1) {
    return Error{.code = Code::kInvalidArgument,
                 .what = "judgments of " + std::to_string(relevance.offsets.size() - 1) + " queries: expected " +
                         std::to_string(answers.counts.size())};
  }
  engine::RankedSums sums(answers.k);
  std::vector<std::uint32_t> grades;
  std::vector<std::uint32_t> best;
  for (std::size_t q = 0; q < answers.counts.size(); ++q) {
    const auto first = relevance.ids.begin() + static_cast<std::ptrdiff_t>(relevance.offsets[q]);
    const auto last = relevance.ids.begin() + static_cast<std::ptrdiff_t>(relevance.offsets[q + 1]);
    grades.clear();
    for (std::uint32_t i = 0; i < answers.counts[q]; ++i) {
      const Id id = answers.ids[q * answers.k + i];
      const auto found = std::lower_bound(first, last, id);
      const bool judged = found != last && *found == id;
      grades.push_back(judged ? relevance.grades[static_cast<std::size_t>(found - relevance.ids.begin())] : 0);
    }
    best.assign(relevance.grades.begin() + (first - relevance.ids.begin()),
                relevance.grades.begin() + (last - relevance.ids.begin()));
    std::sort(best.rbegin(), best.rend());
    const auto relevant = static_cast<std::uint64_t>(std::find(best.begin(), best.end(), 0U) - best.begin());
    sums.add(grades, best, relevant);
  }
  return sums.means();
}

}  // namespace nearline
