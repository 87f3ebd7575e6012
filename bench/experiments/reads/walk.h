// SPDX-License-Identifier: Apache-2.0
/// Best-first search that pays for pages: candidates are ordered by their code's estimate until their page is read,
/// then by their distance; every record of a page that was read is compared; what lies on read pages is expanded first.
#pragma once

#include "codes.h"
#include "packing.h"

namespace nearline::experiments {

struct Outcome {
  double recall = 0;
  double reads = 0;
  double hops = 0;
  double estimates = 0;
};

struct WalkPlan {
  std::uint32_t l = 40;
  std::uint32_t k = 10;
  std::uint32_t entries = 8;
  double sample = 0.02;                ///< share of the records that is resident and scored for entries
  std::vector<float>* uses = nullptr;  ///< by edge: how often a walk went this way
};

/// All queries of the world; the means.
Outcome walk_all(const World& world, const Codes& codes, const Packing& packing, const WalkPlan& plan);

}  // namespace nearline::experiments
