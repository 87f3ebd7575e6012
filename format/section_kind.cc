// SPDX-License-Identifier: Apache-2.0
#include "format/manifest.h"

namespace nearline::format {

std::string_view name(SectionKind kind) noexcept {
  switch (kind) {
    case SectionKind::kGraphPages: return "graph_pages";
    case SectionKind::kEntryPoints: return "entry_points";
    case SectionKind::kKeys: return "keys";
    case SectionKind::kVectors: return "vectors";
    case SectionKind::kCodes: return "codes";
    case SectionKind::kCodeParameters: return "code_parameters";
    case SectionKind::kTombstones: return "tombstones";
    case SectionKind::kAttribute: return "attribute";
    case SectionKind::kPayload: return "payload";
    case SectionKind::kPayloadDictionary: return "payload_dictionary";
    case SectionKind::kTransform: return "transform";
    case SectionKind::kCalibration: return "calibration";
    case SectionKind::kQueries: return "queries";
  }
  return "unknown";
}

}  // namespace nearline::format
