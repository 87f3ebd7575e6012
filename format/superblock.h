// SPDX-License-Identifier: Apache-2.0
/// SPEC.md section 3. Two slots of 4096 bytes at the start of the file; the newest valid one names the commit.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "format/manifest.h"
#include "nearline/result.h"

namespace nearline::format {

inline constexpr std::uint32_t kBlockBytes = 4096;  ///< unit of checksums, alignment and superblock slots
inline constexpr std::uint64_t kDataStart = 2 * kBlockBytes;

/// Bytes rounded up to whole blocks.
constexpr std::uint64_t whole_blocks(std::uint64_t bytes) noexcept {
  return (bytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
}

/// Which start of the kernel: zeros where nobody says.
using BootId = std::array<std::uint8_t, 16>;

/// Feature words: a reader ignores unknown `compat` bits, opens read-only on unknown `ro_compat` bits, refuses unknown
/// `incompat` bits.
struct Features {
  std::uint64_t compat = 0;
  std::uint64_t ro_compat = 0;
  std::uint64_t incompat = 0;
};

struct Superblock {
  std::uint16_t major = 0;
  std::uint16_t minor = 0;
  Features features{};
  FileId file_id{};
  std::uint64_t generation = 0;
  std::uint64_t committed_bytes = 0;  ///< the file's committed length; multiple of 4096
  std::uint64_t manifest_offset = 0;
  std::uint64_t manifest_bytes = 0;
  std::array<std::uint8_t, 16> manifest_hash{};  ///< XXH3-128 of the manifest
  std::uint32_t slot = 0;                        ///< 0 or 1: where this block stands
  BootId boot{};  ///< zeros: what it leads to is durable; else relaxed, and good for as long as this boot lasts

  [[nodiscard]] bool relaxed() const noexcept { return boot != BootId{}; }
};

using Block = std::array<std::byte, kBlockBytes>;

/// The slot that generation `generation` is committed to. Generation 1 stands in both.
constexpr std::uint32_t slot_of(std::uint64_t generation) noexcept {
  return generation % 2;
}

Block encode(const Superblock& superblock);

/// Stamps the hash over the block's other bytes, whatever they hold.
void stamp_superblock(std::span<std::byte, kBlockBytes> block) noexcept;

/// block: zeros where the file ends before.  file_bytes: the file's length; what lies beyond it is kTruncated.
/// Errors, in the order of the checks: kNotAnIndex (magic); kTruncated (the file ends inside the block); kCorrupt
/// (hash); kUnsupported (byte order, block size, major, incompat); kCorrupt (reserved bytes, slot, ranges); kTruncated
/// (the file ends before the commit does). Error::at is relative to the file: slot * 4096 + place.
Result<Superblock> decode_superblock(std::span<const std::byte, kBlockBytes> block, std::uint32_t slot,
                                     std::uint64_t file_bytes);

/// The newest valid slot, and what was wrong with the other one: damage, not holding a commit before, or holding a
/// relaxed one that a restart may have lost.
struct Choice {
  Superblock superblock;
  bool other_valid = false;
  Superblock other{};  ///< when other_valid
  Error other_error;   ///< when not other_valid

  /// Whether the other slot holds parts of two superblocks: a crash left it so, or it is being written.
  [[nodiscard]] bool torn() const noexcept;
};
/// now: the present boot; a relaxed superblock of any other is not valid. None: it is, for those who only look.
/// Errors: kUnsupported when either slot is, or is relaxed where the boot is not known; else, when neither is valid,
/// that of the slot which tells most (kTruncated before a lost relaxed commit before kCorrupt before kNotAnIndex).
Result<Choice> choose_superblock(std::span<const std::byte, kBlockBytes> slot0,
                                 std::span<const std::byte, kBlockBytes> slot1, std::uint64_t file_bytes,
                                 const std::optional<BootId>& now = {});

/// The manifest that a superblock names: decode_manifest, and before it the hash, after it file id and generation.
/// bytes: superblock.manifest_bytes, read from superblock.manifest_offset.
/// Errors: those of decode_manifest; kCorrupt when hash, file id or generation differ.
Result<Manifest> decode_manifest(std::span<const std::byte> bytes, const Superblock& superblock);

}  // namespace nearline::format
