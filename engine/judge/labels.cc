// SPDX-License-Identifier: Apache-2.0
/// Labels of records and queries: where they come from, and answers held against them.
#include <algorithm>
#include <map>
#include <numeric>
#include <string>

#include "engine/judge/labels.h"
#include "engine/judge/ranked_sums.h"
#include "engine/judge/text_lines.h"
#include "nearline/evaluate.h"

namespace nearline {

namespace engine {

Labels labels_of(std::span<const Id> ids, std::span<const std::string> texts) {
  std::map<std::string_view, std::uint32_t> places;
  for (const std::string& text : texts) {
    if (!text.empty()) places.emplace(text, 0);
  }
  Labels labels;
  labels.names.reserve(places.size());
  for (auto& [text, place] : places) {
    place = static_cast<std::uint32_t>(labels.names.size());
    labels.names.emplace_back(text);
  }
  labels.ids.assign(ids.begin(), ids.end());
  labels.of.reserve(texts.size());
  for (const std::string& text : texts) labels.of.push_back(text.empty() ? Labels::kNone : places[text]);
  return labels;
}

std::vector<std::uint32_t> translated(const Labels& queries, const Labels& records) {
  std::vector<std::uint32_t> places;
  places.reserve(queries.of.size());
  for (const std::uint32_t label : queries.of) {
    if (label == Labels::kNone) {
      places.push_back(Labels::kNone);
      continue;
    }
    const auto found = std::lower_bound(records.names.begin(), records.names.end(), queries.names[label]);
    const bool known = found != records.names.end() && *found == queries.names[label];
    places.push_back(known ? static_cast<std::uint32_t>(found - records.names.begin()) : kUnknownLabel);
  }
  return places;
}

Result<void> check_labels(const Labels& queries, std::span<const Id> selves, std::size_t rows) {
  if (queries.of.size() == rows && (selves.empty() || selves.size() == rows)) return {};
  return Error{.code = Code::kInvalidArgument,
               .what = "labels of " + std::to_string(queries.of.size()) + " queries: expected " + std::to_string(rows)};
}

}  // namespace engine

namespace {

/// The label that most have; of those with as many, the one that comes first.
std::uint32_t voted(std::span<const std::uint32_t> labels) {
  std::uint32_t winner = Labels::kNone;
  std::ptrdiff_t most = 0;
  for (const std::uint32_t label : labels) {
    const auto votes = label == Labels::kNone ? 0 : std::count(labels.begin(), labels.end(), label);
    if (votes <= most) continue;
    most = votes;
    winner = label;
  }
  return winner;
}

}  // namespace

std::uint32_t Labels::label_of(Id id) const noexcept {
  const auto found = std::lower_bound(ids.begin(), ids.end(), id);
  return found != ids.end() && *found == id ? of[static_cast<std::size_t>(found - ids.begin())] : kNone;
}

Result<Labels> read_labels(const std::filesystem::path& path, std::span<const Id> ids) {
  NEARLINE_TRY(text, engine::read_whole(path));
  const std::vector<std::string_view> lines = engine::lines_of(text);
  if (lines.size() != ids.size()) {
    return Error{.code = Code::kBadInput,
                 .what = "labels: expected " + std::to_string(ids.size()) + " lines, one for each row, found " +
                         std::to_string(lines.size()),
                 .file = path.string()};
  }
  const std::vector<std::string> texts(lines.begin(), lines.end());
  return engine::labels_of(ids, texts);
}

Result<LabelFigures> judge_labels(const SearchResult& answers, const Labels& records, const Labels& queries,
                                  std::span<const Id> selves) {
  const std::size_t rows = answers.counts.size();
  NEARLINE_CHECK(engine::check_labels(queries, selves, rows));
  if (!selves.empty() && answers.k < 2)
    return Error{.code = Code::kInvalidArgument,
                 .what = "k of 1: expected 2 or more, since a query is no answer of its own"};
  const std::uint32_t k = selves.empty() ? answers.k : answers.k - 1;
  std::vector<std::uint64_t> sizes(records.names.size());
  for (const std::uint32_t label : records.of) {
    if (label != Labels::kNone) ++sizes[label];
  }
  const std::vector<std::uint32_t> wanted = engine::translated(queries, records);
  const std::vector<std::uint32_t> ones(k, 1);
  LabelFigures figures;
  engine::RankedSums sums(k);
  std::vector<std::uint32_t> found;
  for (std::size_t q = 0; q < rows; ++q) {
    if (wanted[q] == Labels::kNone) continue;
    ++figures.queries;
    found.clear();
    for (std::uint32_t i = 0; i < answers.counts[q] && found.size() < k; ++i) {
      const Id id = answers.ids[q * answers.k + i];
      if (selves.empty() || id != selves[q]) found.push_back(records.label_of(id));
    }
    const bool known = wanted[q] != engine::kUnknownLabel;
    if (known && voted(found) == wanted[q]) figures.accuracy += 1;
    std::uint64_t relevant = known ? sizes[wanted[q]] : 0;
    if (known && !selves.empty() && records.label_of(selves[q]) == wanted[q]) --relevant;
    for (std::uint32_t& label : found) label = label == wanted[q] ? 1 : 0;
    sums.add(found, std::span(ones).first(std::min<std::uint64_t>(k, relevant)), relevant);
  }
  figures.accuracy /= std::max(1.0, static_cast<double>(figures.queries));
  figures.retrieval = sums.means();
  return figures;
}

}  // namespace nearline
