// SPDX-License-Identifier: Apache-2.0
/// What eval holds answers against: exact neighbours, relevance judgments, or labels.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nearline/evaluate.h"
#include "tools/args.h"
#include "tools/batch_search.h"
#include "tools/recall.h"

namespace nearline::tools {

/// What the command line says of it: one of the first three.
struct JudgedBy {
  std::filesystem::path truth, qrels;
  std::string labels;                  ///< an attribute, or a file
  std::filesystem::path query_labels;  ///< with labels; none: queries are the records
};

/// Declares --truth, --qrels, --labels and --query-labels.
void declare_judged_by(Args& args, JudgedBy& target);

/// A figure of answers, as JSON and as the table call it.
struct NamedFigure {
  const char* key;
  const char* title;
  double value;
};

class Judgement {
 public:
  /// Errors: those of the files; kInvalidArgument where none or several are given, or labels fit no queries.
  static Result<Judgement> open(const JudgedBy& by, const OpenSearch& search, const SearchSetup& setup);

  /// Answers that a search has to give for `k` to judge: one more where queries are records.
  [[nodiscard]] std::uint32_t asked(std::uint32_t k) const noexcept { return selves_.empty() ? k : k + 1; }

  /// The figures of answers, the one that --fail-below goes by first.
  [[nodiscard]] Result<std::vector<NamedFigure>> of(const SearchResult& result) const;

  [[nodiscard]] bool by_labels() const noexcept { return labels_.has_value(); }
  /// The verification curve of the queries. Precondition: by_labels(). Errors: kInvalidArgument where there are no
  /// pairs of both kinds.
  [[nodiscard]] Result<Verification> verification(const OpenSearch& search, const SearchSetup& setup) const;

 private:
  Judgement() = default;
  Result<void> take_labels(const JudgedBy& by, const OpenSearch& search, const SearchSetup& setup);

  std::optional<NeighborTable> truth_;
  Schema schema_;
  std::optional<Relevance> relevance_;
  std::optional<Labels> labels_;
  Labels query_labels_;
  std::vector<Id> selves_;
};

}  // namespace nearline::tools
