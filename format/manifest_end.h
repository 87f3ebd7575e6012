// SPDX-License-Identifier: Apache-2.0
/// Finding manifests without a superblock: the last 40 bytes of each one's last block say where it begins.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "format/superblock.h"

namespace nearline::format {

struct ManifestEnd {
  std::uint64_t manifest_bytes = 0;  ///< as a manifest may have: multiple of 4096, at most kMaxManifestBytes
  std::uint64_t generation = 0;

  friend bool operator==(const ManifestEnd&, const ManifestEnd&) = default;
};

/// What a block says that looks like the last one of a manifest.
std::optional<ManifestEnd> manifest_end(std::span<const std::byte, kBlockBytes> block) noexcept;

/// The same of one that looks like the first block of a manifest.
std::optional<ManifestEnd> manifest_begin(std::span<const std::byte, kBlockBytes> block) noexcept;

/// decode_manifest where no superblock says how long the commit is: it ends where the last thing ends that the manifest
/// names.  bytes: the manifest; at: its offset in the file, a multiple of 4096. Errors: as decode_manifest.
Result<Manifest> decode_lone_manifest(std::span<const std::byte> bytes, std::uint64_t at);

}  // namespace nearline::format
