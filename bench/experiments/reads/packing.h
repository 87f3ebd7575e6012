// SPDX-License-Identifier: Apache-2.0
/// Which records share a page.
#pragma once

#include <string>

#include "world.h"

namespace nearline::experiments {

struct Packing {
  std::vector<std::uint32_t> page_of;               ///< by ordinal
  std::vector<std::vector<std::uint32_t>> members;  ///< by page
  double local_edges = 0;                           ///< share of edges that stay on their page
};

/// how: "order" (as the index has them), "greedy" (a page grows by the record with most edges to its members, near ones
/// weighing more; the next seed is the next in order), or "paths" (edges weigh what walks used them, in `uses` by
/// edge).
Packing pack(const World& world, std::uint32_t slots, const std::string& how, const std::vector<float>& uses = {});

}  // namespace nearline::experiments
