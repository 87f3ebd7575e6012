// SPDX-License-Identifier: Apache-2.0
#include "tools/search_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <system_error>
#include <thread>

#include "tools/answer_text.h"
#include "tools/codes_in_use.h"
#include "tools/console.h"
#include "tools/group_text.h"
#include "tools/set_offsets.h"

namespace nearline::tools {
namespace {

/// The answers of each batch of queries, in the order of the rows.
Result<std::vector<GroupResult>> groups_of_all(const OpenSearch& open, const SearchSetup& setup,
                                               const GroupOptions& options) {
  std::vector<GroupResult> parts((open.queries.rows + setup.batch - 1) / setup.batch);
  NEARLINE_CHECK(
      answer_all(open, setup, options.search.recall, [&](std::size_t first, const MatrixView& some) -> Result<void> {
        NEARLINE_TRY(part, open.index.search_groups(some, options));
        parts[first / setup.batch] = std::move(part);
        return {};
      }));
  return parts;
}

NeighborTable table_of(const std::vector<GroupResult>& parts, std::size_t rows, std::uint32_t columns) {
  NeighborTable table{rows, columns, {}, {}};
  for (const GroupResult& part : parts) {
    table.ids.insert(table.ids.end(), part.ids.begin(), part.ids.end());
    table.distances.insert(table.distances.end(), part.distances.begin(), part.distances.end());
  }
  return table;
}

int run_groups(const SearchSetup& setup, const GroupsSearch& groups, bool json, const WriteTable& write) {
  const auto open = open_search(setup);
  if (!open) return fail(open.error());
  GroupOptions options{.group_by = groups.group_by, .per_group = groups.per_group, .search = setup.search};
  options.search.beam_width = common_beam_width(*open, setup.search.beam_width);
  const auto parts = groups_of_all(*open, setup, options);
  if (!parts) return fail(parts.error());
  if (write) {
    const auto written = write(table_of(*parts, open->queries.rows, setup.search.k * groups.per_group));
    return written ? 0 : fail(written.error());
  }
  std::size_t query = 0;
  if (!json) print_groups_head(groups.group_by);
  for (const GroupResult& part : *parts) {
    for (std::size_t row = 0; row < part.counts.size(); ++row, ++query) {
      if (!json) {
        print_groups(query, part, row);
        continue;
      }
      JsonLine line = groups_line(query, part, row);
      put_recall(line, part.expected_recall).put("stats", cost_line(part.stats[row]));
      line.put("matches", part.matches).put("group_count", part.group_count);
      put_codes_in_use(line, open->index).print();
    }
  }
  return 0;
}

/// Sets of queries, one after the other to whichever thread is free. The error of the first set wins.
Result<std::vector<VoteResult>> vote_all(const OpenSearch& open, const SearchSetup& setup, const VoteOptions& options,
                                         std::span<const std::uint64_t> offsets) {
  std::vector<VoteResult> results(offsets.size() - 1);
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::optional<Error> error;
  std::size_t failed = results.size();
  const auto work = [&] {
    for (std::size_t s = next.fetch_add(1); s < results.size(); s = next.fetch_add(1)) {
      const MatrixView some{open.queries.row(offsets[s]), offsets[s + 1] - offsets[s], open.queries.dim,
                            open.queries.type};
      auto voted = open.index.vote(some, {}, options);
      if (voted) {
        results[s] = *std::move(voted);
        continue;
      }
      const std::scoped_lock lock(mutex);
      if (s < failed) error = std::move(voted).error();
      failed = std::min(failed, s);
      return;
    }
  };
  {
    std::vector<std::jthread> others;
    const std::size_t threads = std::min<std::size_t>(thread_count(setup), results.size());
    try {
      for (std::size_t i = 1; i < threads; ++i) others.emplace_back(work);
    } catch (const std::system_error&) {  // the system gives no more threads: those that are there take all sets
    }
    work();
  }
  if (!error) return results;
  if (error->code == Code::kBadInput) {  // which counts rows from the set's first
    error->what = "set " + std::to_string(failed) + ", whose first row is " + std::to_string(offsets[failed]) + ": " +
                  error->what;
    return std::move(*error).in(setup.queries.string());
  }
  return *std::move(error);
}

int run_votes(const SearchSetup& setup, const GroupsSearch& groups, bool json) {
  const auto open = open_search(setup);
  if (!open) return fail(open.error());
  std::vector<std::uint64_t> offsets{0, open->queries.rows};
  if (!groups.offsets.empty()) {
    auto read = read_offsets(groups.offsets, open->queries.rows);
    if (!read) return fail(read.error());
    offsets = *std::move(read);
  }
  VoteOptions options{.group_by = groups.votes,
                      .top = setup.search.k,
                      .neighbors = groups.vote_neighbors,
                      .cap = static_cast<float>(groups.vote_cap.value_or(0)),
                      .search = setup.search};
  options.search.beam_width = common_beam_width(*open, setup.search.beam_width);
  const auto sets = vote_all(*open, setup, options, offsets);
  if (!sets) return fail(sets.error());
  if (!json) print_votes_head(groups.votes);
  for (std::size_t s = 0; s < sets->size(); ++s) {
    const VoteResult& set = (*sets)[s];
    if (!json) {
      print_votes(s, set);
      continue;
    }
    JsonLine line = votes_line(s, set);
    put_recall(line, set.expected_recall).put("stats", cost_line(set.stats[0]));
    put_codes_in_use(line, open->index).print();
  }
  return 0;
}

}  // namespace

void declare_groups_search(Args& args, GroupsSearch& target) {
  args.text("--group-by", target.group_by, "ATTRIBUTE",
            "-k groups of records that say the same of it, by the nearest of each, in place of records");
  args.number("--per-group", target.per_group, "with --group-by: the nearest so many records of each", 1, 65'536);
  args.text("--votes", target.votes, "ATTRIBUTE",
            "all queries together vote for groups: the k with the highest sum of 1 - distance / cap");
  args.file("--vote-offsets", target.offsets,
            "with --votes: a .u64bin file of the row at which each set of queries begins, and the end");
  args.number("--vote-neighbors", target.vote_neighbors,
              "with --votes: groups that a query looks for; all nearer than the last get its votes", 2, 65'536);
  args.real("--vote-cap", target.vote_cap,
            "with --votes: the distance from which on a group gets nothing, in place of that of a query's last", 0,
            std::numeric_limits<float>::max());
  args.either("--group-by", "--votes");
  args.either("--group-by", "--radius");
  args.either("--group-by", "--page");
  args.either("--votes", "--radius");
  args.either("--votes", "--page");
}

int run_groups_search(const SearchSetup& setup, const GroupsSearch& groups, bool json, const WriteTable& write) {
  const auto invalid = [](const char* what) { return fail({Code::kInvalidArgument, what}); };
  if (groups.group_by.empty() && groups.per_group != 1) return invalid("--per-group: expected --group-by with it");
  if (groups.votes.empty() && !groups.offsets.empty()) return invalid("--vote-offsets: expected --votes with it");
  if (groups.votes.empty() && groups.vote_cap) return invalid("--vote-cap: expected --votes with it");
  return groups.votes.empty() ? run_groups(setup, groups, json, write) : run_votes(setup, groups, json);
}

}  // namespace nearline::tools
