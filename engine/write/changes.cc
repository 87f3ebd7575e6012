// SPDX-License-Identifier: Apache-2.0
#include "engine/write/changes.h"

#include <algorithm>
#include <string>

#include "engine/space/field_schema.h"

namespace nearline::engine {

Changes::Changes(const Snapshot& index, io::FileSystem& fs, const std::filesystem::path& directory) {
  const std::uint32_t count = field_count(index.schema());
  fields_.reserve(count);
  for (std::uint32_t f = 0; f < count; ++f) fields_.emplace_back(index.view(f), fs, directory);
}

Result<InsertReport> Changes::insert(const MatrixView& vectors, std::span<const Id> ids, const RecordData& data) {
  return fields_.front().add(vectors, ids, data, false);
}

Result<Changes::Places> Changes::prepare_erase(std::span<const Id> ids) {
  Places places;
  for (Pending& field : std::span(fields_).subspan(1)) {
    NEARLINE_TRY(found, field.prepare_erase(ids));
    places.push_back(std::move(found));
  }
  return places;
}

void Changes::erase_beside(std::span<const Id> ids, const Places& places) noexcept {
  for (std::size_t i = 0; i < places.size(); ++i) fields_[i + 1].erase_at(ids, places[i]);
}

Result<void> Changes::upsert(const MatrixView& vectors, std::span<const Id> ids, const RecordData& data) {
  NEARLINE_TRY(beside, prepare_erase(ids));
  NEARLINE_CHECK(fields_.front().add(vectors, ids, data, true));
  erase_beside(ids, beside);
  return {};
}

Result<void> Changes::set_field(std::uint32_t field, const MatrixView& vectors, std::span<const Id> ids) {
  if (field == kPrimaryField) {
    return Error{.code = Code::kInvalidArgument,
                 .what = "vectors of the first field: expected upsert, as a record comes and goes with it"};
  }
  if (ids.size() != vectors.rows) {
    return Error{.code = Code::kInvalidArgument,
                 .what = std::to_string(ids.size()) + " ids for " + std::to_string(vectors.rows) +
                         " vectors: expected one each"};
  }
  NEARLINE_TRY(there, fields_.front().has(ids));
  if (const auto none = std::ranges::find(there, false); none != there.end()) {
    return Error{.code = Code::kInvalidArgument,
                 .what = "id " + std::to_string(ids[static_cast<std::size_t>(none - there.begin())]) +
                         ": no record has it; expected one that is in the index, or was added before"};
  }
  NEARLINE_CHECK(fields_[field].add(vectors, ids, {}, true));
  return {};
}

Result<EraseReport> Changes::erase_field(std::uint32_t field, std::span<const Id> ids) {
  if (field == kPrimaryField) return erase(ids);
  return fields_[field].erase(ids);
}

Result<EraseReport> Changes::erase(std::span<const Id> ids) {
  NEARLINE_TRY(beside, prepare_erase(ids));
  NEARLINE_TRY(report, fields_.front().erase(ids));
  erase_beside(ids, beside);
  return report;
}

bool Changes::dirty() const noexcept {
  return std::ranges::any_of(fields_, [](const Pending& field) { return field.dirty(); });
}

}  // namespace nearline::engine
