// SPDX-License-Identifier: Apache-2.0
/// Whether the columns and payloads of a segment keep the rules that readers do not ask (format/SPEC.md section 7).
#pragma once

#include <optional>

#include "engine/file/index_file.h"
#include "engine/progress.h"
#include "nearline/verify.h"

namespace nearline::engine {

/// The first rule that is broken, or none. Memory: of a dictionary some bytes for each entry and for each row that a
/// posting names, and one run or frame. Blocks were checked against their checksums, and are again.
/// Errors: kIo; kCancelled.
Result<std::optional<VerifyFinding>> broken_values(const SegmentFile& segment, const ProgressFn& progress);

}  // namespace nearline::engine
