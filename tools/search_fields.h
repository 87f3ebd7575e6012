// SPDX-License-Identifier: Apache-2.0
/// The search of nearline search that is for what is near in several fields together.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/args.h"
#include "tools/batch_search.h"

namespace nearline::tools {

struct FieldsSearch {
  std::vector<FieldWeight> weights, limits;
  std::optional<double> missing;
  std::string choose_by;
  std::uint32_t candidates = 100;
};

/// Declares --weight --limit --missing --choose-by --candidates.
void declare_fields_search(Args& args, FieldsSearch& target);

/// Answers all queries of setup.field_queries. Errors: those of Index::search_fields, and of the files.
Result<SearchResult> search_by_fields(const Index& index, const SearchSetup& setup, const FieldsSearch& fields);

}  // namespace nearline::tools
