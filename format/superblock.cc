// SPDX-License-Identifier: Apache-2.0
#include "format/superblock.h"

#include <bit>
#include <cassert>
#include <cstring>

#include "format/checksum.h"
#include "format/corrupt.h"
#include "format/superblock_layout.h"
#include "nearline/version.h"

namespace nearline::format {
namespace {

Result<void> check_version(const SuperblockBytes& raw, std::uint64_t at) {
  if (raw.endian_mark != kEndianMark ||
      std::uint32_t{raw.float_mark.bits} != std::bit_cast<std::uint32_t>(kFloatMark)) {
    return unsupported(at + offsetof(SuperblockBytes, endian_mark),
                       "the marks of byte order and float form are not little-endian and IEEE 754");
  }
  if (raw.block_bytes != kBlockBytes) {
    return unsupported(at + offsetof(SuperblockBytes, block_bytes),
                       "blocks of " + std::to_string(raw.block_bytes) + " bytes: expected 4096");
  }
  if (raw.major != kFormatMajor) {
    return unsupported(at + offsetof(SuperblockBytes, major), "format version " + std::to_string(raw.major) + "." +
                                                                  std::to_string(raw.minor) + ": this build reads " +
                                                                  std::to_string(kFormatMajor) + ".x");
  }
  if (const std::uint64_t unknown = raw.incompat; unknown != 0) {
    return unsupported(at + offsetof(SuperblockBytes, incompat),
                       "the file needs feature " + std::to_string(std::countr_zero(unknown)) + " of a newer nearline");
  }
  return {};
}

Result<void> check_ranges(const SuperblockBytes& raw, std::uint64_t at) {
  const std::uint64_t committed = raw.committed_bytes, offset = raw.manifest_offset, bytes = raw.manifest_bytes;
  if (committed % kBlockBytes != 0 || committed <= kDataStart) {
    return corrupt(at + offsetof(SuperblockBytes, committed_bytes),
                   "committed length " + std::to_string(committed) + ": expected a multiple of 4096 above 8192");
  }
  if (offset % kBlockBytes != 0 || offset < kDataStart || offset >= committed) {
    return corrupt(at + offsetof(SuperblockBytes, manifest_offset),
                   "manifest offset " + std::to_string(offset) + ": expected a multiple of 4096 from 8192 to below " +
                       std::to_string(committed));
  }
  if (bytes % kBlockBytes != 0 || bytes == 0 || bytes > kMaxManifestBytes || bytes > committed - offset) {
    return corrupt(at + offsetof(SuperblockBytes, manifest_bytes),
                   "manifest length " + std::to_string(bytes) +
                       ": expected a multiple of 4096 that the committed length and the limit of " +
                       std::to_string(kMaxManifestBytes) + " leave room for");
  }
  return {};
}

Result<void> check_place(const SuperblockBytes& raw, std::uint32_t slot, std::uint64_t at) {
  if (raw.slot != slot) {
    return corrupt(at + offsetof(SuperblockBytes, slot),
                   "the superblock of slot " + std::to_string(raw.slot) + " stands in slot " + std::to_string(slot));
  }
  const std::uint64_t generation = raw.generation;
  if (generation == 0 || (generation > 1 && slot_of(generation) != slot)) {
    return corrupt(at + offsetof(SuperblockBytes, generation),
                   "generation " + std::to_string(generation) + " does not belong into slot " + std::to_string(slot));
  }
  if (!all_zero(raw.reserved_0) || !all_zero(raw.reserved_1)) {
    return corrupt(at + offsetof(SuperblockBytes, reserved_0), "reserved bytes of the superblock are not zero");
  }
  // A reader that knows the bit but not the rule would trust what may be lost: neither comes without the other.
  return {};
}

Superblock unpacked(const SuperblockBytes& raw) noexcept {
  return {.major = raw.major,
          .minor = raw.minor,
          .features = {.compat = raw.compat, .ro_compat = raw.ro_compat, .incompat = raw.incompat},
          .file_id = raw.file_id,
          .generation = raw.generation,
          .committed_bytes = raw.committed_bytes,
          .manifest_offset = raw.manifest_offset,
          .manifest_bytes = raw.manifest_bytes,
          .manifest_hash = raw.manifest_hash,
          .slot = raw.slot,
          .boot = raw.boot};
}

}  // namespace

void stamp_superblock(std::span<std::byte, kBlockBytes> block) noexcept {
  const Hash128 hash = hash128(block.first<offsetof(SuperblockBytes, hash)>());
  std::memcpy(block.data() + offsetof(SuperblockBytes, hash), hash.data(), hash.size());
}

Block encode(const Superblock& superblock) {
  SuperblockBytes raw{};
  raw.magic = kMagic;
  raw.endian_mark = kEndianMark;
  raw.float_mark = kFloatMark;
  raw.block_bytes = kBlockBytes;
  raw.major = superblock.major;
  raw.minor = superblock.minor;
  raw.compat = superblock.features.compat;
  raw.ro_compat = superblock.features.ro_compat;
  raw.incompat = superblock.features.incompat;
  raw.slot = superblock.slot;
  raw.file_id = superblock.file_id;
  raw.generation = superblock.generation;
  raw.committed_bytes = superblock.committed_bytes;
  raw.manifest_offset = superblock.manifest_offset;
  raw.manifest_bytes = superblock.manifest_bytes;
  raw.manifest_hash = superblock.manifest_hash;
  raw.boot = superblock.boot;
  Block block;
  std::memcpy(block.data(), &raw, sizeof raw);
  stamp_superblock(block);
  return block;
}

Result<Superblock> decode_superblock(std::span<const std::byte, kBlockBytes> block, std::uint32_t slot,
                                     std::uint64_t file_bytes) {
  assert(slot < 2);
  const std::uint64_t at = std::uint64_t{slot} * kBlockBytes;
  SuperblockBytes raw;
  std::memcpy(&raw, block.data(), sizeof raw);
  if (raw.magic != kMagic) {
    return Error{Code::kNotAnIndex, "the file does not begin as a nearline index", {}, at, 0};
  }
  if (file_bytes < at + kBlockBytes) {
    return Error{Code::kTruncated, "the file ends inside a superblock", {}, file_bytes, 0};
  }
  if (hash128(block.first<offsetof(SuperblockBytes, hash)>()) != raw.hash) {
    return corrupt(at + offsetof(SuperblockBytes, hash), "the hash of the superblock does not match");
  }
  NEARLINE_CHECK(check_version(raw, at));
  NEARLINE_CHECK(check_place(raw, slot, at));
  NEARLINE_CHECK(check_ranges(raw, at));
  if (raw.committed_bytes > file_bytes) {
    return Error{
        Code::kTruncated,
        "the file has " + std::to_string(file_bytes) + " bytes: expected " + std::to_string(raw.committed_bytes),
        {},
        file_bytes,
        0};
  }
  return unpacked(raw);
}

}  // namespace nearline::format
