// SPDX-License-Identifier: Apache-2.0
/// Latencies in few numbers.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

namespace nearline::tools {

/// The smallest value that `share` of the ascending values do not exceed; 0 of none.
inline double percentile(std::span<const double> ascending, double share) noexcept {
  if (ascending.empty()) return 0;
  const double rank = std::ceil(share * static_cast<double>(ascending.size()));
  return ascending[std::min(ascending.size(), std::max<std::size_t>(1, static_cast<std::size_t>(rank))) - 1];
}

}  // namespace nearline::tools
