// SPDX-License-Identifier: Apache-2.0
/// What one walk works with; kept between walks, so that the steady state allocates nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/codes/code_bound.h"
#include "engine/codes/code_query.h"
#include "engine/walk/answers.h"
#include "engine/walk/candidate_list.h"
#include "engine/walk/search_task.h"
#include "engine/walk/shortlist.h"
#include "engine/walk/visited_set.h"
#include "io/page_source.h"
#include "nearline/search.h"

namespace nearline::engine {

/// Short codes are made long, and compared, so many at once.
inline constexpr std::size_t kLengthened = 64;

struct Scratch {
  // The walk by estimate alone uses these.
  Shortlist shortlist;
  CodeQuery code_query;
  CodeBound code_bound;                                 ///< of the certified scan, in place of code_query
  std::vector<std::byte> long_codes;                    ///< of kLengthened records, where codes are cut short
  std::vector<float> code_vector;                       ///< the query as codes take it
  std::vector<std::unique_ptr<io::PageBatch>> flights;  ///< a page each, in flight or being looked at

  // All walks use these.
  CandidateList candidates;
  VisitedSet visited;
  io::PageBatch batch;
  std::vector<std::uint32_t> fresh;    ///< met and not yet compared
  std::vector<std::uint32_t> lists;    ///< neighbour lists being unpacked
  std::vector<std::uint32_t> offsets;  ///< of the wanted records on their pages
  std::vector<const std::byte*> records;
  std::vector<float> distances;
  std::vector<std::uint32_t> expanding;
  std::vector<Candidate> path;  ///< all that were expanded, in that order; linking chooses neighbours from it
  Answers answers;
  std::vector<std::byte> query;
  FrameMemory frame;
  QueryStats stats;

  /// The batch of the i-th read in flight. Batches stay where they are.
  [[nodiscard]] io::PageBatch& flight(std::size_t i) {
    while (flights.size() <= i) flights.push_back(std::make_unique<io::PageBatch>());
    return *flights[i];
  }
  /// Gives back the pages of all batches.
  void release(io::PageReader& reader) noexcept;
  /// Before a walk: nothing counted yet.
  void clear_counters() noexcept;
  /// After it: reads and cache hits of all batches are in stats.
  void count_reads() noexcept;

  [[nodiscard]] std::uint64_t memory_bytes() const noexcept;
};

}  // namespace nearline::engine
