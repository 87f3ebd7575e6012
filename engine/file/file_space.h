// SPDX-License-Identifier: Apache-2.0
/// Which blocks of an index file a commit may write (SPEC.md section 8): those that no commit uses which a reader may
/// hold or a crash may fall back to, and those behind the end.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "format/manifest.h"
#include "format/superblock.h"

namespace nearline::engine {

struct FreeSpace {
  std::vector<format::Extent> usable;
  std::vector<format::Extent> waiting;
};

/// Extents cut at the borders of `unused`, which a fallback does not use: what lies inside is usable, the rest waits.
/// Both in the order of offsets.
void split(const std::vector<format::Extent>& extents, const std::vector<format::Extent>& unused, FreeSpace& into);

/// Takes what lies inside `hole` out of the extents, and returns it.
std::vector<format::Extent> cut_out(const format::Extent& hole, std::vector<format::Extent>& extents);

class FileSpace {
 public:
  /// A file of which everything before `end` is taken.
  explicit FileSpace(std::uint64_t end) noexcept : end_(end) {}

  /// end: bytes committed. free: all that the newest manifest says is free.
  FileSpace(std::uint64_t end, FreeSpace free);

  /// The offset of so many bytes, rounded up to whole blocks: in the smallest extent that has room, or else at the end.
  std::uint64_t take(std::uint64_t bytes);
  /// The same at the end of the file, whatever is free.
  std::uint64_t append(std::uint64_t bytes) noexcept;

  /// The lowest offset where so many bytes have room and end at `limit` at the latest; none where there is no such
  /// room.
  std::optional<std::uint64_t> take_before(std::uint64_t bytes, std::uint64_t limit);

  [[nodiscard]] std::uint64_t usable_bytes() const noexcept;
  /// Where the file would end without what is free at its end.
  [[nodiscard]] std::uint64_t used_end() const;
  /// Lets the file end there, or at `least` where that is more. What is cut off may be used by commits before this one:
  /// nothing is appended any more.
  void cut(std::uint64_t least);

  /// Bytes that `generation` uses no more; they wait.
  void give_back(std::uint64_t offset, std::uint64_t bytes, std::uint64_t generation);

  /// What of the extent is usable waits from now on: somebody writes there beside this commit.
  void hold(const format::Extent& extent);
  /// The extent is not free any more.
  void use(const format::Extent& extent);

  /// All that is free, for the manifest: in the order of offsets, extents that touch and are alike united.
  [[nodiscard]] std::vector<format::Extent> extents() const;
  [[nodiscard]] std::uint64_t end() const noexcept { return end_; }

 private:
  std::uint64_t end_;
  std::vector<format::Extent> usable_;
  std::vector<format::Extent> waiting_;
};

}  // namespace nearline::engine
