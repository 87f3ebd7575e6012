// SPDX-License-Identifier: Apache-2.0
/// Which vectors a metric can compare in f32.
#pragma once

#include <cstdint>

#include "nearline/types.h"

namespace nearline::engine {

/// Why a vector cannot be compared, as the end of a sentence that begins with its name; null when it can. Under l2 and
/// ip no two vectors that can be compared are so far apart that f32 could not hold it.
const char* unfit(Metric metric, ElementType type, const std::byte* vector, std::uint32_t dim) noexcept;

/// The same of a query, which says nothing under ip, too, when it is all zeros.
const char* unfit_query(Metric metric, ElementType type, const std::byte* query, std::uint32_t dim) noexcept;

}  // namespace nearline::engine
