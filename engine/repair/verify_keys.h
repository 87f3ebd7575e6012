// SPDX-License-Identifier: Apache-2.0
/// Whether a segment's keys lead from each id to its record, and to nothing else.
#pragma once

#include <optional>
#include <span>

#include "engine/file/index_file.h"
#include "nearline/verify.h"

namespace nearline::engine {

/// The first rule that is broken, or none. ids: by row. Blocks were checked against their checksums, and are again.
/// Errors: kCorrupt when the file changed meanwhile; kIo.
Result<std::optional<VerifyFinding>> broken_keys(const SegmentFile& segment, std::span<const Id> ids);

}  // namespace nearline::engine
