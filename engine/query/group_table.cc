// SPDX-License-Identifier: Apache-2.0
#include "engine/query/group_table.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <unordered_map>

#include "engine/columns/value_check.h"

namespace nearline::engine {
namespace {

constexpr std::size_t kAheadBytes = 128 << 10;

/// Numbers values in the order in which they come.
class Numbering {
 public:
  explicit Numbering(AttributeType type) noexcept : type_(type) {}

  /// The groups of a segment's rows are appended.
  Result<void> add(const Segment& segment, std::uint32_t attribute, std::vector<std::uint32_t>& groups) {
    const std::size_t base = groups.size();
    groups.resize(base + segment.count(), GroupTable::kNone);
    NEARLINE_TRY(column, segment.column(attribute));
    if (!column) return {};
    SectionWindow window = column->window(kAheadBytes), words = column->window(0);
    NEARLINE_TRY(runs, column->runs(window));
    entries_.clear();  // numbers of a dictionary are the segment's own
    RunKeys keys;
    for (std::size_t r = 0; r < runs.size(); ++r) {
      NEARLINE_CHECK(column->read_run(runs[r], window, keys));
      for (std::uint32_t i = 0; i < keys.rows; ++i) {
        const std::size_t row = r * format::kRunRows + i;
        if (!keys.has(i) || segment.dead().has(Row(static_cast<std::uint32_t>(row)))) continue;
        NEARLINE_TRY(group, number_of(keys.keys[i], *column, words));
        groups[base + row] = group;
      }
    }
    return {};
  }

  std::vector<Value> values() && { return std::move(values_); }

 private:
  Result<std::uint32_t> number_of(std::uint64_t key, const Column& column, SectionWindow& words) {
    auto& known = type_ == AttributeType::kString ? entries_ : numbers_;
    if (const auto at = known.find(key); at != known.end()) return at->second;
    const auto fresh = static_cast<std::uint32_t>(values_.size());
    if (type_ == AttributeType::kBool) {
      values_.emplace_back(key != 0);
    } else if (type_ == AttributeType::kI64) {
      values_.emplace_back(format::i64_of(key));
    } else {
      NEARLINE_TRY(text, column.string(key, words));
      const auto [at, is_new] = strings_.try_emplace(text, fresh);
      if (is_new) values_.emplace_back(std::move(text));
      return known[key] = at->second;
    }
    return known[key] = fresh;
  }

  AttributeType type_;
  std::unordered_map<std::uint64_t, std::uint32_t> numbers_;  ///< of keys that mean the same everywhere
  std::unordered_map<std::uint64_t, std::uint32_t> entries_;  ///< of a segment's dictionary
  std::unordered_map<std::string, std::uint32_t> strings_;
  std::vector<Value> values_;
};

Result<std::uint32_t> attribute_of(const std::vector<Attribute>& all, std::string_view name) {
  const auto found = std::ranges::find(all, name, &Attribute::name);
  if (found == all.end()) return unknown_attribute(name, all);
  if (found->type != AttributeType::kI64 && found->type != AttributeType::kBool &&
      found->type != AttributeType::kString) {
    return Error{.code = Code::kInvalidArgument,
                 .what = "groups by '" + found->name + "', which is " + std::string(nearline::name(found->type)) +
                         ": expected an attribute of type i64, string or bool"};
  }
  return static_cast<std::uint32_t>(found - all.begin());
}

}  // namespace

Result<std::shared_ptr<const GroupTable>> GroupTable::of(const Snapshot& field, std::string_view attribute) {
  const Snapshot& records = *field.records();
  NEARLINE_TRY(number, attribute_of(records.schema().attributes, attribute));
  NEARLINE_TRY(joint, records.joint_records());
  auto table = std::make_shared<GroupTable>();
  Numbering numbering(records.schema().attributes[number].type);
  for (const auto& segment : records.segments()) NEARLINE_CHECK(numbering.add(*segment, number, table->groups_));
  table->values_ = std::move(numbering).values();
  table->field_ = field.field();
  if (&field != &records) {  // what records say stands with the first field
    const auto from = joint->places(kPrimaryField), to = joint->places(field.field());
    std::uint64_t count = 0;
    for (const auto& segment : field.segments()) count += segment->count();
    std::vector<std::uint32_t> moved(count, kNone);
    for (std::size_t r = 0; r < to.size(); ++r) {
      if (to[r] != JointRecords::kNone) moved[to[r]] = table->groups_[from[r]];
    }
    table->groups_ = std::move(moved);
  }
  table->joint_ = std::move(joint);
  table->starts_.assign(table->values_.size() + 1, 0);
  for (const std::uint32_t group : table->groups_) {
    if (group != kNone) ++table->starts_[group + 1];
  }
  std::partial_sum(table->starts_.begin(), table->starts_.end(), table->starts_.begin());
  table->places_.resize(table->starts_.back());
  std::vector<std::uint32_t> next(table->starts_.begin(), table->starts_.end() - 1);
  for (std::uint32_t place = 0; place < table->groups_.size(); ++place) {
    if (table->groups_[place] != kNone) table->places_[next[table->groups_[place]]++] = place;
  }
  return std::shared_ptr<const GroupTable>(std::move(table));
}

std::uint32_t GroupTable::group_of(Id id) const noexcept {
  const auto ids = joint_->ids();
  const auto record = static_cast<std::size_t>(std::ranges::lower_bound(ids, id) - ids.begin());
  return groups_[joint_->places(field_)[record]];
}

std::uint64_t GroupTable::memory_bytes() const noexcept {
  std::uint64_t bytes = (groups_.capacity() + starts_.capacity() + places_.capacity()) * sizeof(std::uint32_t);
  for (const Value& value : values_) {
    bytes += sizeof value;
    if (const auto* const text = std::get_if<std::string>(&value)) bytes += text->capacity();
  }
  return bytes;
}

}  // namespace nearline::engine
