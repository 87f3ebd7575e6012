// SPDX-License-Identifier: Apache-2.0
/// The answers of one query page by page: with a cursor, which stays with the commit that it began on, or with a token,
/// which a server gives away and forgets.
///
/// Both keep the order (distance, id). What was given never comes again, and of records at one distance none is lost
/// or repeated where a page ends between them. A page goes on with a longer search, and a longer search now and then
/// finds a record nearer than what was given already: such a one comes too late, is left out, and counted. Exact
/// searches have none of these.
///
/// What it costs: no walk is kept between pages. The next page searches anew for all that was given and as many more,
/// so it reads what it read before unless that is still in the cache, and what is new. A cursor asks for twice as many
/// each time and keeps what it has not given yet, so that n answers cost what searches for two to four times n do.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nearline/export.h"
#include "nearline/result.h"
#include "nearline/search.h"
#include "nearline/types.h"

namespace nearline {

/// Some answers, nearest first, ties to the smaller id.
struct AnswerPage {
  std::vector<Id> ids;
  std::vector<float> distances;
  bool end = false;  ///< nothing comes behind these
  /// Up to this distance, itself included, the pages so far are as complete as `expected_recall` says: infinity where
  /// there are no more records, less where the memory budget has no room for a longer walk, which is an end too.
  float complete_to = 0;
  float expected_recall = 1;  ///< as SearchResult::expected_recall
  std::uint64_t late = 0;     ///< records found too late for an earlier page, at this moment; they are left out
  QueryStats stats;           ///< of this page alone
  /// For `Index::search_page`: what the next call takes; empty at the end. Base64url, 72 characters.
  std::string next;
};

/// One query's answers on one commit, as `Index::cursor` gives it. The index may be refreshed, and may go, meanwhile:
/// what is open of its commit stays open with the cursor, with the index's memory budget.
/// Threads: one at a time; several cursors at once.
class NEARLINE_API Cursor {
 public:
  Cursor(Cursor&&) noexcept;
  Cursor& operator=(Cursor&&) noexcept;
  ~Cursor();

  /// The next `n` answers, fewer only at the end. Takes 16 bytes for each answer that was found and not given yet,
  /// beside the budget. After an error the cursor stands where it stood.
  /// Errors: kInvalidArgument for n of 0, or a recall that the calibration does not reach for so many; kCorrupt, kIo.
  Result<AnswerPage> next(std::uint32_t n);

 private:
  friend class Index;
  class Impl;
  explicit Cursor(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nearline
