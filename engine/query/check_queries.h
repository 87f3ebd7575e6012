// SPDX-License-Identifier: Apache-2.0
/// What is asked of an index, checked at the door and brought into the form in which it is compared.
#pragma once

#include <vector>

#include "nearline/result.h"
#include "nearline/search.h"
#include "nearline/types.h"

namespace nearline::engine {

class Snapshot;

/// Queries that were checked: as they came, or what the index's transform made of them.
class AskedRows {
 public:
  /// Borrows the queries. Errors: those of Index::search for its arguments.
  static Result<AskedRows> of(const Snapshot& index, const MatrixView& queries, const SearchOptions& options);

  [[nodiscard]] const MatrixView& rows() const noexcept { return rows_; }

 private:
  AskedRows(const MatrixView& rows, std::vector<float> transformed) noexcept
      : transformed_(std::move(transformed)), rows_(rows) {}

  std::vector<float> transformed_;
  MatrixView rows_;
};

/// `queries` as the index's transform leaves them, [queries.rows x dim]. Errors: kBadInput, naming the row.
Result<std::vector<float>> transformed(const Snapshot& index, const MatrixView& queries);

}  // namespace nearline::engine
