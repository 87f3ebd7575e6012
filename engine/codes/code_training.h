// SPDX-License-Identifier: Apache-2.0
/// Learns from a sample how to code the vectors of a segment.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "format/code_book.h"
#include "nearline/types.h"

namespace nearline::engine {

/// The code bytes that serve a dimension well when the user does not say: a quarter of a byte an axis, 12 to 68.
std::uint32_t default_code_bytes(std::uint32_t dim) noexcept;

/// Takes out of a sample the few rows that lie so far out that a book fitted to them would serve no other. Where they
/// are not few they are what the book is for, and stay. rows: [count x dim].
void drop_far_rows(std::vector<float>& rows, std::uint32_t dim);

/// rows: [count x dim] f32, of unit length under cosine.  code_bytes: of a whole code, above kCodeHeadBytes.
/// Returns none when the sample does not vary, or by less than f32 can tell. Deterministic at any number of threads.
/// Precondition: format::can_code, count above 0.
std::optional<format::CodeBook> train_code_book(std::span<const float> rows, std::uint32_t dim, Metric metric,
                                                std::uint32_t code_bytes, std::uint32_t threads);

}  // namespace nearline::engine
