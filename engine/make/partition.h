// SPDX-License-Identifier: Apache-2.0
/// Divides records into overlapping parts that are linked one after another when memory is short.
/// Source: the partitioned build of DiskANN (NeurIPS 2019, section 3.2): each record in two parts, lists united.
/// Cells around random records stand in for k-means, so that every metric is served alike.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/make/spill.h"
#include "engine/space/space.h"

namespace nearline::engine {

struct PartitionOptions {
  std::uint32_t parts = 2;
  std::uint64_t capacity = 0;  ///< most records of one part
  std::uint32_t threads = 1;
  std::uint64_t seed = 1;
};

/// The two parts of a record; `home` is the one of its nearest cell. Equal when no second part had room.
struct PartPair {
  std::uint16_t home;
  std::uint16_t other;
};

/// Precondition: 2 <= parts <= 4096, parts * capacity >= 2 * rows.
/// Errors: those of the spill.
Result<std::vector<PartPair>> partition(Spill& rows, const Space& space, const PartitionOptions& options);

}  // namespace nearline::engine
