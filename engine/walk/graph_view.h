// SPDX-License-Identifier: Apache-2.0
/// A graph as walks see it: its geometry, where its records stand, and where to begin.
#pragma once

#include <cstdint>
#include <span>

#include "engine/space/space.h"
#include "engine/walk/places.h"
#include "format/graph_page.h"
#include "nearline/result.h"

namespace nearline::engine {

/// No node, and no row: a segment holds fewer records.
inline constexpr std::uint32_t kNoOrdinal = 0xFFFF'FFFF;

/// A graph whose pages come from a PageReader. Borrows its entry points.
struct GraphView {
  Space space;
  format::PageShape shape;
  Places places;
  std::uint64_t count = 0;
  std::span<const std::uint32_t> entries;  ///< nodes, below `count`
  std::uint64_t pages_at = 0;              ///< offset of page 0 in the file, for errors

  GraphView(const Space& s, const format::PageShape& p, std::uint64_t n, std::span<const std::uint32_t> e,
            std::uint64_t at)
      : space(s), shape(p), places(p), count(n), entries(e), pages_at(at) {}
};

/// The error of a neighbour list that leads out of the graph.
Error out_of_range(const GraphView& graph, std::uint32_t from, std::uint32_t to);

}  // namespace nearline::engine
