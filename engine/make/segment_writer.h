// SPDX-License-Identifier: Apache-2.0
/// Turns a linked image into the sections of a segment.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/file/index_file_writer.h"
#include "engine/link/record_image.h"
#include "engine/make/code_writer.h"
#include "engine/make/page_sink.h"
#include "nearline/types.h"

namespace nearline::engine {

/// Writes lean pages. Parts follow each other without gaps: the writer carries what a part leaves over of a page
/// into the next one.
class PageWriter final : public PageSink {
 public:
  /// shape: of the file's pages, for all records of the segment. Borrows the writer, whose page section has begun, and
  /// the writer of their codes, which may be null.
  PageWriter(IndexFileWriter& writer, const format::PageShape& shape, std::uint64_t count, CodeWriter* codes);

  Result<void> append(const format::PageShape& from, const std::byte* record, std::span<const std::uint32_t> neighbors,
                      std::span<const std::byte> code) override;
  Result<void> finish() override;
  Result<std::vector<std::uint32_t>> entries(std::vector<std::uint32_t> linked) override { return linked; }

 private:
  Result<void> flush();

  IndexFileWriter& writer_;
  format::PageShape shape_;
  [[maybe_unused]] std::uint64_t count_;  ///< for assertions
  CodeWriter* codes_;
  std::uint64_t next_ = 0;
  std::vector<std::byte> page_;
};

/// The manifest's row of a segment with so many records on pages of this shape, but for its counts of edges.
format::Graph graph_of(const format::PageShape& shape, std::uint64_t count) noexcept;

/// Writes the entry points, the keys, and the codes, unless `codes` is null: those of all records, or of the entry
/// points where pages hold the others. ids: by final ordinal.
Result<void> write_tables(IndexFileWriter& writer, std::span<const std::uint32_t> entries, const std::vector<Id>& ids,
                          CodeWriter* codes);

}  // namespace nearline::engine
