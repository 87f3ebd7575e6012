// SPDX-License-Identifier: Apache-2.0
/// The codes of an open segment, in memory: of all records, or of the entry points where pages are fused. Blocks are
/// read and checked when first needed, or all at once; codes that are cut short always all at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>

#include "engine/codes/short_codes.h"
#include "engine/file/index_file.h"
#include "format/code_book.h"

namespace nearline::engine {

/// Threads: any number.
class CodeTable {
 public:
  /// Whether the segment has codes: a file that names a code book without bytes has none.
  static bool has_codes(const SegmentFile& file) noexcept;

  /// Stands for all parts of a code.
  static constexpr std::uint32_t kWhole = ~std::uint32_t{0};

  /// Bytes that a table of so many parts of each code will hold.
  static std::uint64_t memory_bytes(const SegmentFile& file, std::uint32_t parts = kWhole) noexcept;

  /// The segment's code book. Errors: as open. Precondition: has_codes.
  static Result<format::CodeBook> read_book(const SegmentFile& file);

  /// Reads the code book, and the codes where only their first `parts` are kept. Borrows the file. Errors: kCorrupt,
  /// kUnsupported, kIo, kNoMemory.  Precondition: has_codes; parts of fused pages are kWhole.
  static Result<std::unique_ptr<CodeTable>> open(const SegmentFile& file, std::uint32_t parts = kWhole);

  /// Reads and checks all codes: cheaper than piece by piece where a read has to wait for the disk.
  Result<void> load_all();

  /// By which codes are to be read: of short ones another than in the file.
  [[nodiscard]] const format::CodeBook& book() const noexcept { return book_; }

  /// Codes of which not all parts are there; null where all are. Then the calls below are not to be made.
  [[nodiscard]] const ShortCodes* short_codes() const noexcept { return short_.get(); }

  /// Sees to it that the codes of these records are there, and that the processor fetches them. Errors: kCorrupt, kIo.
  /// Precondition: ordinals, or numbers of entry points, below their count.
  Result<void> need(std::span<const std::uint32_t> ordinals) {
    for (const std::uint32_t ordinal : ordinals) {
      const std::uint64_t begin = std::uint64_t{ordinal} * stride_, last = begin + stride_ - 1;
      if (!is_here(begin / kBlock) || !is_here(last / kBlock)) NEARLINE_CHECK(load(begin / kBlock, last / kBlock));
      __builtin_prefetch(codes_.get() + begin);
      __builtin_prefetch(codes_.get() + last);
    }
    return {};
  }

  /// The code of a record. Precondition: it was needed before.
  [[nodiscard]] const std::byte* of(std::uint32_t ordinal) const noexcept {
    return codes_.get() + std::uint64_t{ordinal} * stride_;
  }

 private:
  static constexpr std::uint64_t kBlock = format::kBlockBytes;
  struct Free {
    void operator()(std::byte* bytes) const noexcept { std::free(bytes); }
  };

  CodeTable(const SegmentFile& file, const format::Section& section, format::CodeBook book, bool whole);

  [[nodiscard]] bool is_here(std::uint64_t block) const noexcept {
    return (here_[block / 64].load(std::memory_order_acquire) >> (block % 64) & 1) != 0;
  }
  Result<void> load(std::uint64_t first, std::uint64_t last);
  Result<void> shorten(std::unique_ptr<ShortCodes> codes);

  const io::File& file_;
  const format::Section section_;
  std::unique_ptr<SectionCheck> check_;
  format::CodeBook book_;
  std::uint64_t stride_ = 0;
  std::uint64_t blocks_ = 0;
  std::unique_ptr<std::byte, Free> codes_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> here_;  ///< a bit per block
  std::mutex loading_;
  std::unique_ptr<ShortCodes> short_;
};

}  // namespace nearline::engine
