// SPDX-License-Identifier: Apache-2.0
/// The answers of one query page by page (nearline/paging.h). Nothing of a walk is kept: what is behind the last answer
/// is found by a search for more, of which all up to that answer is left out.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/file/opened_by.h"
#include "engine/query/snapshot.h"
#include "engine/walk/answers.h"
#include "nearline/paging.h"

namespace nearline::engine {

/// What was given so far: so many answers, the last of them this one.
struct Given {
  std::uint64_t count = 0;
  Hit last{};

  /// Whether a record comes behind it.
  [[nodiscard]] bool precedes(const Hit& hit) const noexcept { return count == 0 || last < hit; }
};

/// Answers that a search found behind those given.
struct Following {
  std::vector<Hit> hits;  ///< nearest first
  bool all = false;       ///< there are no others
  bool no_room = false;   ///< the memory budget has none for a search that goes so far
  std::uint64_t late = 0;
  float expected_recall = 1;
  QueryStats stats;
};

/// What `Index::cursor` gives. Threads: one at a time.
class PagedAnswers {
 public:
  static Result<PagedAnswers> begin(std::shared_ptr<const Snapshot> commit, const MatrixView& query,
                                    const SearchOptions& options);
  Result<AnswerPage> next(std::uint32_t n);

 private:
  PagedAnswers(std::shared_ptr<const Snapshot> commit, const MatrixView& query, const SearchOptions& options);

  OpenedBy opened_by_;
  std::shared_ptr<const Snapshot> commit_;
  std::vector<std::byte> vector_;
  MatrixView query_;  ///< over vector_, which moves with it
  SearchOptions options_;
  Given given_;
  Following found_;  ///< its hits are not given yet
  std::size_t at_ = 0;
};

/// As Index::search_page.
Result<AnswerPage> page_behind(const Snapshot& commit, const MatrixView& query, const SearchOptions& options,
                               std::string_view token);

}  // namespace nearline::engine
