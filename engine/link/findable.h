// SPDX-License-Identifier: Apache-2.0
/// Mends what a walk cannot find though a path leads there: a cluster far from all others lies behind a local minimum
/// of every greedy search that begins elsewhere.
#pragma once

#include <cstdint>
#include <span>

#include "engine/link/record_image.h"
#include "engine/space/space.h"

namespace nearline::engine {

/// Searches for a sample of the records, evenly spread over the image, from the entry points. Those that a search does
/// not find get an edge from the nearest record that it found instead and that has room for one: the same search finds
/// them then. Existing edges stay, and no list grows beyond `degree`. The result does not
/// depend on threads.
void make_findable(RecordImage& image, const Space& space, std::span<const std::uint32_t> entries, std::uint32_t degree,
                   std::uint32_t threads);

}  // namespace nearline::engine
