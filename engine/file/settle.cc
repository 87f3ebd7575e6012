// SPDX-License-Identifier: Apache-2.0
#include "engine/file/settle.h"

#include <algorithm>
#include <vector>

namespace nearline::engine {
namespace {

using format::Section;

constexpr std::uint64_t kBlock = format::kBlockBytes;
constexpr std::uint64_t kPieceBytes = 1u << 20;

Result<void> flush(io::File& file) {
  auto synced = file.sync();
  if (!synced) synced.error().code = Code::kCommitUnknown;
  return synced;
}

/// Bytes written over themselves: readers that map them see no change, and the kernel has them to flush again.
Result<void> rewrite(io::File& file, std::uint64_t at, std::uint64_t bytes, SectionCheck* check = nullptr) {
  std::vector<std::byte> piece;
  for (std::uint64_t done = 0; done < bytes; done += piece.size()) {
    piece.resize(std::min(kPieceBytes, bytes - done));
    NEARLINE_CHECK(io::read_exact(file, at + done, piece));
    if (check != nullptr) NEARLINE_CHECK(check->check(done / kBlock, piece));
    NEARLINE_CHECK(io::write_all(file, at + done, piece));
  }
  return {};
}

/// Serials are never used twice, and what has one is moved by durable commits only.
bool has(const format::Manifest& manifest, const Section& section) {
  return std::ranges::any_of(manifest.sections, [&](const Section& other) { return other.serial == section.serial; });
}

Result<void> rewrite_unflushed(io::File& file, const IndexFile& newest) {
  const format::Superblock& super = newest.superblock();
  Result<format::Manifest> durable = Error{};
  if (newest.choice().other_valid) durable = IndexFile::manifest_of(file, newest.choice().other);
  for (const Section& section : newest.manifest().sections) {
    if (section.length == 0 || (durable && has(durable.value(), section))) continue;
    const auto check = newest.check(section);
    NEARLINE_CHECK(check->check_tree());
    NEARLINE_CHECK(rewrite(file, section.offset, format::whole_blocks(section.length), check.get()));
    NEARLINE_CHECK(rewrite(file, section.tree_offset, section.tree_bytes));
  }
  NEARLINE_CHECK(rewrite(file, super.manifest_offset, super.manifest_bytes));
  // A length, too, may be seen and not durable.
  return rewrite(file, super.committed_bytes - kBlock, kBlock);
}

}  // namespace

Result<void> settle(io::File& file, const format::Superblock& newest) {
  if (newest.relaxed()) NEARLINE_CHECK(flush(file));
  format::Superblock durable = newest;
  durable.boot = {};
  NEARLINE_CHECK(io::write_all(file, std::uint64_t{newest.slot} * kBlock, format::encode(durable)));
  return flush(file);
}

Result<void> settle_found(io::File& file, const IndexFile& newest) {
  if (newest.superblock().relaxed()) NEARLINE_CHECK(rewrite_unflushed(file, newest));
  return settle(file, newest.superblock());
}

}  // namespace nearline::engine
