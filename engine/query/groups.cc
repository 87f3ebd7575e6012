// SPDX-License-Identifier: Apache-2.0
/// The nearest groups: a search finds some, another one among records of no group so far finds those behind them, until
/// there are k. What a search found of a group are the group's nearest; where these are too few, a search among the
/// group's own records fills it.
#include "engine/query/groups.h"

#include <algorithm>
#include <limits>
#include <string>
#include <unordered_map>

#include "engine/query/collector.h"
#include "engine/query/group_table.h"
#include "engine/query/search_among.h"

namespace nearline::engine {
namespace {

/// Records that a search for groups looks for, for each answer that is wanted, and at least.
constexpr std::uint64_t kForEach = 2;
constexpr std::uint64_t kLeast = 16;

/// A bit for each row of each segment.
using Words = std::vector<std::vector<std::uint64_t>>;

/// The records of a field by place: which of them are wanted, as sets of rows of segments.
class Places {
 public:
  explicit Places(const Snapshot& field) : ends_{0} {
    for (const auto& segment : field.segments()) ends_.push_back(ends_.back() + segment->count());
  }

  [[nodiscard]] Words none() const {
    Words words(ends_.size() - 1);
    for (std::size_t s = 0; s < words.size(); ++s) words[s].assign((ends_[s + 1] - ends_[s] + 63) / 64, 0);
    return words;
  }
  [[nodiscard]] bool has(const Words& words, std::uint32_t place) const noexcept {
    const auto [s, row] = find(place);
    return (words[s][row / 64] >> (row % 64) & 1) != 0;
  }
  void put(Words& words, std::uint32_t place, bool bit) const noexcept {
    const auto [s, row] = find(place);
    const std::uint64_t mask = std::uint64_t{1} << (row % 64);
    bit ? words[s][row / 64] |= mask : words[s][row / 64] &= ~mask;
  }

 private:
  struct Found {
    std::size_t segment;
    std::uint64_t row;
  };
  [[nodiscard]] Found find(std::uint32_t place) const noexcept {
    const auto behind = std::ranges::upper_bound(ends_, place);
    const auto s = static_cast<std::size_t>(behind - ends_.begin()) - 1;
    return {s, place - ends_[s]};
  }

  std::vector<std::uint64_t> ends_;
};

/// What was found of one group, nearest first.
struct Group {
  std::uint32_t number;
  std::vector<Hit> hits;
};

class GroupSearch {
 public:
  GroupSearch(const Snapshot& field, const AskedRows& asked, const GroupTable& table, const GroupOptions& options)
      : field_(field), asked_(asked), table_(table), options_(options), places_(field) {}

  /// Which records may be answers: those of a group that match.
  void choose(const Matching& matching, GroupResult& result) {
    may_ = places_.none();
    sizes_.assign(table_.count(), 0);
    const auto groups = table_.groups();
    std::uint32_t place = 0;
    for (std::size_t s = 0; s < may_.size(); ++s) {
      const RecordSet* const matches = matching.segment(s);
      for (std::uint32_t row = 0; row < field_.segments()[s]->count(); ++row, ++place) {
        if (groups[place] == GroupTable::kNone || (matches != nullptr && !matches->has(Row(row)))) continue;
        may_[s][row / 64] |= std::uint64_t{1} << (row % 64);
        ++sizes_[groups[place]];
        ++result.matches;
      }
    }
    result.group_count =
        static_cast<std::uint64_t>(std::ranges::count_if(sizes_, [](std::uint32_t size) { return size > 0; }));
    all_ = result.matches == field_.count();
  }

  Result<void> run(GroupResult& result) {
    const std::uint64_t wanted = std::uint64_t{result.k} * result.per_group;
    // Of few groups one search for more finds all of them no sooner than those that follow.
    const std::uint64_t n = std::min(std::max(kForEach * wanted, kLeast), result.matches);
    if (n == 0) return {};
    const Matching first = all_ ? Matching::all(field_) : Matching::of_rows(may_);
    NEARLINE_TRY(found, search(asked_.rows(), n, first, result));
    for (std::size_t row = 0; row < asked_.rows().rows; ++row) {
      result.stats[row] = found.stats[row];
      std::vector<Group> groups;
      add_hits(found, row, groups);
      bool more = found.counts[row] == n;
      while (more && groups.size() < std::min<std::uint64_t>(result.k, result.group_count)) {
        NEARLINE_TRY(next, find_others(row, n, groups, result));
        more = next;
      }
      groups.resize(std::min<std::size_t>(groups.size(), result.k));
      for (Group& group : groups) NEARLINE_CHECK(fill(row, group, result));
      put(row, groups, result);
    }
    return {};
  }

 private:
  Result<SearchResult> search(const MatrixView& rows, std::uint64_t n, const Matching& among, GroupResult& result) {
    SearchOptions search = options_.search;
    search.k = static_cast<std::uint32_t>(n);
    search.l = std::max(search.l, search.k);
    NEARLINE_TRY(found, search_among(field_, rows, asked_.weightings(), among, search));
    result.expected_recall = std::min(result.expected_recall, found.expected_recall);
    return found;
  }

