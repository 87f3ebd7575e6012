// SPDX-License-Identifier: Apache-2.0
/// Records of the index as queries to itself, and their exact neighbours without themselves.
#pragma once

#include <vector>

#include "nearline/vector_file.h"
#include "tools/batch_search.h"

namespace nearline::tools {

/// Queries with their true neighbours.
struct Trial {
  std::vector<std::byte> bytes;
  MatrixView queries;
  NeighborTable truth;
  std::vector<Id> own;  ///< the record that each query is; empty for queries from elsewhere
};

/// `count` records drawn by `seed`, or all when there are no more; no truth yet.
/// Errors: those of Index::get.
Result<Trial> sample_records(const Index& index, std::size_t count, std::uint64_t seed);

/// Finds the truth of open.queries by comparing them with every record, `k` for each.  as_stored: they are records.
/// Errors: those of search_all; kCancelled.
Result<SearchResult> search_exactly(OpenSearch& open, const SearchSetup& setup, std::uint32_t k, bool as_stored,
                                    const ProgressFn& progress);

/// Takes from each row the record that the query is, or the last one where that is not in it: a column less.
/// Precondition: found.k > 1, one of `own` for each row.
SearchResult without_own(const SearchResult& found, std::span<const Id> own);

/// The truth table of an exact search, its first k columns.
NeighborTable as_truth(const SearchResult& exact, std::uint32_t k);

/// The local intrinsic dimensionality around each query that has one, ascending. found: without the queries themselves.
/// Source: by maximum likelihood, Amsaleg et al., "Estimating local intrinsic dimensionality", KDD 2015, equation 5.
std::vector<double> local_dimensions(const SearchResult& exact);

}  // namespace nearline::tools
