// SPDX-License-Identifier: Apache-2.0
/// What is asked of an index, checked at the door and brought into the form in which it is compared.
#pragma once

#include <vector>

#include "engine/space/weighting.h"
#include "nearline/result.h"
#include "nearline/search.h"
#include "nearline/types.h"

namespace nearline::engine {

class Snapshot;

/// How dimensions count in one call, and while a walk by distance is under way.
struct Weightings {
  Weighting last, walk;
  bool funnel = false;  ///< they differ

  [[nodiscard]] const Weighting* answers() const noexcept { return last.all() ? nullptr : &last; }
  [[nodiscard]] const Weighting* walks() const noexcept { return funnel ? &walk : nullptr; }
};

/// Queries that were checked: as they came, or what the index's transform made of them; and what of them counts.
class AskedRows {
 public:
  /// Borrows the queries. Errors: those of Index::search for its arguments.
  static Result<AskedRows> of(const Snapshot& index, const MatrixView& queries, const SearchOptions& options);

  [[nodiscard]] const MatrixView& rows() const noexcept { return rows_; }
  [[nodiscard]] const Weightings& weightings() const noexcept { return weightings_; }

 private:
  AskedRows(const MatrixView& rows, std::vector<float> transformed, Weightings weightings) noexcept
      : transformed_(std::move(transformed)), rows_(rows), weightings_(std::move(weightings)) {}

  std::vector<float> transformed_;
  MatrixView rows_;
  Weightings weightings_;
};

/// `queries` as the index's transform leaves them, [queries.rows x dim]. Errors: kBadInput, naming the row.
Result<std::vector<float>> transformed(const Snapshot& index, const MatrixView& queries);

}  // namespace nearline::engine
