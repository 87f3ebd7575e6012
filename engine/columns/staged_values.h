// SPDX-License-Identifier: Apache-2.0
/// Attributes and payloads of records waiting to be written, in files without a name. A value is a cell of 8 bytes:
/// its key (format/column.h), or of a string and of tags a number in a pool of those that differ, which stays in
/// memory. Cells stand by attribute within chunks of rows, so that a column is read without the others.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/columns/string_pool.h"
#include "io/file.h"
#include "nearline/attributes.h"
#include "nearline/result.h"
#include "nearline/types.h"

namespace nearline::engine {

/// One attribute of all staged records, in the order in which they came.
struct StagedColumn {
  std::vector<std::uint64_t> cells;
  std::vector<std::uint64_t> valid;  ///< a bit each: whether it has a value
  [[nodiscard]] bool has(std::uint64_t row) const noexcept { return (valid[row / 64] >> (row % 64) & 1) != 0; }
};

class StagedValues {
 public:
  /// The files are made in `directory` once there is something to put into them.
  StagedValues(std::vector<Attribute> attributes, io::FileSystem& fs, std::filesystem::path directory);

  /// Whether data for so many rows fits the attributes. first: number of the first row, for messages.
  /// Errors: kInvalidArgument for names that are unknown, repeated or of a wrong number of values; kBadInput, naming
  /// the row, for a value of another type, beyond a limit, not UTF-8 or not finite.
  [[nodiscard]] Result<void> check(const RecordData& data, std::size_t rows, std::uint64_t first) const;

  /// Of records in a row, the first of which the caller numbers first; ids: one each. Precondition: `check` is content.
  /// Errors: kNoSpace, kIo. After these, and after std::bad_alloc, it must be cut to what it was.
  Result<void> append(std::span<const Id> ids, const RecordData& data, std::uint64_t first);
  /// Forgets the rows from `count` on.
  void cut(std::uint64_t count) noexcept { count_ = count; }

  [[nodiscard]] const std::vector<Attribute>& attributes() const noexcept { return attributes_; }
  /// Records that were appended.
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] bool has_payloads() const noexcept { return payload_written_ + payload_buffer_.size() > 0; }
  /// A file without a name beside the staged ones.
  Result<std::unique_ptr<io::File>> make_file() { return fs_->create_unnamed(directory_); }
  /// What different strings take in memory; the same whatever the order in which they came.
  [[nodiscard]] std::uint64_t pool_bytes() const noexcept;
  /// Of what was appended under these ids, whatever the order.
  [[nodiscard]] std::uint64_t digest() const noexcept { return digest_; }

  Result<StagedColumn> column(std::size_t attribute);
  Result<std::vector<Id>> ids();
  /// Where the payload of each row is; kNoPayload where it has none.
  Result<std::vector<std::uint64_t>> payload_places();
  Result<void> read_payload(std::uint64_t place, std::string& out);
  static constexpr std::uint64_t kNoPayload = ~std::uint64_t{0};

  [[nodiscard]] const StringPool& strings(std::size_t attribute) const noexcept { return strings_[attribute]; }
  [[nodiscard]] const ListPool& lists(std::size_t attribute) const noexcept { return lists_[attribute]; }

  /// Visits all rows in order: the caller's number, the id, and what the record says, under all attributes' names.
  Result<void> for_each(const std::function<Result<void>(std::uint64_t, Id, const RecordData&)>& visit);

 private:
  /// Columns besides the attributes': the ids, the caller's numbers, and where payloads are.
  enum Extra : std::size_t { kIds, kNumbers, kPayloads, kExtras };

  [[nodiscard]] std::size_t columns() const noexcept { return attributes_.size() + kExtras; }
  [[nodiscard]] std::uint64_t chunk_bytes() const noexcept;
  [[nodiscard]] std::uint64_t* cells(std::size_t column) noexcept { return chunk_.data() + column * chunk_rows_; }
  [[nodiscard]] std::uint64_t* valid(std::size_t attribute) noexcept {
    return chunk_.data() + columns() * chunk_rows_ + attribute * (chunk_rows_ / 64);
  }
  Result<void> make_files();
  Result<void> load(std::uint64_t chunk);
  Result<void> store();
  Result<std::uint64_t> add_payload(const std::string& payload);
  Result<void> store_payloads();
  Result<void> read_cells(std::size_t column, std::vector<std::uint64_t>& out);
  std::uint64_t cell_of(std::size_t attribute, const Value& value);
  [[nodiscard]] Value value_of(std::size_t attribute, std::uint64_t cell) const;

  std::vector<Attribute> attributes_;
  io::FileSystem* fs_;
  std::filesystem::path directory_;
  std::unique_ptr<io::File> file_;
  std::unique_ptr<io::File> payloads_;
  std::uint64_t chunk_rows_;
  std::vector<std::uint64_t> chunk_;  // the one that loaded_ names
  std::uint64_t loaded_ = 0;
  bool changed_ = false;
  std::uint64_t count_ = 0;
  std::uint64_t payload_written_ = 0;
  std::string payload_buffer_;
  std::uint64_t digest_ = 0;
  std::vector<StringPool> strings_;  // by attribute
  std::vector<ListPool> lists_;
};

}  // namespace nearline::engine
