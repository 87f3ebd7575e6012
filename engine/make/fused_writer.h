// SPDX-License-Identifier: Apache-2.0
/// Writes fused pages. What a page points to has a code only once all records are coded, so records wait in a file
/// without a name, and pages are made of them at the end.
#pragma once

#include <memory>

#include "engine/codes/code_reader.h"
#include "engine/file/append_file.h"
#include "engine/file/index_file_writer.h"
#include "engine/make/code_writer.h"
#include "engine/make/page_sink.h"

namespace nearline::engine {

class FusedWriter final : public PageSink {
 public:
  /// shape: fused, for all `count` records. Borrows the writer, whose page section has begun, and the writer of codes.
  /// records, targets: files without a name.
  FusedWriter(IndexFileWriter& writer, const format::PageShape& shape, std::uint64_t count, CodeWriter& codes,
              std::unique_ptr<io::File> records, std::unique_ptr<io::File> targets);

  Result<void> append(const format::PageShape& from, const std::byte* record, std::span<const std::uint32_t> neighbors,
                      std::span<const std::byte> code) override;
  Result<void> finish() override;

  /// An even sample of all records, and one of each page that no path from them leads to.
  Result<std::vector<std::uint32_t>> entries(std::vector<std::uint32_t> linked) override;

  /// What it allocates at most.
  static std::uint64_t memory_bytes(const format::PageShape& shape, std::uint64_t count) noexcept;

 private:
  /// The waiting records of some pages.
  struct Batch {
    std::uint64_t first = 0;
    std::vector<std::byte> bytes;
  };
  [[nodiscard]] std::size_t waiting_bytes() const noexcept;
  Result<void> write_page(std::uint32_t number, const Batch& batch, CodeReader& codes);
  void link(std::uint32_t first, std::span<const std::uint32_t> targets);
  Result<void> keep_targets(std::span<const std::uint32_t> targets);

  IndexFileWriter& writer_;
  format::PageShape shape_;
  std::uint64_t count_;
  CodeWriter& codes_;
  AppendFile records_;  // of each: its bytes up to the links, degree u32, neighbours u32 [shape.degree]
  AppendFile targets_;  // of each page: count u32, ordinals u32 [shape.targets]
  std::uint64_t next_ = 0;
  std::vector<std::byte> record_;
  std::vector<std::byte> page_;
  std::vector<std::vector<std::uint32_t>> lists_;  // of the page's records
};

/// Entry points that a fused segment of so many records gets.
std::uint64_t fused_entry_count(std::uint64_t records) noexcept;

}  // namespace nearline::engine
