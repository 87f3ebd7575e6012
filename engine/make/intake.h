// SPDX-License-Identifier: Apache-2.0
/// The door of a build: what is added is checked, converted to the stored type, hashed and put aside.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "engine/columns/staged_values.h"
#include "engine/make/spill.h"
#include "engine/transform/transformer.h"
#include "nearline/builder.h"

namespace nearline::engine {

class Intake {
 public:
  /// directory: of the files that hold what records say besides, should they say anything.
  /// transform: what is done to vectors that come in; null: they come as they are stored.
  Intake(const Schema& schema, std::unique_ptr<io::File> spill, io::FileSystem& fs, std::filesystem::path directory,
         std::shared_ptr<const Transformer> transform = nullptr);

  /// As Builder::add.
  Result<void> add(const MatrixView& vectors, std::span<const Id> ids, const RecordData& data = {});

  /// Takes in the rows that another one put aside, as new ones of the same ids, and what was said of them. The other is
  /// spent. Errors: as add.
  Result<void> take_over(Intake& other);

  [[nodiscard]] std::uint64_t count() const noexcept { return spill_.count(); }
  [[nodiscard]] Spill& spill() noexcept { return spill_; }
  /// What was said of the records, by id.
  [[nodiscard]] StagedValues& values() noexcept { return values_; }
  [[nodiscard]] const StagedValues& values() const noexcept { return values_; }
  /// 4 when every id fits in 32 bits, else 8.
  [[nodiscard]] std::uint8_t id_bytes() const noexcept { return state_.largest_id >> 32 == 0 ? 4 : 8; }
  /// Of the next record that comes without an id, once all that was taken in is in an index.
  [[nodiscard]] Id next_id() const noexcept { return state_.next_id; }
  /// Ids below were given before.
  void begin_ids_at(Id id) noexcept { state_.next_id = std::max(state_.next_id, id); }
  /// Of all vectors under ip.
  [[nodiscard]] float least_squared_norm() const noexcept { return state_.least_squared_norm; }
  [[nodiscard]] float largest_squared_norm() const noexcept { return state_.largest_squared_norm; }

  /// Errors: kInvalidArgument naming the first id that was given twice; kNoMemory.
  Result<void> check_ids_unique();
  /// All ids, ascending. Errors: those of the files.
  Result<std::vector<Id>> sorted_ids();

 private:
  struct State {
    Id largest_id = 0;
    Id next_id = 0;
    bool ids_ascend = true;
    float least_squared_norm = std::numeric_limits<float>::infinity();
    float largest_squared_norm = 0;
  };

  Result<void> add_values(std::span<const Id> ids, std::size_t rows, const RecordData& data, std::uint64_t first);
  Result<void> add_rows(const MatrixView& vectors, std::span<const Id> ids, State& state);
  Result<void> check_row(const std::byte* vector, std::uint64_t row, State& state) const;
  Result<void> check_id(Id id, State& state) const;

  /// Errors: kBadInput where the stored type has no room for a value.
  Result<void> to_stored(const MatrixView& part, std::uint64_t row, std::vector<std::byte>& stored);

  Schema schema_;
  std::shared_ptr<const Transformer> transform_;
  std::vector<float> transformed_;
  Spill spill_;
  StagedValues values_;
  State state_;
};

}  // namespace nearline::engine
