// SPDX-License-Identifier: Apache-2.0
#include "tests/support/restamp.h"

#include <cstring>

#include "format/checksum.h"
#include "format/checksum_tree.h"
#include "format/manifest_layout.h"
#include "format/page_seal.h"
#include "format/superblock.h"
#include "format/superblock_layout.h"

namespace nearline::testing {

void restamp(std::vector<std::byte>& file) {
  for (std::uint64_t slot = 0; slot < 2 && (slot + 1) * format::kBlockBytes <= file.size(); ++slot) {
    const std::span<std::byte, format::kBlockBytes> block(file.data() + slot * format::kBlockBytes,
                                                          format::kBlockBytes);
    const auto raw = format::row_at<format::SuperblockBytes>(block, 0);
    const std::uint64_t at = raw.manifest_offset, bytes = raw.manifest_bytes;
    if (bytes >= sizeof(format::ManifestFooter) && at >= format::kDataStart && at <= file.size() &&
        bytes <= file.size() - at) {
      const std::span<std::byte> manifest(file.data() + at, bytes);
      format::stamp_manifest(manifest);
      const format::Hash128 hash = format::hash128(manifest);
      std::memcpy(block.data() + offsetof(format::SuperblockBytes, manifest_hash), hash.data(), hash.size());
    }
    format::stamp_superblock(block);
  }
}

void restamp_sections(std::vector<std::byte>& file, bool seals) {
  if (file.size() < format::kDataStart) return;
  const auto slot = [&](std::size_t number) {
    return std::span<std::byte, format::kBlockBytes>(file.data() + number * format::kBlockBytes, format::kBlockBytes);
  };
  const auto choice = format::choose_superblock(slot(0), slot(1), file.size());
  if (!choice) return;
  const std::span<std::byte> bytes(file.data() + choice->superblock.manifest_offset, choice->superblock.manifest_bytes);
  auto manifest = format::decode_manifest(bytes, choice->superblock);
  if (!manifest) return;
  for (format::Section& section : manifest->sections) {
    if (section.length == 0) continue;
    if (seals && format::is_sealed(section.kind)) {
      for (std::uint32_t page = 0; page < section.count; ++page) {
        const auto pages = std::span(file).subspan(section.offset, section.length);
        format::seal_page(pages.subspan(std::size_t{page} * section.element_bytes, section.element_bytes),
                          manifest->file_id, section.serial, page);
      }
    }
    format::TreeBuilder builder(manifest->file_id, section.serial);
    const std::uint64_t blocks = (section.length + format::kBlockBytes - 1) / format::kBlockBytes;
    builder.add({file.data() + section.offset, blocks * format::kBlockBytes});
    const auto tree = builder.finish();
    std::memcpy(file.data() + section.tree_offset, tree.bytes.data(), tree.bytes.size());
    section.root = tree.root;
  }
  const auto encoded = format::encode(*manifest);
  std::memcpy(bytes.data(), encoded.data(), encoded.size());  // the same rows: the same length
  restamp(file);
}

}  // namespace nearline::testing
