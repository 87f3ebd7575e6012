// SPDX-License-Identifier: Apache-2.0
#include "engine/columns/section_window.h"

#include <algorithm>
#include <string>

#include "format/corrupt.h"
#include "format/superblock.h"

namespace nearline::engine {
namespace {

/// Blocks of a checksum tree that are kept.
constexpr std::uint32_t kTreeBlocks = 4;

class TreeCheck final : public BlockCheck {
 public:
  TreeCheck(const io::File& file, const format::FileId& id, const format::Section& section)
      : check_(file, id, section, kTreeBlocks) {}

  Result<void> check(std::uint64_t first, std::span<const std::byte> bytes) override {
    return check_.check(first, bytes);
  }

 private:
  SectionCheck check_;
};

}  // namespace

std::unique_ptr<BlockCheck> tree_check(const io::File& file, const format::FileId& id, const format::Section& section) {
  return std::make_unique<TreeCheck>(file, id, section);
}

SectionWindow::SectionWindow(const io::File& file, const format::Section& section, BlockCheck& check, std::size_t ahead)
    : file_(file), section_(section), check_(check), ahead_(ahead) {}

Result<const std::byte*> SectionWindow::look(std::uint64_t at, std::uint64_t length) {
  if (at > section_.length || length > section_.length - at) {
    return format::corrupt(section_.offset, "bytes " + std::to_string(at) + " to " + std::to_string(at + length) +
                                                " of a section of " + std::to_string(section_.length))
        .in(file_.path().string());
  }
  if (at < first_ || at + length > end_) {
    const std::uint64_t first = at / format::kBlockBytes * format::kBlockBytes;
    const std::uint64_t wanted = std::max<std::uint64_t>(at + length, first + ahead_);
    const std::uint64_t end = format::whole_blocks(std::min(wanted, section_.length));
    end_ = 0;
    bytes_.resize(end - first + kSlack);
    const auto blocks = std::span(bytes_).first(end - first);
    NEARLINE_CHECK(io::read_exact(file_, section_.offset + first, blocks));
    NEARLINE_CHECK(check_.check(first / format::kBlockBytes, blocks));
    ++cost_.reads;
    cost_.blocks += blocks.size() / format::kBlockBytes;
    first_ = first;
    end_ = end;
  }
  return bytes_.data() + (at - first_);
}

}  // namespace nearline::engine
