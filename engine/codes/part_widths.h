// SPDX-License-Identifier: Apache-2.0
/// Which axes share a byte of a code.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace nearline::engine {

/// Gives bits to axes by reverse water-filling, as many as `parts` bytes have, and cuts the axes, in order, into parts
/// of about eight bits each. Returns how many axes each part has; axes that get no bits are in none.
/// variance: descending, not negative. At most `parts` widths, fewer where axes are few; none when nothing varies.
/// Source: reverse water-filling, Cover and Thomas, Elements of Information Theory, theorem 10.3.3.
std::vector<std::uint32_t> part_widths(std::span<const float> variance, std::uint32_t parts);

}  // namespace nearline::engine
