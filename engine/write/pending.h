// SPDX-License-Identifier: Apache-2.0
/// What a writer was told since its last commit of one field: vectors to add, and those of the commit to delete.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/make/intake.h"
#include "engine/query/snapshot.h"
#include "nearline/writer.h"

namespace nearline::engine {

class Pending {
 public:
  /// Borrows the field of the newest commit. directory: of the file that holds what does not belong into memory.
  Pending(const Snapshot& index, io::FileSystem& fs, std::filesystem::path directory);

  /// As Writer. replace: upsert.
  Result<InsertReport> add(const MatrixView& vectors, std::span<const Id> ids, const RecordData& data, bool replace);
  Result<EraseReport> erase(std::span<const Id> ids);
  /// The two steps of that: what can fail, and what cannot. Places are good until the next call.
  Result<std::vector<RecordPlace>> prepare_erase(std::span<const Id> ids);
  EraseReport erase_at(std::span<const Id> ids, std::span<const RecordPlace> places) noexcept;
  /// Which of the ids the field has, once what waits is done. Errors: kCorrupt, kIo.
  Result<std::vector<bool>> has(std::span<const Id> ids);

  [[nodiscard]] bool dirty() const noexcept { return changed_; }
  /// Records that were added and not deleted again.
  [[nodiscard]] std::uint64_t fresh() const noexcept { return row_of_.size(); }
  /// As the manifest of the next commit has it.
  [[nodiscard]] Id next_id() const noexcept { return next_id_; }
  /// The dead of the i-th of index.segments(), with what the commit deletes.
  [[nodiscard]] const RecordSet& dead(std::size_t segment) const noexcept { return dead_[segment]; }

  /// What the fresh records say, for who takes them in. Nothing where there is nothing.
  Result<void> give_values(StagedValues& to);
  [[nodiscard]] std::uint64_t value_bytes() const noexcept { return intake_ ? intake_->values().pool_bytes() : 0; }

  /// Visits the fresh records in the order in which they were added. visit(id, vector).
  template <class Visit>
  Result<void> for_each(Visit&& visit) {
    if (!intake_) return {};
    return intake_->spill().for_each([&](std::uint64_t row, Id id, std::span<const std::byte> vector) -> Result<void> {
      const auto found = row_of_.find(id);
      if (found == row_of_.end() || found->second != row) return {};
      return visit(id, vector);
    });
  }

 private:
  /// The records of ids that the commit has and nothing deleted since.
  Result<std::vector<RecordPlace>> find(std::span<const Id> ids);
  /// Makes room for the tombstones of all of them.
  void make_room(std::span<const RecordPlace> places);
  /// The first of so many ids in a row that no record has, nor had, as far as next_id_ tells.
  Result<Id> first_of(std::size_t count);

  const Snapshot* index_;
  io::FileSystem* fs_;
  std::filesystem::path directory_;
  std::optional<Intake> intake_;  // made when the first record comes
  std::unordered_map<Id, std::uint64_t> row_of_;
  std::vector<RecordSet> dead_;
  Id next_id_;
  bool changed_ = false;
};

}  // namespace nearline::engine
