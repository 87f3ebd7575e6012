// SPDX-License-Identifier: Apache-2.0
/// The walk by distance: it reads the page of every node that it meets and compares the record itself. It does not know
/// where pages come from, so it serves memory maps, disks, the simulated disk, and the graph that a build still links.
/// Source: greedy search of DiskANN (NeurIPS 2019), algorithm 1, with W candidates expanded together.
#pragma once

#include "engine/walk/walk.h"

namespace nearline::engine {

/// Walks from the entry points until none of the L nearest is left to expand, or what is left is beyond the stop rule:
/// scratch.candidates holds them, and scratch.answers the k nearest.
/// Errors: kCorrupt for a neighbour out of range, and those of the reader.
SearchTask search_graph(FrameMemory& memory, WalkCall call);

/// The same over pages that stand in memory, for linking: the L nearest of all nodes, one step at a time, left in
/// scratch.candidates and, as they were expanded, in scratch.path. Throws std::bad_alloc, for such a graph has no other
/// failure.
void search_in_memory(const GraphView& graph, const Query& query, std::uint32_t l, io::PageReader& reader,
                      Scratch& scratch);

}  // namespace nearline::engine
