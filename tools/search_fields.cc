// SPDX-License-Identifier: Apache-2.0
#include "tools/search_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "tools/vectors_in.h"

namespace nearline::tools {

void declare_fields_search(Args& args, FieldsSearch& target) {
  constexpr double kMost = std::numeric_limits<float>::max();
  args.weights(target.weights);
  args.limits(target.limits);
  args.real(
      "--missing", target.missing,
      "with several fields: the distance that a record counts with where it lacks one; unless said it is no answer",
      -kMost, kMost);
  args.text("--choose-by", target.choose_by, "NAME",
            "with several fields: only what a search in this one finds is compared by all");
  args.number("--candidates", target.candidates, "with --choose-by: how many that are", 1, 65'536);
}

Result<SearchResult> search_by_fields(const Index& index, const SearchSetup& setup, const FieldsSearch& fields) {
  std::vector<std::vector<std::byte>> bytes;
  std::vector<FieldQueries> asked;
  for (const FieldFile& given : setup.field_queries) {
    NEARLINE_TRY(file, open_vectors(given.file));
    NEARLINE_TRY(all, file.read_all());
    bytes.push_back(std::move(all));
    asked.push_back({.field = given.field,
                     .queries = {bytes.back().data(), static_cast<std::size_t>(file.rows()), file.dim(), file.type()}});
  }
  const auto asked_of = [&asked](const char* option, const FieldWeight& given) -> Result<FieldQueries*> {
    const auto of = std::ranges::find(asked, given.field, &FieldQueries::field);
    if (of != asked.end()) return &*of;
    return Error{Code::kInvalidArgument,
                 fmt::format("{} {}: expected --field {}=QUERIES with it", option, given.field, given.field)};
  };
  for (const FieldWeight& given : fields.weights) {
    NEARLINE_TRY(of, asked_of("--weight", given));
    of->weight = given.weight;
  }
  for (const FieldWeight& given : fields.limits) {
    NEARLINE_TRY(of, asked_of("--limit", given));
    of->limit = given.weight;
  }
  FusionOptions options{.k = setup.search.k,
                        .exact = setup.search.exact,
                        .filter = setup.search.filter,
                        .choose_by = fields.choose_by,
                        .candidates = fields.candidates};
  if (fields.missing) options.missing = static_cast<float>(*fields.missing);
  return index.search_fields(asked, options);
}

}  // namespace nearline::tools
