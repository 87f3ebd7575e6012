// SPDX-License-Identifier: Apache-2.0
#include "engine/make/made_as.h"

#include <algorithm>

#include "engine/segment/effort.h"
#include "engine/segment/needs.h"

namespace nearline::engine {

BuildOptions made_as(const IndexFile& index) {
  BuildOptions build;
  const format::Manifest& manifest = index.manifest();
  if (manifest.graphs.empty()) return build;
  const auto largest = std::ranges::max_element(manifest.graphs, {}, &format::Graph::nodes);
  const SegmentFile segment(index, largest->segment);
  const format::Graph& graph = *largest;
  const format::BuildParameters& made = graph.build;
  build.degree = std::clamp(made.degree, 4U, 1024U);
  build.l_build = std::clamp(made.l_build, build.degree, 4096U);
  build.alpha = std::clamp(made.alpha, 1.0F, 2.0F);
  build.seed = made.seed;
  if (graph.layout == Layout::kFused) {
    build.layout = Layout::kFused;
    build.page_records = graph.slots;
    build.code_bytes = graph.code_bytes;
  }
  // What the largest segment was made without, when it is large enough to have it, was not wanted.
  if (segment.flat() || graph.nodes < kLeastCalibrated) return build;
  const format::Section* calibration = segment.section(format::SectionKind::kCalibration);
  build.calibrate = calibration != nullptr && calibration->length > 0;
  if (build.layout != Layout::kFused) build.code_bytes = stored_code_bytes(segment);
  return build;
}

}  // namespace nearline::engine
