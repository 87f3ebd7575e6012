// SPDX-License-Identifier: Apache-2.0
/// The searches of nearline search that are for groups of records: the nearest ones, and those with most votes.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "nearline/vector_file.h"
#include "tools/args.h"
#include "tools/batch_search.h"

namespace nearline::tools {

struct GroupsSearch {
  std::string group_by, votes;  ///< attributes
  std::uint32_t per_group = 1;
  std::filesystem::path offsets;
  std::uint32_t vote_neighbors = 10;
  std::optional<double> vote_cap;

  /// Whether one of them is asked for, or what belongs to them.
  [[nodiscard]] bool asked() const noexcept {
    return !group_by.empty() || !votes.empty() || per_group != 1 || !offsets.empty() || vote_cap.has_value();
  }
};

/// Declares --group-by --per-group --votes --vote-offsets --vote-neighbors --vote-cap, for a command that has -k.
void declare_groups_search(Args& args, GroupsSearch& target);

/// Where a search for groups writes ids and distances, k times per_group columns; nothing for votes.
using WriteTable = std::function<Result<void>(const NeighborTable&)>;

/// Searches, and prints or writes; returns the exit status. write: none to print. Precondition: asked.
int run_groups_search(const SearchSetup& setup, const GroupsSearch& groups, bool json, const WriteTable& write);

}  // namespace nearline::tools
