// SPDX-License-Identifier: Apache-2.0
/// What records of a segment say, by row.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/columns/column_reader.h"
#include "engine/columns/payloads.h"
#include "nearline/attributes.h"

namespace nearline::engine {

/// Threads: one at a time. The segment's file outlives it.
class DataReader {
 public:
  /// columns: those to read, null where no record has a value; names: of them. payloads: null for none.
  DataReader(std::vector<std::string> names, const std::vector<std::shared_ptr<const Column>>& columns,
             std::shared_ptr<const Payloads> payloads);

  /// out: all of it, in the order of the rows. Cheapest where rows ascend. Errors: kCorrupt, kIo.
  Result<void> read(std::span<const std::uint32_t> rows, RecordData& out);
  [[nodiscard]] std::uint64_t blocks_read() const noexcept;

 private:
  std::vector<std::string> names_;
  std::vector<std::unique_ptr<ColumnReader>> columns_;
  std::shared_ptr<const Payloads> payloads_;
  std::optional<Payloads::Reader> payload_reader_;
};

}  // namespace nearline::engine
