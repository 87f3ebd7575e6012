// SPDX-License-Identifier: Apache-2.0
/// Groups the records of an image into small leaves of near ones: a random ball partition, level by level.
/// Source: the partition of PiPNN (arXiv 2602.21247), without its overlap.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/link/record_image.h"
#include "engine/space/space.h"

namespace nearline::engine {

/// A permutation of all records, and where in it each leaf ends.
struct Leaves {
  std::vector<std::uint32_t> order;
  std::vector<std::uint32_t> ends;

  [[nodiscard]] std::span<const std::uint32_t> leaf(std::size_t i) const noexcept {
    const std::uint32_t first = i == 0 ? 0 : ends[i - 1];
    return std::span(order).subspan(first, ends[i] - first);
  }
};

/// Leaves of at most `most` records each. Another seed gives another tree; threads do not change it.
Leaves grow_leaves(const RecordImage& image, const Space& space, std::uint32_t most, std::uint64_t seed,
                   std::uint32_t threads);

}  // namespace nearline::engine
