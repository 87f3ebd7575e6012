// SPDX-License-Identifier: Apache-2.0
/// Links the records of an image into a graph that greedy search can walk: several trees of small leaves, in which all
/// pairs are compared; back edges; one refining pass of short searches. Everything is pruned straight into the lists of
/// the image, so the memory beside it is a few bytes per record.
/// Sources: PiPNN (arXiv 2602.21247) for linking by partition, Vamana (DiskANN, NeurIPS 2019) for pruning, ParlayANN
/// (PPoPP 2024) for batches on a frozen graph, which keep the result independent of threads. Measured against Vamana
/// and hnswlib in docs/experiments/builders.md.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/link/known_lists.h"
#include "engine/link/nearness.h"
#include "engine/link/record_image.h"
#include "nearline/types.h"

namespace nearline::engine {

struct LinkOptions {
  std::uint32_t degree = 32;  ///< R
  std::uint32_t l = 25;       ///< candidates kept by the refining search
  float alpha = 1.2F;
  std::uint32_t entries = 1;  ///< walks begin at this many records, while linking and afterwards
  std::uint32_t threads = 1;
  std::uint64_t seed = 1;
  ProgressFn progress;
  KnownLists* known = nullptr;  ///< lists to begin with; null: there are none
};

struct LinkReport {
  std::vector<std::uint32_t> entries;  ///< where walks begin; every record can be reached from them
  std::uint64_t repaired = 0;          ///< records that could not be reached before an edge was added for them
  std::vector<std::uint32_t> rows;     ///< with known lists: where each record stood before
};

/// The refining search's list for an l_build that is meant for an insertion's search: records start from a list that is
/// nearly right, so a quarter of the effort does.
std::uint32_t refining_list(std::uint32_t l_build) noexcept;

/// Bytes that each thread of `link` takes.
std::uint64_t link_worker_bytes(const format::PageShape& shape) noexcept;

/// With known lists only the records that are still to be connected search for neighbours, each from where the others
/// are near it, and offer themselves to those that they choose.
/// Precondition: the image holds vectors, ids and scales, and empty lists of at least `degree` places.
/// Afterwards the records stand in another order, and every list has at most `degree` neighbours.
/// Errors: kCancelled; those of the known lists.
Result<LinkReport> link(RecordImage& image, const Nearness& nearness, const LinkOptions& options);

}  // namespace nearline::engine
