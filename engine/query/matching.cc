// SPDX-License-Identifier: Apache-2.0
#include "engine/query/matching.h"

#include <algorithm>

#include "engine/columns/value_check.h"
#include "engine/filter/bound.h"

namespace nearline::engine {

Matching Matching::all(const Snapshot& snapshot) {
  Matching matching;
  matching.count_ = snapshot.count();
  return matching;
}

Matching Matching::of_rows(const std::vector<std::vector<std::uint64_t>>& words) {
  Matching matching;
  matching.filters_ = true;
  matching.rows_.reserve(words.size());
  for (const auto& some : words) {
    matching.rows_.push_back(std::make_shared<const RecordSet>(RecordSet::of(some)));
    matching.count_ += matching.rows_.back()->count();
  }
  return matching;
}

Result<Matching> Matching::of(const Snapshot& snapshot, std::string_view filter) {
  if (filter.empty()) return all(snapshot);
  Matching matching;
  matching.filters_ = true;
  if (snapshot.records() != &snapshot) return by_ids(snapshot, filter);
  NEARLINE_TRY(bound, bind(filter, snapshot.schema().attributes));
  WindowReads cost;
  for (const auto& segment : snapshot.segments()) {
    NEARLINE_TRY(rows, segment->matches(bound, cost));
    if (segment->dead().count() > 0) rows = std::make_shared<const RecordSet>(rows->without(segment->dead()));
    matching.count_ += rows->count();
    matching.rows_.push_back(std::move(rows));
  }
  matching.reads_ = cost.blocks;
  return matching;
}

Result<Matching> Matching::by_ids(const Snapshot& field, std::string_view filter) {
  NEARLINE_TRY(bound, bind(filter, field.records()->schema().attributes));
  // What a record says stands elsewhere, and may be replaced while its vector here stays: the sets are of this commit.
  const std::string key = bound.text + "\ncommit " + std::to_string(field.file().manifest().generation);
  Matching matching;
  matching.filters_ = true;
  for (const auto& segment : field.segments()) {
    auto known = segment->known_matches(key);
    if (!known) break;
    matching.count_ += known->count();
    matching.rows_.push_back(std::move(known));
  }
  if (matching.rows_.size() == field.segments().size()) return matching;
  matching = Matching();
  matching.filters_ = true;
  NEARLINE_TRY(of_records, Matching::of(*field.records(), filter));
  NEARLINE_TRY(ids, field.records()->ids_of(of_records));
  ReadCount reads;
  std::vector<std::uint32_t> rows(ids.size());
  for (const auto& segment : field.segments()) {
    NEARLINE_CHECK(segment->find(ids, rows, reads));
    RecordSet set;
    set.make_room(segment->count());
    for (const std::uint32_t row : rows) {
      if (row != kNoOrdinal) set.add(Row(row));
    }
    matching.count_ += set.count();
    matching.rows_.push_back(std::make_shared<const RecordSet>(std::move(set)));
    segment->keep_matches(key, matching.rows_.back());
  }
  matching.reads_ = of_records.reads() + reads.blocks;
  return matching;
}

Result<std::uint64_t> Snapshot::count_matches(std::string_view filter) const {
  NEARLINE_TRY(matching, Matching::of(*this, filter));
  return matching.count();
}

Result<std::vector<Id>> Snapshot::matching_ids(std::string_view filter) const {
  NEARLINE_TRY(matching, Matching::of(*this, filter));
  return ids_of(matching);
}

Result<std::vector<Id>> Snapshot::ids_of(const Matching& matching) const {
  std::vector<Id> ids;
  for (std::size_t s = 0; s < segments_.size(); ++s) {
    const Segment& segment = *segments_[s];
    const RecordSet* const matches = matching.segment(s);
    NEARLINE_TRY(some, segment.ids_of(matches != nullptr ? *matches : segment.alive()));
    ids.insert(ids.end(), some.begin(), some.end());
  }
  std::ranges::sort(ids);
  return ids;
}

Result<RecordData> Snapshot::data(std::span<const Id> ids, const DataRequest& request) const {
  const std::vector<Attribute>& all = schema().attributes;
  std::vector<std::uint32_t> attributes;
  RecordData data;
  if (!request.names) {
    for (std::uint32_t a = 0; a < all.size(); ++a) attributes.push_back(a);
  } else {
    for (const std::string& name : *request.names) {
      const auto found = std::ranges::find(all, name, &Attribute::name);
      if (found == all.end()) return unknown_attribute(name, all);
      attributes.push_back(static_cast<std::uint32_t>(found - all.begin()));
    }
  }
  data.names.reserve(attributes.size());
  for (const std::uint32_t attribute : attributes) data.names.push_back(all[attribute].name);
  data.values.resize(ids.size() * attributes.size());
  const bool payloads = request.payloads && std::ranges::any_of(segments_, [](const auto& segment) {
                          return segment->file().section(format::SectionKind::kPayload) != nullptr;
                        });
  if (attributes.empty() && !payloads) return data;  // nobody said anything: no id is looked up
  ReadCount count;
  NEARLINE_TRY(places, locate(ids, count));
  for (std::uint32_t s = 0; s < segments_.size(); ++s) {
    std::vector<std::size_t> wanted;
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (places[i].found() && places[i].segment == s) wanted.push_back(i);
    }
    if (wanted.empty()) continue;
    std::ranges::sort(wanted, {}, [&](std::size_t i) { return places[i].row; });
    std::vector<std::uint32_t> rows;
    rows.reserve(wanted.size());
    for (const std::size_t i : wanted) rows.push_back(places[i].row);
    NEARLINE_TRY(reader, segments_[s]->data_reader(attributes, payloads));
    RecordData part;
    NEARLINE_CHECK(reader.read(rows, part));
    if (!part.payloads.empty()) data.payloads.resize(ids.size());
    for (std::size_t w = 0; w < wanted.size(); ++w) {
      const auto from = part.values.begin() + static_cast<std::ptrdiff_t>(w * attributes.size());
      std::move(from, from + static_cast<std::ptrdiff_t>(attributes.size()),
                data.values.begin() + static_cast<std::ptrdiff_t>(wanted[w] * attributes.size()));
      if (!part.payloads.empty()) data.payloads[wanted[w]] = std::move(part.payloads[w]);
    }
  }
  return data;
}

}  // namespace nearline::engine
