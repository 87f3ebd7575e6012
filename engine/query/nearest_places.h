// SPDX-License-Identifier: Apache-2.0
/// The records whose place is nearest, by reading the whole column.
#pragma once

#include "engine/query/snapshot.h"
#include "nearline/places.h"

namespace nearline::engine {

/// As Index::nearest_places. index: of the first field.
Result<PlaceResult> nearest_places(const Snapshot& index, const PlaceOptions& options);

}  // namespace nearline::engine
