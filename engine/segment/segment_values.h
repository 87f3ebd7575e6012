// SPDX-License-Identifier: Apache-2.0
/// What the records of a segment say besides their vectors: its columns, opened when they are asked for, and which rows
/// match a filter, kept for the next one who asks the same. Commits that have the segment share it.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "engine/columns/column.h"
#include "engine/columns/payloads.h"
#include "engine/file/index_file.h"
#include "engine/records/record_set.h"

namespace nearline::engine {

/// Threads: any number.
class SegmentValues {
 public:
  /// Of a segment of so many records. Sets of matches take at most memory_bytes, but for one alone.
  SegmentValues(std::uint64_t records, std::uint64_t memory_bytes) noexcept
      : records_(records), most_bytes_(memory_bytes) {}

  /// Null where no record has a value. file: the segment in any commit. Errors: kCorrupt, kIo.
  Result<std::shared_ptr<const Column>> column(const SegmentFile& file, std::uint32_t attribute);
  /// Null where no record has one. Errors: kCorrupt, kIo.
  Result<std::shared_ptr<const Payloads>> payloads(const SegmentFile& file);

  /// The rows that match a filter of that text, deleted ones included; null when nobody asked, or long ago.
  [[nodiscard]] std::shared_ptr<const RecordSet> known(const std::string& text);
  void keep(const std::string& text, std::shared_ptr<const RecordSet> rows);

  [[nodiscard]] std::uint64_t memory_bytes() const;
  [[nodiscard]] std::uint64_t records() const noexcept { return records_; }

 private:
  struct Known {
    std::string text;
    std::shared_ptr<const RecordSet> rows;
    [[nodiscard]] std::uint64_t bytes() const noexcept { return rows->memory_bytes() + text.capacity(); }
  };

  const std::uint64_t records_;
  const std::uint64_t most_bytes_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<const Column>> columns_;
  std::shared_ptr<const Payloads> payloads_;
  std::list<Known> known_;  // the newest first
};

}  // namespace nearline::engine
