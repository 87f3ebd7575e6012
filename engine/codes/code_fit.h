// SPDX-License-Identifier: Apache-2.0
/// Whether a code book that was learned from other vectors tells these apart. One that does not makes them seem as far
/// away as all others, so that no walk by codes finds them: whoever takes over a book looks first.
#pragma once

#include <span>

#include "format/code_book.h"
#include "nearline/types.h"

namespace nearline::engine {

/// The share of rows whose estimates are wrong by several times as much as those of the rows that the book was learned
/// from, each seen from some of the others. rows: [count x dim] f32, of unit length under cosine.
double misfit_share(const format::CodeBook& book, Metric metric, std::span<const float> rows);

}  // namespace nearline::engine
