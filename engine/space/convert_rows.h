// SPDX-License-Identifier: Apache-2.0
/// Changes the element type of vectors where every value keeps its meaning.
#pragma once

#include <cstdint>
#include <optional>

#include "nearline/result.h"
#include "nearline/types.h"

namespace nearline::engine {

/// Whether any values can go from one type to the other: bits only to bits, numbers to numbers.
[[nodiscard]] constexpr bool convertible(ElementType from, ElementType to) noexcept {
  return (from == ElementType::kB1) == (to == ElementType::kB1);
}

/// Converts each row of `in` to `to`, at `out` [in.rows x vector_bytes(to, in.dim)]: floats to any float type, rounded
/// to nearest; integers to floats; anything else only when it fits exactly. Infinity and NaN stay what they are among
/// floats, but no finite value becomes infinite. Precondition: convertible(in.type, to).
/// Returns the first row that holds a value which does not fit, or nothing.
[[nodiscard]] std::optional<std::size_t> convert_rows(const MatrixView& in, ElementType to, std::byte* out);

}  // namespace nearline::engine
