// SPDX-License-Identifier: Apache-2.0
/// Turns a linked image into the sections of a segment.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/build/code_writer.h"
#include "engine/build/index_file_writer.h"
#include "engine/build/record_image.h"
#include "nearline/types.h"

namespace nearline::engine {

/// Writes one part's pages. Parts follow each other without gaps: the writer carries what a part leaves over of a page
/// into the next one.
class PageWriter {
 public:
  /// shape: of the file's pages, for all records of the segment. Borrows the writer, whose page section has begun, and
  /// the writer of their codes, which may be null.
  PageWriter(IndexFileWriter& writer, const format::PageShape& shape, std::uint64_t count, CodeWriter* codes);

  /// Appends one record: vector, scale and id are copied from `record` of `image`'s shape, neighbours are final
  /// ordinals.
  Result<void> append(const format::PageShape& from, const std::byte* record, std::span<const std::uint32_t> neighbors);

  /// Writes the last page. Precondition: `count` records were appended.
  Result<void> finish();

  [[nodiscard]] std::uint64_t edges() const noexcept { return edges_; }
  [[nodiscard]] std::uint64_t local_edges() const noexcept { return local_edges_; }

 private:
  Result<void> flush();

  IndexFileWriter& writer_;
  format::PageShape shape_;
  std::uint64_t count_;
  CodeWriter* codes_;
  std::uint64_t next_ = 0;
  std::vector<std::byte> page_;
  std::uint64_t edges_ = 0;
  std::uint64_t local_edges_ = 0;
};

/// Writes the entry points, the id index, and the codes, unless `codes` is null. ids: by final ordinal.
Result<void> write_tables(IndexFileWriter& writer, std::span<const std::uint32_t> entries, const std::vector<Id>& ids,
                          CodeWriter* codes);

}  // namespace nearline::engine
