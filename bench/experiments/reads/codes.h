// SPDX-License-Identifier: Apache-2.0
/// Ways to make a vector small. Each gives back what its bytes still say: the estimate of a squared distance is
/// |q - mean|^2 + offset - 2 factor <q - mean, decoded>.
#pragma once

#include <string>

#include "world.h"

namespace nearline::experiments {

struct Codes {
  Vector mean;
  Matrix rotation;  ///< [dim x dim]: decoded vectors are in rotated space
  Matrix decoded;   ///< [records x dim]
  Vector offset;    ///< by record
  Vector factor;    ///< by record
  double bytes = 0;
};

/// what: "exact", "pca:B" (principal axes, water-filled bits, B bytes in all, 4 of them norm and factor),
/// "axes:B" (the same, but the axes that share a byte are quantized together, to 256 centroids),
/// "pq:M" (M sub-spaces of 256 centroids), "rabitq:b" (random rotation, b bits an axis, 8 bytes more).
Codes encode(const World& world, const std::string& what);

}  // namespace nearline::experiments
