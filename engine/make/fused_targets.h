// SPDX-License-Identifier: Apache-2.0
/// Chooses what a fused page points to when its table has no room for all.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace nearline::engine {

/// lists: of the page's records, the nearest first; first, slots: ordinals of the page. Returns the targets that stand
/// on other pages, in ascending order: all of them, or `room` of most weight. A neighbour weighs the more the nearer it
/// is, and for each record that has it; of equals the smaller ordinals are kept.
std::vector<std::uint32_t> choose_targets(std::span<const std::vector<std::uint32_t>> lists, std::uint32_t first,
                                          std::uint32_t slots, std::uint32_t room);

}  // namespace nearline::engine
