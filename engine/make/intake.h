// SPDX-License-Identifier: Apache-2.0
/// The door of a build: what is added is checked, converted to the stored type, hashed and put aside.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>

#include "engine/make/spill.h"
#include "nearline/builder.h"

namespace nearline::engine {

class Intake {
 public:
  Intake(const Schema& schema, std::unique_ptr<io::File> spill);

  /// As Builder::add.
  Result<void> add(const MatrixView& vectors, std::span<const Id> ids);

  [[nodiscard]] std::uint64_t count() const noexcept { return spill_.count(); }
  [[nodiscard]] Spill& spill() noexcept { return spill_; }
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

 private:
  struct State {
    Id largest_id = 0;
    Id next_id = 0;
    bool ids_ascend = true;
    float least_squared_norm = std::numeric_limits<float>::infinity();
    float largest_squared_norm = 0;
  };

  Result<void> add_rows(const MatrixView& vectors, std::span<const Id> ids, State& state);
  Result<void> check_row(const std::byte* vector, std::uint64_t row, State& state) const;
  Result<void> check_id(Id id, State& state) const;

  Schema schema_;
  Spill spill_;
  State state_;
};

}  // namespace nearline::engine
