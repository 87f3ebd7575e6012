// SPDX-License-Identifier: Apache-2.0
/// What search, eval and report share: an index opened for a file of queries, and all of them answered on several
/// threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <vector>

#include "nearline/index.h"
#include "nearline/vector_file.h"
#include "tools/args.h"
#include "tools/weights_in.h"

namespace nearline::tools {

/// The options that all of them have.
struct SearchSetup {
  std::filesystem::path index, queries;
  std::string form;  ///< of queries whose name does not say it
  OpenOptions open;
  SearchOptions search;
  std::list<FieldFile> field_queries;  ///< of a search by several fields, in place of queries
  WeightsIn weights;                   ///< where the command has them; `search` has them once they are read
  std::uint32_t batch = 64;            ///< queries given to the library at once by each thread
};

/// Declares INDEX QUERIES, and what declare_search_options does, of which --field may be a name alone.
void declare_search_setup(Args& args, SearchSetup& setup);

/// Declares -k --filter --beam-width --io --rank --memory --threads --untrusted --batch.
void declare_search_options(Args& args, SearchSetup& setup);

/// The threads that will search: setup.open.threads, or one a processor.
std::uint32_t thread_count(const SearchSetup& setup) noexcept;

/// An open index and queries that fit it.
struct OpenSearch {
  Index index;
  std::vector<std::byte> bytes;
  MatrixView queries;
};

/// Errors: those of Index::open and VectorFile; kInvalidArgument for queries of another dimension or type.
Result<OpenSearch> open_search(const SearchSetup& setup);

/// Gives `answer` all queries, setup.batch of them at a time, on several threads. first: the row of the first of some.
/// A row that cannot be searched for is refused before any of its batch is. The first error by row number wins, and
/// names the row in the file. recall: that `answer` asks for, or 0; one that the index does not know is the index's
/// fault.
using Answer = std::function<Result<void>(std::size_t first, const MatrixView& some)>;
Result<void> answer_all(const OpenSearch& open, const SearchSetup& setup, float recall, const Answer& answer);

/// The beam width of all batches, so that an answer does not depend on the batch that it is in.
std::uint32_t common_beam_width(const OpenSearch& open, std::uint32_t asked) noexcept;

/// Answers all queries as answer_all does; each thread takes setup.batch of them at a time. The first error by row
/// number wins, and names the row in the file.
Result<SearchResult> search_all(const OpenSearch& open, const SearchSetup& setup, const SearchOptions& options);

}  // namespace nearline::tools
