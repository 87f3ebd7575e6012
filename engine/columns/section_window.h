// SPDX-License-Identifier: Apache-2.0
/// Bytes of one section, read and checked a piece at a time: the window moves where it is asked to look.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/file/section_check.h"
#include "io/file.h"
#include "nearline/result.h"

namespace nearline::engine {

/// What reads of sections cost.
struct WindowReads {
  std::uint64_t reads = 0;   ///< calls to the disk, checksums besides
  std::uint64_t blocks = 0;  ///< of 4 KiB
};

/// Says of blocks of one section whether they are as they were written.
class BlockCheck {
 public:
  virtual ~BlockCheck() = default;
  /// bytes: whole blocks, beginning with block `first` of the section. Errors: kCorrupt where one is not; kIo.
  virtual Result<void> check(std::uint64_t first, std::span<const std::byte> bytes) = 0;
};

/// By the section's checksum tree, of which it keeps a few blocks. Threads: any number.
std::unique_ptr<BlockCheck> tree_check(const io::File& file, const format::FileId& id, const format::Section& section);

/// Threads: one at a time; the check may be shared.
class SectionWindow {
 public:
  /// Borrows all. ahead: bytes that are read together from where it is asked to look, at least.
  SectionWindow(const io::File& file, const format::Section& section, BlockCheck& check, std::size_t ahead);

  /// The bytes [at, at + length) of the section, until the next call; 16 more may be read behind them, of any value.
  /// Errors: kCorrupt for bytes beyond the section's end, or that do not match their checksum; kIo.
  Result<const std::byte*> look(std::uint64_t at, std::uint64_t length);

  [[nodiscard]] const WindowReads& cost() const noexcept { return cost_; }
  [[nodiscard]] const format::Section& section() const noexcept { return section_; }
  static constexpr std::size_t kSlack = 16;

 private:
  const io::File& file_;
  const format::Section& section_;
  BlockCheck& check_;
  std::size_t ahead_;
  std::vector<std::byte> bytes_;
  std::uint64_t first_ = 0;
  std::uint64_t end_ = 0;  ///< of what bytes_ holds
  WindowReads cost_;
};

}  // namespace nearline::engine
