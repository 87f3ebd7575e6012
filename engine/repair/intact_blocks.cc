// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/intact_blocks.h"

#include <algorithm>
#include <cstring>

#include "format/checksum.h"

namespace nearline::engine {
namespace {

constexpr std::uint64_t kBlock = format::kBlockBytes;
constexpr std::uint64_t kGroup = format::kChecksumsPerBlock;

std::uint64_t entry(std::span<const std::byte> block, std::uint64_t i) noexcept {
  std::uint64_t sum;
  std::memcpy(&sum, block.data() + i * sizeof sum, sizeof sum);
  return sum;
}

}  // namespace

void read_what_is_there(const io::File& file, std::uint64_t at, std::span<std::byte> out) {
  if (io::read_exact(file, at, out)) return;
  for (std::size_t i = 0; i < out.size(); i += kBlock) {
    const auto block = out.subspan(i, std::min<std::size_t>(kBlock, out.size() - i));
    if (!io::read_exact(file, at + i, block)) std::ranges::fill(block, std::byte{0});
  }
}

IntactBlocks::IntactBlocks(const io::File& file, std::uint64_t file_bytes, const format::FileId& id,
                           const format::Section& section) noexcept
    : file_(file),
      id_(id),
      section_(section),
      shape_(format::TreeShape::of(section.length)),
      blocks_(section.length / kBlock + (section.length % kBlock != 0 ? 1 : 0)) {
  if (file_bytes > section.offset) present_ = std::min(blocks_, (file_bytes - section.offset) / kBlock);
}

bool IntactBlocks::read(std::uint64_t first, std::span<std::byte> out) {
  read_what_is_there(file_, section_.offset + first * kBlock, out);
  return are_intact(first, out);
}

bool IntactBlocks::are_intact(std::uint64_t first, std::span<const std::byte> blocks) {
  bool intact = true;
  for (std::uint64_t i = 0; i < blocks.size() / kBlock; ++i)
    intact &= is_intact(first + i, blocks.subspan(i * kBlock, kBlock));
  return intact;
}

bool IntactBlocks::is_intact(std::uint64_t block, std::span<const std::byte> bytes) {
  if (block / kGroup != group_) load_group(block / kGroup);
  if (checksum(bytes, 0, block) == entry(sums_, block % kGroup)) return true;
  if (!judged_) proved_ = prove_group();
  judged_ = true;
  return proved_;
}

void IntactBlocks::load_group(std::uint64_t group) {
  group_ = group;
  judged_ = false;
  read_what_is_there(file_, section_.tree_offset + group * kBlock, sums_);
}

/// A checksum block that matches its own checksum is right, so what differs from it is damaged. Where it does not, the
/// blocks under it may be whole: then the block that their checksums make matches instead.
bool IntactBlocks::prove_group() {
  const std::uint64_t wanted = parent_checksum();
  if (checksum(sums_, 1, group_) == wanted) return false;
  const std::uint64_t first = group_ * kGroup;
  const std::uint64_t end = std::min(blocks_, first + kGroup);
  if (end > present_) return false;
  format::Block rebuilt{};
  format::Block data;
  for (std::uint64_t block = first; block < end; ++block) {
    read_what_is_there(file_, section_.offset + block * kBlock, data);
    const std::uint64_t sum = checksum(data, 0, block);
    std::memcpy(rebuilt.data() + (block - first) * sizeof sum, &sum, sizeof sum);
  }
  if (checksum(rebuilt, 1, group_) != wanted) return false;
  sums_ = rebuilt;
  return true;
}

std::uint64_t IntactBlocks::parent_checksum() const {
  if (shape_.levels == 1) return section_.root;
  format::Block parent;
  read_what_is_there(file_, section_.tree_offset + (shape_.first_block[1] + group_ / kGroup) * kBlock, parent);
  return entry(parent, group_ % kGroup);
}

std::uint64_t IntactBlocks::checksum(std::span<const std::byte> block, std::uint32_t level,
                                     std::uint64_t number) const noexcept {
  return format::block_checksum(block, id_, section_.serial, level, number);
}

}  // namespace nearline::engine
