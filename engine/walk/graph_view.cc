// SPDX-License-Identifier: Apache-2.0
#include "engine/walk/graph_view.h"

#include <string>

namespace nearline::engine {

Error out_of_range(const GraphView& graph, std::uint32_t from, std::uint32_t to) {
  return {.code = Code::kCorrupt,
          .what = "record " + std::to_string(from) + " has neighbour " + std::to_string(to) + ": expected one below " +
                  std::to_string(graph.count),
          .at = graph.pages_at + std::uint64_t{graph.places.of(from).page} * graph.shape.page_bytes};
}

}  // namespace nearline::engine
