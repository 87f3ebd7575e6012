// SPDX-License-Identifier: Apache-2.0
/// What judging asks of an open index: labels that its records say, and distances to all of them.
#include "nearline/evaluate.h"

#include <algorithm>
#include <string>

#include "engine/judge/labels.h"

namespace nearline {
namespace {

constexpr std::size_t kRecordsAtOnce = 4096;

/// Records' ids, ascending, without their vectors.
Result<std::vector<Id>> ids_of(const Index& index, std::string_view field) {
  std::vector<Id> ids;
  NEARLINE_CHECK(index.for_each(
      kRecordsAtOnce,
      [&ids](std::span<const Id> some, const MatrixView&) -> Result<void> {
        ids.insert(ids.end(), some.begin(), some.end());
        return {};
      },
      field));
  return ids;
}

std::string text_of(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  return {};
}

}  // namespace

Result<Labels> labels_by(const Index& index, std::string_view attribute, std::string_view field) {
  const Schema schema = index.info().schema;
  const auto found = std::ranges::find(schema.attributes, attribute, &Attribute::name);
  if (found != schema.attributes.end() && (found->type == AttributeType::kF64 || found->type == AttributeType::kTags)) {
    return Error{.code = Code::kInvalidArgument,
                 .what = "attribute '" + std::string(attribute) + "': expected i64, bool or string to go by, found " +
                         std::string(name(found->type))};
  }
  const DataRequest request{.names = std::vector<std::string>{std::string(attribute)}, .payloads = false};
  NEARLINE_CHECK(index.data({}, request));  // an unknown attribute is refused before any record is read
  NEARLINE_TRY(ids, ids_of(index, field));
  std::vector<std::string> texts;
  texts.reserve(ids.size());
  for (std::size_t first = 0; first < ids.size(); first += kRecordsAtOnce) {
    const std::size_t count = std::min(kRecordsAtOnce, ids.size() - first);
    NEARLINE_TRY(data, index.data(std::span(ids).subspan(first, count), request));
    for (const Value& value : data.values) texts.push_back(text_of(value));
  }
  return engine::labels_of(ids, texts);
}

Result<Verification> verify_labels(const Index& index, const MatrixView& queries, const Labels& record_labels,
                                   const Labels& query_labels, std::span<const Id> selves,
                                   const VerificationOptions& options) {
  NEARLINE_CHECK(engine::check_labels(query_labels, selves, queries.rows));
  NEARLINE_TRY(info, index.info(options.search.field));
  SearchOptions search = options.search;
  search.k = static_cast<std::uint32_t>(std::max<std::uint64_t>(1, std::min<std::uint64_t>(info.count, kMaxRecords)));
  search.exact = true;
  search.recall = 0;
  search.walk_prefix = 0;
  const std::vector<std::uint32_t> wanted = engine::translated(query_labels, record_labels);
  const std::size_t most = std::max<std::size_t>(1, static_cast<std::size_t>(options.most_pairs / search.k));
  const std::size_t step = std::max<std::size_t>(1, (queries.rows + most - 1) / most);
  Verification result;
  std::vector<float> same;
  std::vector<float> other;
  for (std::size_t q = 0; q < queries.rows; q += step) {
    if (wanted[q] == Labels::kNone) continue;
    ++result.queries;
    NEARLINE_TRY(found, index.search({queries.row(q), 1, queries.dim, queries.type}, search));
    for (std::uint32_t i = 0; i < found.counts[0]; ++i) {
      if (!selves.empty() && found.ids[i] == selves[q]) continue;
      const std::uint32_t label = record_labels.label_of(found.ids[i]);
      if (label != Labels::kNone) (label == wanted[q] ? same : other).push_back(found.distances[i]);
    }
  }
  result.same = same.size();
  result.other = other.size();
  NEARLINE_TRY(curve, verification_curve(std::move(same), std::move(other), options.rates));
  result.curve = std::move(curve);
  return result;
}

}  // namespace nearline
