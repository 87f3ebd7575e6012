// SPDX-License-Identifier: Apache-2.0
#include "engine/codes/code_table.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "engine/codes/code_training.h"

namespace nearline::engine {
namespace {

using format::SectionKind;

constexpr std::uint64_t kReadBlocks = 256;
/// Beside short codes, for which there was little room.
constexpr std::uint64_t kShortenedBlocks = 16;

std::uint64_t blocks_of(std::uint64_t bytes) noexcept {
  return (bytes + format::kBlockBytes - 1) / format::kBlockBytes;
}

Error corrupt(const format::Section& section, std::string what) {
  return {.code = Code::kCorrupt, .what = std::move(what), .at = section.offset};
}

}  // namespace

bool CodeTable::has_codes(const SegmentFile& file) noexcept {
  const format::Section* book = file.section(SectionKind::kCodeParameters);
  return book != nullptr && book->length > 0;
}

std::uint64_t CodeTable::memory_bytes(const SegmentFile& file, std::uint32_t parts) noexcept {
  const format::Section* codes = file.section(SectionKind::kCodes);
  if (parts != kWhole) {
    return ShortCodes::memory_bytes(codes->count, codes->element_bytes - format::kCodeHeadBytes, parts) +
           file.section(SectionKind::kCodeParameters)->length;
  }
  const std::uint64_t bytes = codes == nullptr ? 0 : blocks_of(codes->length) * format::kBlockBytes;
  return bytes + bytes / kBlock / 8 + file.section(SectionKind::kCodeParameters)->length;
}

CodeTable::CodeTable(const SegmentFile& file, const format::Section& section, format::CodeBook book, bool whole)
    : file_(file.file()),
      section_(section),
      check_(file.index().check(section, 64)),
      book_(std::move(book)),
      stride_(section.element_bytes),
      blocks_(blocks_of(section.length)),
      codes_(whole ? static_cast<std::byte*>(std::aligned_alloc(kBlock, blocks_ * kBlock)) : nullptr),
      here_(std::make_unique<std::atomic<std::uint64_t>[]>(whole ? blocks_ / 64 + 1 : 0)) {}

Result<format::CodeBook> CodeTable::read_book(const SegmentFile& file) {
  const format::Section& parameters = *file.section(SectionKind::kCodeParameters);
  NEARLINE_TRY(bytes, file.index().read_whole(parameters, format::kMaxCodeBookBytes));
  return format::decode_code_book(bytes, file.field().dim, parameters.offset);
}

Result<std::unique_ptr<CodeTable>> CodeTable::open(const SegmentFile& file, std::uint32_t parts) {
  const format::Section& parameters = *file.section(SectionKind::kCodeParameters);
  if (!format::can_code(file.field().metric, file.field().dim)) {
    return corrupt(parameters, "a code book for " + std::string(name(file.field().metric)) + " of dimension " +
                                   std::to_string(file.field().dim) + ": expected a metric that codes fit");
  }
  NEARLINE_TRY(book, read_book(file));
  const format::Section* codes = file.section(SectionKind::kCodes);
  // Fused pages hold the codes of the records that they point to; what is left are those where walks begin.
  const bool fused = file.graph().layout == Layout::kFused;
  const std::uint64_t count = fused ? file.section(SectionKind::kEntryPoints)->count : file.segment().count;
  if (codes == nullptr || codes->count != count || codes->element_bytes != book.code_bytes()) {
    return corrupt(parameters, "a code book without a code of " + std::to_string(book.code_bytes()) +
                                   " bytes for each record: expected a section of them");
  }
  const bool whole = parts >= book.parts();
  std::unique_ptr<CodeTable> table(new CodeTable(file, *codes, std::move(book), whole));
  if (!whole) {
    NEARLINE_CHECK(table->shorten(
        std::make_unique<ShortCodes>(table->book_, file.field().metric, codes->count, std::max(1U, parts))));
    return table;
  }
  if (!table->codes_) return Error{.code = Code::kNoMemory, .what = "out of memory for the codes"};
  return table;
}

Result<void> CodeTable::shorten(std::unique_ptr<ShortCodes> codes) {
  std::vector<std::byte> bytes;  // whole blocks that were read, from a code that is not taken in yet
  const std::size_t batch = ShortCodes::kBatch * stride_;
  std::uint64_t left = section_.length;  // bytes of codes
  const auto add = [&](std::size_t at, std::size_t count) {
    codes->add(std::span<const std::byte>(bytes).subspan(at, count));
    left -= count;
  };
  for (std::uint64_t first = 0; first < blocks_; first += kShortenedBlocks) {
    const std::size_t begin = bytes.size();
    bytes.resize(begin + std::min(kShortenedBlocks, blocks_ - first) * kBlock);
    const std::span<std::byte> read = std::span(bytes).subspan(begin);
    NEARLINE_CHECK(io::read_exact(file_, section_.offset + first * kBlock, read));
    NEARLINE_CHECK(check_->check(first, read));
    std::size_t at = 0;
    while (bytes.size() - at >= batch && left >= batch) add(std::exchange(at, at + batch), batch);
    if (first + kShortenedBlocks >= blocks_ && left > 0) add(std::exchange(at, at + left), left);
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
  }
  book_ = codes->finish();
  short_ = std::move(codes);
  return {};
}

Result<void> CodeTable::load(std::uint64_t first, std::uint64_t last) {
  const std::lock_guard lock(loading_);
  for (std::uint64_t block = first; block <= last; ++block) {
    if (is_here(block)) continue;
    const std::span<std::byte> bytes(codes_.get() + block * kBlock, kBlock);
    NEARLINE_CHECK(io::read_exact(file_, section_.offset + block * kBlock, bytes));
    NEARLINE_CHECK(check_->check(block, bytes));
    here_[block / 64].fetch_or(std::uint64_t{1} << (block % 64), std::memory_order_release);
  }
  return {};
}

Result<void> CodeTable::load_all() {
  if (short_) return {};
  for (std::uint64_t first = 0; first < blocks_; first += kReadBlocks) {
    const std::uint64_t count = std::min(kReadBlocks, blocks_ - first);
    const std::span<std::byte> bytes(codes_.get() + first * kBlock, count * kBlock);
    NEARLINE_CHECK(io::read_exact(file_, section_.offset + first * kBlock, bytes));
    NEARLINE_CHECK(check_->check(first, bytes));
    for (std::uint64_t block = first; block < first + count; ++block) {
      here_[block / 64].fetch_or(std::uint64_t{1} << (block % 64), std::memory_order_release);
    }
  }
  return {};
}

}  // namespace nearline::engine
