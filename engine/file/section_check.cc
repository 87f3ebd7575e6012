// SPDX-License-Identifier: Apache-2.0
#include "engine/file/section_check.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "format/checksum.h"
#include "format/superblock.h"

namespace nearline::engine {
namespace {

constexpr std::uint64_t kBlock = format::kBlockBytes;

std::uint64_t entry(const std::byte* block, std::uint64_t i) noexcept {
  std::uint64_t sum;
  std::memcpy(&sum, block + i * sizeof sum, sizeof sum);
  return sum;
}

}  // namespace

SectionCheck::SectionCheck(const io::File& file, const format::FileId& id, const format::Section& section,
                           std::uint32_t cached_blocks)
    : file_(file), id_(id), section_(section), shape_(format::TreeShape::of(section.length)) {
  slots_.resize(std::min<std::uint64_t>(std::max<std::uint64_t>(shape_.total_blocks, 1), cached_blocks));
}

Result<void> SectionCheck::check(std::uint64_t first, std::span<const std::byte> bytes) {
  assert(bytes.size() % kBlock == 0);
  for (std::uint64_t i = 0; i < bytes.size() / kBlock; ++i) {
    const auto block = bytes.subspan(i * kBlock, kBlock);
    const std::uint64_t found = format::block_checksum(block, id_, section_.serial, 0, first + i);
    NEARLINE_TRY(wanted, expected(first + i));
    if (found != wanted) {
      return Error{.code = Code::kCorrupt,
                   .what = "block checksum does not match",
                   .file = file_.path().string(),
                   .at = section_.offset + (first + i) * kBlock};
    }
  }
  return {};
}

std::uint64_t SectionCheck::memory_bytes() const noexcept {
  const std::lock_guard lock(mutex_);
  return slots_.size() * sizeof(Slot) + cached_bytes_;
}

Result<void> SectionCheck::check_tree() {
  const std::uint64_t blocks = (section_.length + kBlock - 1) / kBlock;
  for (std::uint64_t block = 0; block < blocks; block += format::kChecksumsPerBlock) {
    NEARLINE_TRY(sum, expected(block));
    static_cast<void>(sum);
  }
  return {};
}

Result<std::uint64_t> SectionCheck::expected(std::uint64_t block) {
  const std::lock_guard lock(mutex_);
  std::uint64_t sum = section_.root;
  for (std::uint32_t level = shape_.levels; level > 0; --level) {
    std::uint64_t below = 1;  // data blocks under one entry of this level
    for (std::uint32_t i = 1; i < level; ++i) below *= format::kChecksumsPerBlock;
    const std::uint64_t child = block / below;
    NEARLINE_TRY(bytes, tree_block(level, child / format::kChecksumsPerBlock, sum));
    sum = entry(bytes, child % format::kChecksumsPerBlock);
  }
  return sum;
}

Result<const std::byte*> SectionCheck::tree_block(std::uint32_t level, std::uint64_t index, std::uint64_t checksum) {
  const std::uint64_t number = shape_.first_block[level - 1] + index;
  Slot& slot = slots_[number % slots_.size()];
  if (slot.number == number) return slot.bytes.get();
  if (!slot.bytes) {
    slot.bytes = std::make_unique<std::byte[]>(kBlock);
    cached_bytes_ += kBlock;
  }
  slot.number = ~std::uint64_t{0};
  const std::span<std::byte> bytes(slot.bytes.get(), kBlock);
  const std::uint64_t at = section_.tree_offset + number * kBlock;
  NEARLINE_CHECK(io::read_exact(file_, at, bytes));
  if (format::block_checksum(bytes, id_, section_.serial, level, index) != checksum) {
    return Error{.code = Code::kCorrupt,
                 .what = "checksum block does not match its own checksum",
                 .file = file_.path().string(),
                 .at = at};
  }
  slot.number = number;
  return slot.bytes.get();
}

}  // namespace nearline::engine
