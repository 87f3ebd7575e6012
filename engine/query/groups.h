// SPDX-License-Identifier: Apache-2.0
/// Searches for groups of records, and votes for them.
#pragma once

#include <span>

#include "engine/query/snapshot.h"
#include "nearline/groups.h"
#include "nearline/votes.h"

namespace nearline::engine {

/// As Index::search_groups. field: the view of GroupOptions::search.field.
Result<GroupResult> search_groups(const Snapshot& field, const MatrixView& queries, const GroupOptions& options);

/// As Index::vote, likewise.
Result<VoteResult> vote(const Snapshot& field, const MatrixView& queries, std::span<const std::uint64_t> offsets,
                        const VoteOptions& options);

}  // namespace nearline::engine
