// SPDX-License-Identifier: Apache-2.0
/// The walk that pays for pages: candidates are ranked by the estimates of their codes until their page is read; every
/// record of a page that was read is compared exactly. Which page is asked for next follows from pages that have come,
/// taken in the order in which they were asked for, so the answer depends on L and W and not on the disk.
/// Sources: best-first search with reads in flight (PipeANN, OSDI 2025), all records of a page (Starling, SIGMOD 2024).
#pragma once

#include "engine/codes/code_table.h"
#include "engine/graph_search.h"

namespace nearline::engine {

/// Walks over estimates: scratch.hits as search_graph. scratch.code_query is prepared for the query.
/// graph, codes, reader, scratch and query.vector outlive the task.
/// Errors: kCorrupt for an ordinal out of range, and those of the reader and of the codes.
SearchTask search_by_codes(FrameMemory& memory, const GraphView& graph, CodeTable& codes, const Query& query,
                           const WalkOptions& options, io::PageReader& reader, Scratch& scratch);

/// Compares the query with all codes and reads the pages of the most promising: for a small segment beside a larger one
/// whose answers say how far to look (options.bound), fewer reads than the shortest walk. At most L records are looked
/// for; deleted ones count. As search_by_codes in all else.
SearchTask scan_codes(FrameMemory& memory, const GraphView& graph, CodeTable& codes, const Query& query,
                      const WalkOptions& options, io::PageReader& reader, Scratch& scratch);

}  // namespace nearline::engine
