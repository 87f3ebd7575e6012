// SPDX-License-Identifier: Apache-2.0
/// Which group each record of a field is in: the records that say the same of one attribute.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/query/joint_records.h"
#include "nearline/attributes.h"

namespace nearline::engine {

/// Immutable. Groups are numbered from 0, in the order in which records say them.
class GroupTable {
 public:
  static constexpr std::uint32_t kNone = 0xFFFF'FFFF;

  /// Reads the attribute's columns once. field: its live records are in it. Errors: kInvalidArgument for an attribute
  /// that is unknown or of a type that makes no groups; kCorrupt, kIo; those of JointRecords::of.
  static Result<std::shared_ptr<const GroupTable>> of(const Snapshot& field, std::string_view attribute);

  /// By place (JointRecords::places of the field); kNone where the record is deleted or says nothing.
  [[nodiscard]] std::span<const std::uint32_t> groups() const noexcept { return groups_; }
  /// What the records of a group say.
  [[nodiscard]] const Value& value(std::uint32_t group) const noexcept { return values_[group]; }
  [[nodiscard]] std::uint32_t count() const noexcept { return static_cast<std::uint32_t>(values_.size()); }
  /// The places of a group's records, ascending.
  [[nodiscard]] std::span<const std::uint32_t> places(std::uint32_t group) const noexcept {
    return std::span(places_).subspan(starts_[group], starts_[group + 1] - starts_[group]);
  }
  /// The group of a live record of the field.
  [[nodiscard]] std::uint32_t group_of(Id id) const noexcept;
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept;

 private:
  std::shared_ptr<const JointRecords> joint_;
  std::uint32_t field_ = 0;
  std::vector<std::uint32_t> groups_, starts_, places_;
  std::vector<Value> values_;
};

}  // namespace nearline::engine
