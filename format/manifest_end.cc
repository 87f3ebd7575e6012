// SPDX-License-Identifier: Apache-2.0
#include "format/manifest_end.h"

#include "format/manifest_layout.h"

namespace nearline::format {
namespace {

std::optional<ManifestEnd> in_range(std::uint64_t bytes, std::uint64_t generation) noexcept {
  if (bytes == 0 || bytes % kBlockBytes != 0 || bytes > kMaxManifestBytes || generation == 0) return {};
  return ManifestEnd{.manifest_bytes = bytes, .generation = generation};
}

}  // namespace

std::optional<ManifestEnd> manifest_end(std::span<const std::byte, kBlockBytes> block) noexcept {
  const auto footer = row_at<ManifestFooter>(block, kBlockBytes - sizeof(ManifestFooter));
  if (footer.magic != kFooterMagic) return {};
  return in_range(footer.manifest_bytes, footer.generation);
}

std::optional<ManifestEnd> manifest_begin(std::span<const std::byte, kBlockBytes> block) noexcept {
  const auto header = row_at<ManifestHeader>(block, 0);
  if (header.magic != kManifestMagic) return {};
  return in_range(header.manifest_bytes, header.generation);
}

}  // namespace nearline::format
