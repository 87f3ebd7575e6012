// SPDX-License-Identifier: Apache-2.0
/// What a build will need, from its parameters alone: the one arithmetic behind `estimate`, behind the refusal of
/// impossible budgets, and behind the division into parts.
#pragma once

#include <cstdint>

#include "engine/segment/search_budget.h"
#include "format/graph_page.h"
#include "nearline/builder.h"

namespace nearline::engine {

struct BuildPlan {
  format::PageShape file_shape;
  format::PageShape lean_shape;               ///< the shape of lean pages: file_shape, or what it would be
  bool fused = false;                         ///< fused pages were asked for, or suit the memory of searches
  std::uint32_t page_records = Count::kAuto;  ///< of fused pages, as asked for
  format::PageShape image_shape;              ///< of one part while it is linked: larger pages
  std::uint32_t parts = 1;
  std::uint64_t part_records = 0;  ///< most records, shared ones included, of one part
  std::uint32_t threads = 1;       ///< those asked for, or as many as the memory has room for
  std::uint64_t memory_bytes = 0;  ///< peak of what the build allocates
  /// Memory of the calibration. It follows from the bound and the records alone, as the outcome must.
  std::uint64_t calibration_bytes = 0;
  std::uint64_t least_bytes = 0;  ///< a smaller budget is refused
  std::uint64_t file_bytes = 0;
  std::uint64_t least_file_bytes = 0;    ///< the part of it that no data can make smaller
  std::uint64_t sample_bytes = 0;        ///< bound on the sample that codes are learned from
  std::uint32_t code_bytes = 0;          ///< compressed code of a record; 0 for none
  std::uint64_t code_section_bytes = 0;  ///< of the file, codes of their own and the code book
};

/// Decides, where options.layout is kAuto, between lean and fused pages. Errors: kOverBudget when options.memory_bytes
/// is below the least (the message says it).
Result<BuildPlan> plan_build(std::uint64_t count, const Schema& schema, const BuildOptions& options,
                             std::uint8_t id_bytes);

/// The same of a field that is stored only: its vectors are put into the order of their ids.
Result<BuildPlan> plan_stored(std::uint64_t count, const Schema& schema, const BuildOptions& options,
                              std::uint8_t id_bytes);

/// What a search of such an index will take; of lean pages with their codes, or without.
SearchNeeds search_needs(const BuildPlan& plan, std::uint64_t count, const Schema& schema, bool codes) noexcept;

/// Makes file_shape right for codes of `code_bytes`. Pages are lean where there are none: all vectors are alike.
void fit_pages(BuildPlan& plan, std::uint32_t code_bytes) noexcept;

/// Errors: kInvalidArgument for a field's schema or an option outside its documented range.
Result<void> check_build(const Schema& schema, const BuildOptions& options);

/// The same of all fields of a schema, and of their names.
Result<void> check_fields(const Schema& schema, const BuildOptions& options);

/// The options for one field of an index. What they say of codes and pages is for the first; a further one that cannot
/// have codes goes without.
BuildOptions options_for(const Schema& field, std::uint32_t number, const BuildOptions& options);

}  // namespace nearline::engine
