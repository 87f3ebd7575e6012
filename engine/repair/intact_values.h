// SPDX-License-Identifier: Apache-2.0
/// What the records of a segment say besides their vectors, as far as the blocks that say it are intact.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/columns/column_reader.h"
#include "engine/columns/payloads.h"
#include "engine/file/index_file.h"
#include "nearline/attributes.h"

namespace nearline::engine {

/// Threads: one at a time. Made for rows that ascend.
class IntactValues {
 public:
  /// Borrows the segment's file. file_bytes: its length.
  IntactValues(const SegmentFile& segment, std::uint64_t file_bytes);

  /// What these rows say, under the names of all attributes; empty where the segment has neither column nor payload.
  /// What cannot be read, or is no value that a record may have, is none.
  RecordData read(std::span<const std::uint32_t> rows);

  /// How many values and payloads of the rows that were read may have been there and could not be read.
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }

 private:
  struct Source {
    bool there = false;  ///< else all rows are without a value
    std::shared_ptr<const Column> column{};
    std::unique_ptr<ColumnReader> reader{};
  };

  Value value(std::size_t attribute, std::uint32_t row);
  std::string payload(std::uint32_t row);

  const std::vector<Attribute>& attributes_;
  std::vector<Source> columns_;  // by attribute
  bool any_ = false;
  bool has_payloads_ = false;
  std::shared_ptr<const Payloads> payloads_;
  std::optional<Payloads::Reader> payload_reader_;
  std::uint64_t lost_ = 0;
};

}  // namespace nearline::engine
