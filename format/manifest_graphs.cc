// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "format/corrupt.h"
#include "format/fused_page.h"
#include "format/manifest_check.h"

namespace nearline::format {
namespace {

/// What writers choose.  shape: that follows from it.
Result<void> check_form(const Graph& graph, const PageShape& shape, std::size_t i, const ManifestPlace& place) {
  const std::uint64_t at = place.graph(i, offsetof(GraphRow, page_bytes));
  if (graph.layout == Layout::kLean) {
    if (graph.targets != 0 || graph.code_bytes != 0)
      return corrupt(place.graph(i, offsetof(GraphRow, targets)), "lean pages with targets: expected none");
    if (shape.slots > 0) return {};
    return corrupt(at, "pages of " + std::to_string(graph.page_bytes) + " bytes for records of " +
                           std::to_string(shape.slot_bytes) +
                           ": expected 1, 2, 4 or 8 blocks of 4096 that hold one, or for one larger than 8 as many as "
                           "it needs");
  }
  if (shape.type == ElementType::kB1) {
    return corrupt(place.graph(i, offsetof(GraphRow, layout)),
                   "fused pages of binary vectors: expected a type that has codes");
  }
  if (is_possible(shape)) return {};
  return corrupt(at, "pages of " + std::to_string(graph.page_bytes) + " bytes for " + std::to_string(graph.slots) +
                         " records of " + std::to_string(shape.slot_bytes) + " and " + std::to_string(graph.targets) +
                         " targets with codes of " + std::to_string(graph.code_bytes) + ": expected room for them");
}

/// Whether the stored page shape is the one that the parameters and the writer's choice lead to.
Result<void> check_shape(const Graph& graph, const PageShape& shape, std::size_t i, const ManifestPlace& place) {
  NEARLINE_CHECK(check_form(graph, shape, i, place));
  if (graph.neighbor_bits != shape.neighbor_bits) {
    return corrupt(
        place.graph(i, offsetof(GraphRow, neighbor_bits)),
        std::to_string(graph.neighbor_bits) + " bits per neighbour: expected " + std::to_string(shape.neighbor_bits));
  }
  if (graph.page_bytes == shape.page_bytes && graph.slots == shape.slots && graph.slot_bytes == shape.slot_bytes) {
    return {};
  }
  return corrupt(place.graph(i, offsetof(GraphRow, page_bytes)),
                 "pages of " + std::to_string(graph.page_bytes) + " bytes with " + std::to_string(graph.slots) +
                     " records of " + std::to_string(graph.slot_bytes) + ": expected " +
                     std::to_string(shape.page_bytes) + ", " + std::to_string(shape.slots) + ", " +
                     std::to_string(shape.slot_bytes));
}

Result<void> check_numbers(const Graph& graph, std::size_t i, const ManifestPlace& place) {
  if (graph.layout != Layout::kLean && graph.layout != Layout::kFused) {
    return corrupt(place.graph(i, offsetof(GraphRow, layout)),
                   "page layout " + std::to_string(static_cast<unsigned>(graph.layout)) + ": expected 1 or 2");
  }
  if (graph.degree == 0 || graph.degree > kMaxDegree) {
    return corrupt(place.graph(i, offsetof(GraphRow, degree)),
                   "degree " + std::to_string(graph.degree) + ": expected 1 to " + std::to_string(kMaxDegree));
  }
  if (graph.edges > graph.nodes * graph.degree || graph.local_edges > graph.edges) {
    return corrupt(place.graph(i, offsetof(GraphRow, edges)),
                   std::to_string(graph.edges) + " edges, " + std::to_string(graph.local_edges) +
                       " of them local: more than the records have room for");
  }
  return {};
}

/// Which segment and field it stands on.
Result<void> check_ground(const Manifest& m, std::size_t i, const ManifestPlace& place) {
  const Graph& graph = m.graphs[i];
  if (graph.segment != i || graph.field >= m.fields.size()) {
    return corrupt(place.graph(i, offsetof(GraphRow, segment)),
                   "a graph of segment " + std::to_string(graph.segment) + " over field " +
                       std::to_string(graph.field) + ": expected segment " + std::to_string(i) + " and one of " +
                       std::to_string(m.fields.size()) + " fields");
  }
  const std::uint64_t records = m.segments[i].count;
  if (graph.nodes != records) {
    return corrupt(place.graph(i, offsetof(GraphRow, nodes)),
                   std::to_string(graph.nodes) + " nodes: expected those of " + std::to_string(records) + " records");
  }
  if (graph.edges > 0 && !m.fields[graph.field].indexed) {
    return corrupt(place.graph(i, offsetof(GraphRow, edges)),
                   std::to_string(graph.edges) + " edges over a field that is stored only: expected none");
  }
  return {};
}

}  // namespace

PageShape Graph::shape(const Segment& of, const Field& over) const noexcept {
  const PageShape lean = PageShape::choose(nodes, over.dim, over.type, over.metric, degree, of.id_bytes);
  if (layout == Layout::kLean) return resized(lean, page_bytes);
  return fused_shape(lean, {.page_bytes = page_bytes, .slots = slots, .targets = targets, .code_bytes = code_bytes});
}

Result<void> check_graphs(const Manifest& manifest, const ManifestPlace& place) {
  if (manifest.graphs.size() != manifest.segments.size()) {
    return corrupt(place.at + offsetof(ManifestHeader, graph_count),
                   std::to_string(manifest.graphs.size()) + " graphs: expected one for each of " +
                       std::to_string(manifest.segments.size()) + " segments");
  }
  for (std::size_t i = 0; i < manifest.graphs.size(); ++i) {
    const Graph& graph = manifest.graphs[i];
    NEARLINE_CHECK(check_ground(manifest, i, place));
    NEARLINE_CHECK(check_numbers(graph, i, place));
    const PageShape shape = graph.shape(manifest.segments[graph.segment], manifest.fields[graph.field]);
    NEARLINE_CHECK(check_shape(graph, shape, i, place));
  }
  return {};
}

}  // namespace nearline::format
