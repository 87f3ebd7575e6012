// SPDX-License-Identifier: Apache-2.0
#include "engine/make/made_as.h"

#include <algorithm>

#include "engine/segment/effort.h"
#include "engine/segment/needs.h"

namespace nearline::engine {

format::Settings settings_of(const BuildOptions& options) noexcept {
  return {.layout = options.layout == Layout::kFused ? Layout::kFused : Layout::kLean,
          .calibrate = options.calibrate,
          .degree = options.degree,
          .l_build = options.l_build,
          .alpha = options.alpha,
          .code_bytes = options.code_bytes,
          .page_records = options.page_records,
          .seed = options.seed};
}

BuildOptions made_as(const IndexFile& index, std::uint32_t field) {
  const format::Settings& settings = index.field(field).settings;
  BuildOptions build{.degree = settings.degree,
                     .l_build = settings.l_build,
                     .alpha = settings.alpha,
                     .code_bytes = settings.code_bytes,
                     .layout = settings.layout,
                     .page_records = settings.page_records,
                     .calibrate = settings.calibrate,
                     .seed = settings.seed};
  const std::vector<SegmentFile> segments = index.segments(field);
  if (segments.empty() || build.code_bytes != Count::kAuto) return build;
  const SegmentFile segment =
      *std::ranges::max_element(segments, {}, [](const SegmentFile& one) { return one.graph().nodes; });
  if (segment.flat()) return build;
  const format::Graph& largest = segment.graph();
  // Codes of one length can be copied, and an index that ranks by codes has them in every segment.
  if (largest.layout == Layout::kFused) {
    build.code_bytes = largest.code_bytes;
  } else if (build.layout != Layout::kFused && largest.nodes >= kLeastCalibrated) {
    build.code_bytes = stored_code_bytes(segment);
  }
  return build;
}

}  // namespace nearline::engine
