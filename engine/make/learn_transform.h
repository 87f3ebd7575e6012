// SPDX-License-Identifier: Apache-2.0
/// What a transform learns from the rows of a build: a mean, and principal axes.
#pragma once

#include <cstdint>

#include "engine/make/spill.h"
#include "nearline/transform.h"

namespace nearline::engine {

/// rows: as they are before the step `first`, the first that has something to learn, in f32. Learns from up to 16384 of
/// them, those of the least hashes, so that their order does not matter; a mean is that of the sample, too.
/// memory_bytes: bound on what is held at once. Errors: kInvalidArgument where there is no row to learn from;
/// kOverBudget, naming the least bound; kBadInput for a sample of which no row goes through the steps; those of
/// reading.
Result<Transform> learn_transform(Spill& rows, const Transform& transform, std::size_t first,
                                  std::uint64_t memory_bytes);

/// The components of a vector before the step.
std::uint32_t dim_before(const Transform& transform, std::size_t step) noexcept;

/// Steps [first, end) as a transform of their own.
Transform part_of(const Transform& transform, std::size_t first, std::size_t end);

}  // namespace nearline::engine
