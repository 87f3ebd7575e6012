// SPDX-License-Identifier: Apache-2.0
/// Makes every record of a linked image reachable from the entry points.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/link/record_image.h"
#include "engine/space/space.h"

namespace nearline::engine {

struct ReachReport {
  std::vector<std::uint32_t> entries;
  std::uint64_t repaired = 0;
};

/// Gives each record that no path leads to an edge from the nearest record that has room for one; where none of those
/// that a search finds has room, the record becomes an entry point itself. Existing edges stay, so nothing that was
/// reachable is lost.
ReachReport make_reachable(RecordImage& image, const Space& space, std::vector<std::uint32_t> entries,
                           std::uint32_t degree, std::uint32_t l);

}  // namespace nearline::engine
