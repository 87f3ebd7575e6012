// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "format/corrupt.h"
#include "format/manifest_check.h"
#include "format/superblock.h"

namespace nearline::format {
namespace {

/// Whole blocks, and the byte of the manifest that claims them.
struct Claim {
  std::uint64_t begin;
  std::uint64_t end;
  std::uint64_t claimed_at;
};

Result<void> check_free(const Manifest& manifest, const ManifestPlace& place) {
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < manifest.free.size(); ++i) {
    const Extent& extent = manifest.free[i];
    const bool whole = extent.offset % kBlockBytes == 0 && extent.length % kBlockBytes == 0 && extent.length > 0;
    if (!whole || extent.offset < before || extent.offset > place.committed ||
        extent.length > place.committed - extent.offset) {
      return corrupt(place.free(i, 0), "free space of " + std::to_string(extent.length) + " bytes at " +
                                           std::to_string(extent.offset) +
                                           ": expected whole blocks inside the file, in the order of their offsets");
    }
    if (extent.freed_in == 0 || extent.freed_in > manifest.generation) {
      return corrupt(place.free(i, offsetof(FreeRow, freed_in)),
                     "space freed in generation " + std::to_string(extent.freed_in) + ": expected 1 to " +
                         std::to_string(manifest.generation));
    }
    before = extent.offset + extent.length;
  }
  return {};
}

std::vector<Claim> claims_of(const Manifest& manifest, const ManifestPlace& place) {
  std::vector<Claim> claims = {{0, kDataStart, place.at}, {place.at, place.at + place.tables.bytes, place.at}};
  for (std::size_t i = 0; i < manifest.sections.size(); ++i) {
    const Section& s = manifest.sections[i];
    if (s.length == 0) continue;
    claims.push_back({s.offset, s.offset + whole_blocks(s.length), place.section(i, offsetof(SectionRow, offset))});
    claims.push_back(
        {s.tree_offset, s.tree_offset + s.tree_bytes, place.section(i, offsetof(SectionRow, tree_offset))});
  }
  for (std::size_t i = 0; i < manifest.free.size(); ++i) {
    const Extent& extent = manifest.free[i];
    claims.push_back({extent.offset, extent.offset + extent.length, place.free(i, 0)});
  }
  std::sort(claims.begin(), claims.end(), [](const Claim& a, const Claim& b) { return a.begin < b.begin; });
  return claims;
}

}  // namespace

std::uint64_t claimed_end(const Manifest& manifest, std::uint64_t manifest_end) noexcept {
  // What lies beyond is no file's; left out here, it is refused for being outside the commit.
  constexpr std::uint64_t kMost = std::uint64_t{1} << 62;
  std::uint64_t end = manifest_end;
  const auto claim = [&](std::uint64_t offset, std::uint64_t bytes) {
    if (offset <= kMost && bytes <= kMost) end = std::max(end, whole_blocks(offset + bytes));
  };
  for (const Section& section : manifest.sections) {
    claim(section.offset, section.length);
    claim(section.tree_offset, section.tree_bytes);
  }
  for (const Extent& extent : manifest.free) claim(extent.offset, extent.length);
  return end;
}

Result<void> check_space(const Manifest& manifest, const ManifestPlace& place) {
  NEARLINE_CHECK(check_free(manifest, place));
  std::uint64_t end = 0;
  for (const Claim& claim : claims_of(manifest, place)) {
    if (claim.begin < end) {
      return corrupt(claim.claimed_at, "bytes from " + std::to_string(claim.begin) + " to " + std::to_string(end) +
                                           " of the file are claimed twice");
    }
    if (claim.begin > end) {
      return corrupt(place.at, "bytes from " + std::to_string(end) + " to " + std::to_string(claim.begin) +
                                   " of the file belong to nothing");
    }
    end = claim.end;
  }
  if (end != place.committed) {
    return corrupt(place.at, "the commit's parts end at byte " + std::to_string(end) + ": expected " +
                                 std::to_string(place.committed));
  }
  return {};
}

}  // namespace nearline::format
