// SPDX-License-Identifier: Apache-2.0
#include "engine/query/nearest_places.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/columns/value_check.h"
#include "engine/query/joint_records.h"
#include "engine/query/matching.h"
#include "format/place_key.h"

namespace nearline::engine {
namespace {

constexpr std::size_t kAheadBytes = 128 << 10;

Error invalid(std::string what) {
  return {.code = Code::kInvalidArgument, .what = std::move(what)};
}

Result<std::uint32_t> check(const std::vector<Attribute>& all, const PlaceOptions& options) {
  const auto found = std::ranges::find(all, options.attribute, &Attribute::name);
  if (found == all.end()) return unknown_attribute(options.attribute, all);
  if (found->type != AttributeType::kPlace) {
    return invalid("nearest places by '" + found->name + "', which is " + std::string(name(found->type)) +
                   ": expected an attribute of type place");
  }
  if (options.k == 0 || options.k > kMaxPaddedK) {
    return invalid("k of " + std::to_string(options.k) + ": expected 1 to " + std::to_string(kMaxPaddedK));
  }
  if (const char* fault = fault_of(options.at)) return invalid(std::string("nearest places to ") + fault);
  return static_cast<std::uint32_t>(found - all.begin());
}

/// A record that has a place, and may be an answer.
struct Found {
  double metres;
  std::uint64_t key;
  std::uint32_t place;
};

}  // namespace

Result<PlaceResult> nearest_places(const Snapshot& index, const PlaceOptions& options) {
  NEARLINE_TRY(attribute, check(index.schema().attributes, options));
  NEARLINE_TRY(matching, Matching::of(index, options.filter));
  NEARLINE_TRY(joint, index.joint_records());
  std::vector<Found> found;
  std::uint64_t base = 0;
  RunKeys keys;
  for (std::size_t s = 0; s < index.segments().size(); base += index.segments()[s++]->count()) {
    const Segment& segment = *index.segments()[s];
    NEARLINE_TRY(column, segment.column(attribute));
    if (!column) continue;
    const RecordSet* const matches = matching.segment(s);
    SectionWindow window = column->window(kAheadBytes);
    NEARLINE_TRY(runs, column->runs(window));
    for (std::size_t r = 0; r < runs.size(); ++r) {
      NEARLINE_CHECK(column->read_run(runs[r], window, keys));
      for (std::uint32_t i = 0; i < keys.rows; ++i) {
        const auto row = static_cast<std::uint32_t>(r * format::kRunRows + i);
        if (!keys.has(i) || segment.dead().has(Row(row)) || (matches != nullptr && !matches->has(Row(row)))) continue;
        const double metres = great_circle_metres(options.at, format::place_of(keys.keys[i]));
        found.push_back({metres, keys.keys[i], static_cast<std::uint32_t>(base + row)});
      }
    }
  }
  PlaceResult result;
  result.matches = found.size();
  // Of those that are as far as the k-th the smaller ids count, which places do not tell.
  if (found.size() > options.k) {
    const auto kth = found.begin() + options.k - 1;
    std::ranges::nth_element(found, kth, {}, &Found::metres);
    const double last = kth->metres;
    std::erase_if(found, [last](const Found& one) { return one.metres > last; });
  }
  std::ranges::sort(found, {}, &Found::place);
  std::vector<std::pair<Id, const Found*>> named;
  named.reserve(found.size());
  const auto places = joint->places(kPrimaryField);
  for (std::size_t record = 0; record < places.size(); ++record) {
    const auto at = std::ranges::lower_bound(found, places[record], {}, &Found::place);
    if (at != found.end() && at->place == places[record]) named.emplace_back(joint->ids()[record], &*at);
  }
  std::ranges::stable_sort(named, {}, [](const auto& one) { return one.second->metres; });  // they come by id
  named.resize(std::min<std::size_t>(named.size(), options.k));
  for (const auto& [id, one] : named) {
    result.ids.push_back(id);
    result.places.push_back(format::place_of(one->key));
    result.metres.push_back(one->metres);
  }
  return result;
}

}  // namespace nearline::engine
