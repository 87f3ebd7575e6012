// SPDX-License-Identifier: Apache-2.0
/// Sees to it that a record's nearest neighbour points back at it. One that lies farther out than its neighbours (the
/// long ones of a Gaussian cloud, say) finds them, but each of these has nearer ones to point to: no walk would find
/// it, not even one that looks for the record itself.
#pragma once

#include <cstdint>

#include "engine/link/record_image.h"
#include "engine/space/space.h"

namespace nearline::engine {

/// Each record that is not in the list of its own first neighbour gets a place there: a free one, or that of the
/// farthest record to which enough other edges lead; none where there is none. No list grows beyond `degree`; what
/// could be reached before may not be any more. The result does not depend on threads.
void reciprocate(RecordImage& image, const Space& space, std::uint32_t degree, std::uint32_t threads);

}  // namespace nearline::engine
