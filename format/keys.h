// SPDX-License-Identifier: Apache-2.0
/// SPEC.md section 7, keys: from an id to the row of its record, in blocks that are read alone. What must be written
/// down follows from the ids. Where they are in a row there are rows alone, in the order of ids, or nothing at all
/// where that is the order of rows; else each block holds ids in ascending order, then their rows, and the first id of
/// each block stands before all of them once more, so that a reader who has these reads one block for one id. Every
/// block ends with its seal (page_seal.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "format/manifest.h"
#include "format/superblock.h"

namespace nearline::format {

/// Positions count a segment's records in the order of their ids, deleted ones included.
struct KeyShape {
  std::uint64_t count = 0;
  Id first = 0;  ///< the least id
  Id last = 0;
  std::uint8_t id_bytes = 4;

  static constexpr KeyShape of(const Segment& segment) noexcept {
    return {segment.count, segment.first_id, segment.last_id, segment.id_bytes};
  }

  [[nodiscard]] constexpr bool may_have(Id id) const noexcept { return count > 0 && first <= id && id <= last; }
  /// Whether the ids are all those from the first to the last.
  [[nodiscard]] constexpr bool dense() const noexcept { return count > 0 && last - first == count - 1; }
  /// Keys in a block.
  [[nodiscard]] constexpr std::uint32_t per_block() const noexcept {
    return static_cast<std::uint32_t>(kRoomBytes / (sizeof(std::uint32_t) + (dense() ? 0 : id_bytes)));
  }
  [[nodiscard]] constexpr std::uint64_t key_blocks() const noexcept { return (count + per_block() - 1) / per_block(); }
  /// First ids of all blocks but the first one.
  [[nodiscard]] constexpr std::uint64_t fences() const noexcept { return dense() || count == 0 ? 0 : key_blocks() - 1; }
  [[nodiscard]] constexpr std::uint64_t fence_blocks() const noexcept {
    return (fences() + kFencesPerBlock - 1) / kFencesPerBlock;
  }
  /// Blocks of the section, where it is not left empty.
  [[nodiscard]] constexpr std::uint64_t blocks() const noexcept { return fence_blocks() + key_blocks(); }
  /// Keys of a block. Precondition: below key_blocks().
  [[nodiscard]] constexpr std::uint32_t keys_in(std::uint64_t block) const noexcept {
    const std::uint64_t left = count - block * per_block();
    return left < per_block() ? static_cast<std::uint32_t>(left) : per_block();
  }

  /// Of a block, before its seal.
  static constexpr std::uint64_t kRoomBytes = kBlockBytes - kSealBytes;
  static constexpr std::uint64_t kFencesPerBlock = kRoomBytes / sizeof(std::uint64_t);
};

/// The i-th fence of a block of them.
inline Id stored_fence(const std::byte* block, std::uint64_t i) noexcept {
  Id id;
  std::memcpy(&id, block + i * sizeof id, sizeof id);
  return id;
}

inline void store_fence(std::uint64_t i, Id id, std::byte* block) noexcept {
  std::memcpy(block + i * sizeof id, &id, sizeof id);
}

/// The id and the row of key i of a block. The ids of a dense shape are not stored. Precondition: i < per_block().
inline Id stored_key(const KeyShape& shape, const std::byte* block, std::uint32_t i) noexcept {
  Id id = 0;
  std::memcpy(&id, block + std::size_t{i} * shape.id_bytes, shape.id_bytes);  // little-endian, as the host is
  return id;
}
inline std::uint32_t stored_row(const KeyShape& shape, const std::byte* block, std::uint32_t i) noexcept {
  const std::size_t rows_at = shape.dense() ? 0 : std::size_t{shape.per_block()} * shape.id_bytes;
  std::uint32_t row;
  std::memcpy(&row, block + rows_at + i * sizeof row, sizeof row);
  return row;
}

/// Writes them. Precondition: as above; id fits id_bytes.
void store_key(const KeyShape& shape, std::uint32_t i, Id id, std::uint32_t row, std::byte* block) noexcept;

/// The first key of [from, keys) whose id is not below `id`, or `keys`. Any bytes give such a number. Precondition: the
/// shape is not dense; keys <= per_block().
std::uint32_t lower_key(const KeyShape& shape, const std::byte* block, std::uint32_t from, std::uint32_t keys,
                        Id id) noexcept;

}  // namespace nearline::format
