// SPDX-License-Identifier: Apache-2.0
/// How an index was made: what its next segments, and a new index of its records, are made like.
#pragma once

#include "engine/file/index_file.h"
#include "nearline/builder.h"

namespace nearline::engine {

/// Schema parameters and layout of the largest segment, which says most of what was wanted; memory, threads and the
/// like are left at their defaults.
BuildOptions made_as(const IndexFile& index);

}  // namespace nearline::engine
