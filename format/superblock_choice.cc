// SPDX-License-Identifier: Apache-2.0
/// From two slots to one commit, and from the commit to its manifest.
#include <utility>

#include "format/checksum.h"
#include "format/corrupt.h"
#include "format/superblock.h"
#include "format/superblock_layout.h"

namespace nearline::format {
namespace {

constexpr std::uint64_t kBootAt = offsetof(SuperblockBytes, boot);

/// How much an error tells about a file whose slots are both useless.
int weight(const Error& error) noexcept {
  switch (error.code) {
    case Code::kUnsupported: return 4;
    case Code::kTruncated: return 3;
    case Code::kCorrupt: return error.at % kBlockBytes == kBootAt ? 2 : 1;
    default: return 0;
  }
}

/// Nobody knows what a power cut left of a relaxed commit.
Result<Superblock> decode_trusted(std::span<const std::byte, kBlockBytes> block, std::uint32_t slot,
                                  std::uint64_t file_bytes, const std::optional<BootId>& now) {
  auto superblock = decode_superblock(block, slot, file_bytes);
  const bool cut = !superblock && superblock.error().code == Code::kTruncated;  // the length may be lost, too
  const auto whole = cut ? decode_superblock(block, slot, ~std::uint64_t{0}) : superblock;
  if (!whole || !whole.value().relaxed() || !now || whole.value().boot == *now) return superblock;
  const std::uint64_t at = std::uint64_t{slot} * kBlockBytes + kBootAt;
  if (*now == BootId{}) {
    return unsupported(at, "a relaxed commit, and no boot id of this system to tell whether it can be trusted");
  }
  return corrupt(at, "the superblock of a relaxed commit that a restart, or a move to another machine, may have lost");
}

bool same_commit(const Superblock& a, const Superblock& b) noexcept {
  Superblock moved = b;
  moved.slot = a.slot;
  return encode(a) == encode(moved);
}

/// Whether `older` is what a sound file has in the other slot: the commit before, the durable one before relaxed ones,
/// or the same first commit.
Result<void> check_pair(const Superblock& newer, const Superblock& older) {
  const std::uint64_t at = std::uint64_t{older.slot} * kBlockBytes;
  if (older.file_id != newer.file_id) return corrupt(at, "the other superblock is of another file");
  if (newer.generation == 1) {
    if (!same_commit(newer, older)) return corrupt(at, "the two superblocks of the first commit differ");
  } else if (older.relaxed()) {
    return corrupt(at + kBootAt, "the superblock before the newest is of a relaxed commit: expected a durable one");
  }
  return {};
}

}  // namespace

Result<Choice> choose_superblock(std::span<const std::byte, kBlockBytes> slot0,
                                 std::span<const std::byte, kBlockBytes> slot1, std::uint64_t file_bytes,
                                 const std::optional<BootId>& now) {
  Result<Superblock> first = decode_trusted(slot0, 0, file_bytes, now);
  Result<Superblock> second = decode_trusted(slot1, 1, file_bytes, now);
  if (!first && !second) {
    return weight(second.error()) > weight(first.error()) ? std::move(second).error() : std::move(first).error();
  }
  // A slot that is whole but beyond this build is the work of a newer nearline: the commit before it may be stale.
  if (!first && first.error().code == Code::kUnsupported) return std::move(first).error();
  if (!second && second.error().code == Code::kUnsupported) return std::move(second).error();
  if (!first) return Choice{std::move(second).value(), false, {}, std::move(first).error()};
  if (!second) return Choice{std::move(first).value(), false, {}, std::move(second).error()};
  if (first.value().generation < second.value().generation) std::swap(first, second);
  Choice choice{first.value(), true, second.value(), {}};
  if (auto paired = check_pair(first.value(), second.value()); !paired) {
    choice.other_valid = false;
    choice.other_error = std::move(paired).error();
  }
  return choice;
}

bool Choice::torn() const noexcept {
  return !other_valid && other_error.at % kBlockBytes == offsetof(SuperblockBytes, hash);
}

Result<Manifest> decode_manifest(std::span<const std::byte> bytes, const Superblock& superblock) {
  const std::uint64_t at = superblock.manifest_offset;
  if (hash128(bytes) != superblock.manifest_hash) {
    return corrupt(at, "the hash of the manifest is not the one in the superblock");
  }
  NEARLINE_TRY(manifest, decode_manifest(bytes, at, superblock.committed_bytes));
  if (manifest.file_id != superblock.file_id) return corrupt(at, "the manifest is of another file");
  if (manifest.generation != superblock.generation) {
    return corrupt(at, "the manifest is of generation " + std::to_string(manifest.generation) + ": expected " +
                           std::to_string(superblock.generation));
  }
  return manifest;
}

}  // namespace nearline::format
