// SPDX-License-Identifier: Apache-2.0
#include "engine/make/made_as.h"

#include <algorithm>

#include "engine/segment/effort.h"
#include "engine/segment/needs.h"

namespace nearline::engine {

BuildOptions made_as(const IndexFile& index) {
  BuildOptions build;
  const format::Manifest& manifest = index.manifest();
  if (manifest.segments.empty()) return build;
  const auto largest = std::ranges::max_element(manifest.segments, {}, &format::Segment::count);
  const auto row = static_cast<std::uint32_t>(largest - manifest.segments.begin());
  const format::BuildParameters& made = manifest.builds[row];
  build.degree = std::clamp(made.degree, 4U, 1024U);
  build.l_build = std::clamp(made.l_build, build.degree, 4096U);
  build.alpha = std::clamp(made.alpha, 1.0F, 2.0F);
  build.seed = made.seed;
  if (largest->layout == Layout::kFused) {
    build.layout = Layout::kFused;
    build.page_records = largest->slots;
    build.code_bytes = largest->code_bytes;
  }
  // A largest segment that could have a calibration or codes and has none was built without on purpose.
  const SegmentFile segment(index, row);
  if (segment.flat() || largest->count < kLeastCalibrated) return build;
  const format::Section* calibration = segment.section(format::SectionKind::kCalibration);
  build.calibrate = calibration != nullptr && calibration->length > 0;
  if (build.layout != Layout::kFused) build.code_bytes = code_bytes_of(segment);
  return build;
}

}  // namespace nearline::engine
