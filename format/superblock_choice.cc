// SPDX-License-Identifier: Apache-2.0
/// From two slots to one commit, and from the commit to its manifest.
#include <utility>

#include "format/checksum.h"
#include "format/corrupt.h"
#include "format/superblock.h"

namespace nearline::format {
namespace {

/// How much an error tells about a file whose slots are both useless.
int weight(Code code) noexcept {
  switch (code) {
    case Code::kUnsupported: return 3;
    case Code::kTruncated: return 2;
    case Code::kCorrupt: return 1;
    default: return 0;
  }
}

bool same_commit(const Superblock& a, const Superblock& b) noexcept {
  Superblock moved = b;
  moved.slot = a.slot;
  return encode(a) == encode(moved);
}

/// Whether `older` is what a sound file has in the other slot: the commit before, or the same first commit.
Result<void> check_pair(const Superblock& newer, const Superblock& older) {
  const std::uint64_t at = std::uint64_t{older.slot} * kBlockBytes;
  if (older.file_id != newer.file_id) return corrupt(at, "the other superblock is of another file");
  if (newer.generation == 1) {
    if (!same_commit(newer, older)) return corrupt(at, "the two superblocks of the first commit differ");
  } else if (older.generation != newer.generation - 1) {
    return corrupt(at, "the other superblock is of generation " + std::to_string(older.generation) + ": expected " +
                           std::to_string(newer.generation - 1));
  }
  return {};
}

}  // namespace

Result<Choice> choose_superblock(std::span<const std::byte, kBlockBytes> slot0,
                                 std::span<const std::byte, kBlockBytes> slot1, std::uint64_t file_bytes) {
  Result<Superblock> first = decode_superblock(slot0, 0, file_bytes);
  Result<Superblock> second = decode_superblock(slot1, 1, file_bytes);
  if (!first && !second) {
    return weight(second.error().code) > weight(first.error().code) ? std::move(second).error()
                                                                    : std::move(first).error();
  }
  // A slot that is whole but beyond this build is the work of a newer nearline: the commit before it may be stale.
  if (!first && first.error().code == Code::kUnsupported) return std::move(first).error();
  if (!second && second.error().code == Code::kUnsupported) return std::move(second).error();
  if (!first) return Choice{std::move(second).value(), false, std::move(first).error()};
  if (!second) return Choice{std::move(first).value(), false, std::move(second).error()};
  if (first.value().generation < second.value().generation) std::swap(first, second);
  Choice choice{first.value(), true, {}};
  if (auto paired = check_pair(first.value(), second.value()); !paired) {
    choice.other_valid = false;
    choice.other_error = std::move(paired).error();
  }
  return choice;
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
