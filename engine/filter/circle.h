// SPDX-License-Identifier: Apache-2.0
/// All places within a distance of one: which keys they may have, and whether one is among them.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/columns/column.h"
#include "nearline/places.h"

namespace nearline::engine {

struct Circle {
  Place centre{};
  double metres = 0;
  bool rim = false;  ///< what is just so far is within

  [[nodiscard]] bool holds(std::uint64_t key) const noexcept;
};

/// Ranges outside which no key is within: those of a rectangle, or of two beside the date line.
std::vector<KeyRange> keys_around(const Circle& circle);

}  // namespace nearline::engine