  [[nodiscard]] MatrixView one(std::size_t row) const noexcept {
    return {asked_.rows().row(row), 1, asked_.rows().dim, asked_.rows().type};
  }

  void add_hits(const SearchResult& found, std::size_t row, std::vector<Group>& groups) const {
    std::unordered_map<std::uint32_t, std::size_t> known;
    for (std::size_t i = row * found.k; i < row * found.k + found.counts[row]; ++i) {
      const std::uint32_t number = table_.group_of(found.ids[i]);
      const auto [at, fresh] = known.try_emplace(number, groups.size());
      if (fresh) groups.push_back({number, {}});
      groups[at->second].hits.push_back({found.distances[i], found.ids[i]});
    }
  }

  /// Searches among records of other groups. False where there are no others behind these.
  Result<bool> find_others(std::size_t row, std::uint64_t n, std::vector<Group>& groups, GroupResult& result) {
    Words others = may_;
    for (const Group& group : groups) {
      for (const std::uint32_t place : table_.places(group.number)) places_.put(others, place, false);
    }
    NEARLINE_TRY(found, search(one(row), n, Matching::of_rows(others), result));
    add(found.stats[0], result.stats[row]);
    const std::size_t before = groups.size();
    add_hits(found, 0, groups);
    // A walk that found them late may have met a nearer one.
    const auto nearer = [](const Group& a, const Group& b) { return a.hits.front() < b.hits.front(); };
    std::ranges::stable_sort(groups, nearer);
    return groups.size() > before && found.counts[0] == n;
  }

  Result<void> fill(std::size_t row, Group& group, GroupResult& result) {
    const std::size_t wanted = std::min(result.per_group, sizes_[group.number]);
    if (group.hits.size() < wanted) {
      Words own = places_.none();
      for (const std::uint32_t place : table_.places(group.number)) {
        if (places_.has(may_, place)) places_.put(own, place, true);
      }
      NEARLINE_TRY(found, search(one(row), wanted, Matching::of_rows(own), result));
      add(found.stats[0], result.stats[row]);
      for (std::uint32_t i = 0; i < found.counts[0]; ++i) group.hits.push_back({found.distances[i], found.ids[i]});
      std::sort(group.hits.begin(), group.hits.end());
      const auto same = [](const Hit& a, const Hit& b) { return a.id == b.id; };
      group.hits.erase(std::unique(group.hits.begin(), group.hits.end(), same), group.hits.end());
    }
    group.hits.resize(std::min(group.hits.size(), wanted));
    return {};
  }

  void put(std::size_t row, std::span<const Group> groups, GroupResult& result) const {
    result.counts[row] = static_cast<std::uint32_t>(groups.size());
    for (std::size_t g = 0; g < groups.size(); ++g) {
      const std::size_t at = row * result.k + g;
      result.groups[at] = table_.value(groups[g].number);
      result.sizes[at] = static_cast<std::uint32_t>(groups[g].hits.size());
      for (std::size_t i = 0; i < groups[g].hits.size(); ++i) {
        result.ids[at * result.per_group + i] = groups[g].hits[i].id;
        result.distances[at * result.per_group + i] = groups[g].hits[i].distance;
      }
    }
  }

  const Snapshot& field_;
  const AskedRows& asked_;
  const GroupTable& table_;
  const GroupOptions& options_;
  const Places places_;
  Words may_;
  std::vector<std::uint32_t> sizes_;  ///< records of each group that may be answers
  bool all_ = false;                  ///< no record of the field is left out
};

}  // namespace

Result<GroupResult> search_groups(const Snapshot& field, const MatrixView& queries, const GroupOptions& options) {
  NEARLINE_TRY(asked, AskedRows::of(field, queries, options.search));
  const std::uint64_t answers = std::uint64_t{options.search.k} * options.per_group;
  if (answers == 0 || answers > kMaxPaddedK) {
    return Error{.code = Code::kInvalidArgument,
                 .what = std::to_string(options.search.k) + " groups of " + std::to_string(options.per_group) +
                         " records: expected 1 to " + std::to_string(kMaxPaddedK) + " answers a query"};
  }
  NEARLINE_TRY(table, field.group_table(options.group_by));
  NEARLINE_TRY(matching, Matching::of(field, options.search.filter));
  GroupResult result;
  result.k = options.search.k;
  result.per_group = options.per_group;
  result.filter_reads = matching.reads();
  result.groups.resize(queries.rows * result.k);
  result.counts.assign(queries.rows, 0);
  result.sizes.assign(queries.rows * result.k, 0);
  result.ids.assign(queries.rows * answers, kNoId);
  result.distances.assign(queries.rows * answers, std::numeric_limits<float>::infinity());
  result.stats.resize(queries.rows);
  GroupSearch search(field, asked, *table, options);
  search.choose(matching, result);
  NEARLINE_CHECK(search.run(result));
  return result;
}

}  // namespace nearline::engine
