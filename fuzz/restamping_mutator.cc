// SPDX-License-Identifier: Apache-2.0
/// Makes libFuzzer's mutations pass the checksums, half of the time: what an attacker would do. After a mutation the
/// manifest and the superblocks are stamped again; and where they still decode, every section's checksum tree is built
/// anew over the changed data.
#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "format/checksum_tree.h"
#include "format/superblock.h"
#include "tests/support/restamp.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed);

namespace {

using namespace nearline;

std::span<std::byte, format::kBlockBytes> slot(std::vector<std::byte>& file, std::size_t number) {
  return std::span<std::byte, format::kBlockBytes>(file.data() + number * format::kBlockBytes, format::kBlockBytes);
}

/// Builds the trees of all sections anew and writes their roots into the manifest, whose size does not change.
void restamp_sections(std::vector<std::byte>& file) {
  if (file.size() < format::kDataStart) return;
  const auto choice = format::choose_superblock(slot(file, 0), slot(file, 1), file.size());
  if (!choice) return;
  const format::Superblock& superblock = choice->superblock;
  const std::span<std::byte> bytes(file.data() + superblock.manifest_offset, superblock.manifest_bytes);
  auto manifest = format::decode_manifest(bytes, superblock);
  if (!manifest) return;
  for (format::Section& section : manifest->sections) {
    if (section.length == 0) continue;
    format::TreeBuilder builder(manifest->file_id, section.serial);
    const std::uint64_t padded = (section.length + format::kBlockBytes - 1) / format::kBlockBytes * format::kBlockBytes;
    builder.add({file.data() + section.offset, padded});
    const auto tree = builder.finish();
    if (tree.bytes.size() != section.tree_bytes) return;
    std::memcpy(file.data() + section.tree_offset, tree.bytes.data(), tree.bytes.size());
    section.root = tree.root;
  }
  const auto encoded = format::encode(*manifest);
  if (encoded.size() == bytes.size()) std::memcpy(bytes.data(), encoded.data(), encoded.size());
}

}  // namespace

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed) {
  std::minstd_rand random(seed);
  // Most edits are small ones in place: an index that grows or moves by a byte is only truncated or misaligned.
  if (size > 0 && random() % 4 != 0) {
    const std::size_t at = random() % size;
    LLVMFuzzerMutate(data + at, std::min<std::size_t>(size - at, 8), std::min<std::size_t>(size - at, 8));
  } else {
    size = LLVMFuzzerMutate(data, size, max_size);
  }
  if (random() % 2 == 0) return size;
  std::vector<std::byte> file(size);
  std::memcpy(file.data(), data, size);
  testing::restamp(file);
  restamp_sections(file);
  testing::restamp(file);
  std::memcpy(data, file.data(), size);
  return size;
}
