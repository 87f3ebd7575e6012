// SPDX-License-Identifier: Apache-2.0
/// What a writer was told since its last commit, in all fields. Records come and go with their first field; what they
/// have in the others follows.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "engine/write/pending.h"

namespace nearline::engine {

class Changes {
 public:
  /// Borrows the newest commit. directory: as Pending.
  Changes(const Snapshot& index, io::FileSystem& fs, const std::filesystem::path& directory);

  // As the calls of Writer with these names. After an error nothing of a call is done.
  Result<InsertReport> insert(const MatrixView& vectors, std::span<const Id> ids, const RecordData& data);
  Result<void> upsert(const MatrixView& vectors, std::span<const Id> ids, const RecordData& data);
  Result<void> set_field(std::uint32_t field, const MatrixView& vectors, std::span<const Id> ids);
  Result<EraseReport> erase_field(std::uint32_t field, std::span<const Id> ids);
  Result<EraseReport> erase(std::span<const Id> ids);

  [[nodiscard]] bool dirty() const noexcept;
  [[nodiscard]] Pending& field(std::uint32_t field) noexcept { return fields_[field]; }
  [[nodiscard]] std::uint64_t value_bytes() const noexcept { return fields_.front().value_bytes(); }

 private:
  using Places = std::vector<std::vector<RecordPlace>>;
  /// Of the further fields, so that to delete there cannot fail any more.
  Result<Places> prepare_erase(std::span<const Id> ids);
  void erase_beside(std::span<const Id> ids, const Places& places) noexcept;

  std::vector<Pending> fields_;
};

}  // namespace nearline::engine
