// SPDX-License-Identifier: Apache-2.0
/// Which rows of a segment match a filter: its columns are read front to back, but for the runs whose least and largest
/// value decide, and where a string is rare its posting alone.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "engine/filter/bound.h"
#include "engine/records/record_set.h"
#include "engine/segment/segment_values.h"

namespace nearline::engine {

/// Sets the bits of the rows whose ids lie in the range, deleted ones included.
using IdRowsFn = std::function<Result<void>(const KeyRange&, std::span<std::uint64_t>)>;

/// The matches, deleted rows included. cost: what was read is added. Errors: kCorrupt, kIo; those of id_rows.
Result<std::shared_ptr<const RecordSet>> find_matches(SegmentValues& values, const SegmentFile& file,
                                                      const BoundFilter& filter, const IdRowsFn& id_rows,
                                                      WindowReads& cost);

}  // namespace nearline::engine
