// SPDX-License-Identifier: Apache-2.0
/// Chooses which records share a page, so that one page read serves several hops.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/link/record_image.h"

namespace nearline::engine {

/// order[i]: the image's record that takes ordinal i. A page grows from a seed by the record with most edges to its
/// members, nearer edges counting more; the next seed is the best record that the last page left over, so that
/// neighbouring pages are neighbours in space too. Every page but the last is full. Deterministic.
/// Source: block shuffling of Starling (SIGMOD 2024), grown greedily; measured in docs/decisions.md.
std::vector<std::uint32_t> pack(const RecordImage& image, std::uint32_t slots);

}  // namespace nearline::engine
