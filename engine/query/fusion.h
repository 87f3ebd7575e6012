// SPDX-License-Identifier: Apache-2.0
/// One search over several fields: the records whose weighted sum of distances is smallest.
#pragma once

#include <span>

#include "engine/query/snapshot.h"
#include "nearline/fusion.h"

namespace nearline::engine {

/// As Index::search_fields. index: of the first field.
Result<SearchResult> search_fields(const Snapshot& index, std::span<const FieldQueries> fields,
                                   const FusionOptions& options);

}  // namespace nearline::engine
