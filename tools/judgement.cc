// SPDX-License-Identifier: Apache-2.0
#include "tools/judgement.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <numeric>

namespace nearline::tools {
namespace {

/// Ids of all records that have the field, ascending.
Result<std::vector<Id>> ids_of(const Index& index, const std::string& field) {
  std::vector<Id> ids;
  NEARLINE_CHECK(index.for_each(
      4096,
      [&ids](std::span<const Id> some, const MatrixView&) -> Result<void> {
        ids.insert(ids.end(), some.begin(), some.end());
        return {};
      },
      field));
  return ids;
}

bool has_attribute(const Schema& schema, const std::string& name) {
  return std::ranges::find(schema.attributes, name, &Attribute::name) != schema.attributes.end();
}

}  // namespace

void declare_judged_by(Args& args, JudgedBy& target) {
  args.file("--truth", target.truth, "exact neighbours of the queries, as truth writes them: recall");
  args.file("--qrels", target.qrels,
            "relevance judgments, QUERY ID GRADE or as TREC has them: MAP, nDCG, MRR, recall of what is relevant");
  args.text("--labels", target.labels, "ATTRIBUTE|FILE",
            "classes of the records, by an attribute or a line for each in the order of ids: k-NN accuracy, MAP, "
            "verification");
  args.file("--query-labels", target.query_labels,
            "with --labels: a line for each query; without it queries are the records, in the order of ids");
  args.either("--truth", "--qrels");
  args.either("--truth", "--labels");
  args.either("--qrels", "--labels");
}

Result<Judgement> Judgement::open(const JudgedBy& by, const OpenSearch& search, const SearchSetup& setup) {
  Judgement judgement;
  if (by.truth.empty() && by.qrels.empty() && by.labels.empty())
    return Error{Code::kInvalidArgument, "expected --truth, --qrels or --labels to judge answers by"};
  if (!by.query_labels.empty() && by.labels.empty())
    return Error{Code::kInvalidArgument, "--query-labels: expected --labels with it"};
  if (!by.truth.empty()) {
    NEARLINE_TRY(truth, read_truth(by.truth, search.queries.rows, setup.search.k));
    NEARLINE_TRY(info, search.index.info(setup.search.field));
    judgement.truth_ = std::move(truth);
    judgement.schema_ = info.schema;
  } else if (!by.qrels.empty()) {
    NEARLINE_TRY(relevance, read_qrels(by.qrels, search.queries.rows));
    judgement.relevance_ = std::move(relevance);
  } else {
    NEARLINE_CHECK(judgement.take_labels(by, search, setup));
  }
  return judgement;
}

Result<void> Judgement::take_labels(const JudgedBy& by, const OpenSearch& search, const SearchSetup& setup) {
  NEARLINE_TRY(ids, ids_of(search.index, setup.search.field));
  const bool file = !has_attribute(search.index.info().schema, by.labels) && std::filesystem::exists(by.labels);
  auto labels = file ? read_labels(by.labels, ids) : labels_by(search.index, by.labels, setup.search.field);
  if (!labels) {
    Error error = std::move(labels).error();
    return file ? error : std::move(error).in(setup.index.string());
  }
  labels_ = *std::move(labels);
  if (!by.query_labels.empty()) {
    std::vector<Id> rows(search.queries.rows);
    std::iota(rows.begin(), rows.end(), Id{0});
    NEARLINE_TRY(of_queries, read_labels(by.query_labels, rows));
    query_labels_ = std::move(of_queries);
    return {};
  }
  if (search.queries.rows != ids.size()) {
    return Error{Code::kInvalidArgument,
                 fmt::format("queries: expected --query-labels, or the {} records themselves, found {} rows",
                             ids.size(), search.queries.rows),
                 setup.queries.string()};
  }
  query_labels_ = *labels_;
  selves_ = std::move(ids);
  return {};
}

Result<std::vector<NamedFigure>> Judgement::of(const SearchResult& result) const {
  if (truth_) return std::vector<NamedFigure>{{"recall", "recall", Recall(*truth_, schema_, result.k).of(result)}};
  if (relevance_) {
    NEARLINE_TRY(got, judge_answers(result, *relevance_));
    return std::vector<NamedFigure>{
        {"ndcg", "nDCG", got.ndcg}, {"map", "MAP", got.map}, {"mrr", "MRR", got.mrr}, {"recall", "recall", got.recall}};
  }
  NEARLINE_TRY(got, judge_labels(result, *labels_, query_labels_, selves_));
  return std::vector<NamedFigure>{{"accuracy", "k-NN", got.accuracy},
                                  {"map", "MAP", got.retrieval.map},
                                  {"ndcg", "nDCG", got.retrieval.ndcg},
                                  {"mrr", "MRR", got.retrieval.mrr},
                                  {"recall", "recall", got.retrieval.recall}};
}

Result<Verification> Judgement::verification(const OpenSearch& search, const SearchSetup& setup) const {
  assert(by_labels());
  VerificationOptions options;
  options.search = setup.search;
  return verify_labels(search.index, search.queries, *labels_, query_labels_, selves_, options);
}

}  // namespace nearline::tools
