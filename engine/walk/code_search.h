// SPDX-License-Identifier: Apache-2.0
/// The walk that pays for pages: candidates are ranked by the estimates of their codes until their page is read; every
/// record of a page that was read is compared exactly. Which page is asked for next follows from pages that have come,
/// taken in the order in which they were asked for, so the answer depends on L and W and not on the disk.
/// Sources: best-first search with reads in flight (PipeANN, OSDI 2025), all records of a page (Starling, SIGMOD 2024).
#pragma once

#include "engine/codes/code_table.h"
#include "engine/walk/walk.h"

namespace nearline::engine {

/// Walks over estimates: scratch.answers as search_graph. The scorer is made with scratch.code_query, prepared for the
/// query. codes: outlive the task.
/// Errors: kCorrupt for a neighbour out of range, and those of the reader and of the codes.
SearchTask search_by_codes(FrameMemory& memory, const WalkCall& call, CodeTable& codes);

/// Compares the query with the codes of all records that may be answers and reads the pages of the most promising: for
/// a small segment beside a larger one whose answers say how far to look (options.bound), fewer reads than the shortest
/// walk. At most L records are looked for. As search_by_codes in all else.
SearchTask scan_codes(FrameMemory& memory, const WalkCall& call, CodeTable& codes);

}  // namespace nearline::engine
