// SPDX-License-Identifier: Apache-2.0
#include "engine/build/index_file_writer.h"

#include <algorithm>

#include "format/checksum.h"
#include "format/superblock.h"
#include "nearline/version.h"

namespace nearline::engine {
namespace {

constexpr std::size_t kBufferBytes = 1u << 20;

std::uint64_t round_up(std::uint64_t bytes) noexcept {
  return (bytes + format::kBlockBytes - 1) / format::kBlockBytes * format::kBlockBytes;
}

}  // namespace

IndexFileWriter::IndexFileWriter(io::File& file, format::Manifest manifest)
    : file_(file), manifest_(std::move(manifest)), at_(format::kDataStart) {
  buffer_.reserve(kBufferBytes);
}

void IndexFileWriter::begin(const format::Section& section) {
  assert(tree_.empty());
  section_ = section;
  section_.offset = at_;
  section_.length = 0;
  section_.serial = manifest_.next_serial++;
  tree_.emplace_back(manifest_.file_id, section_.serial);
}

Result<void> IndexFileWriter::append(std::span<const std::byte> bytes) {
  section_.length += bytes.size();
  while (!bytes.empty()) {
    const auto part = bytes.first(std::min(bytes.size(), kBufferBytes - buffer_.size()));
    buffer_.insert(buffer_.end(), part.begin(), part.end());
    bytes = bytes.subspan(part.size());
    if (buffer_.size() == kBufferBytes) NEARLINE_CHECK(flush());
  }
  return {};
}

Result<void> IndexFileWriter::flush() {
  buffer_.resize(round_up(buffer_.size()));
  tree_.front().add(buffer_);
  NEARLINE_CHECK(io::write_all(file_, at_, buffer_));
  at_ += buffer_.size();
  buffer_.clear();
  return {};
}

Result<void> IndexFileWriter::end() {
  NEARLINE_CHECK(flush());
  const format::TreeBuilder::Tree tree = tree_.front().finish();
  tree_.clear();
  if (!tree.bytes.empty()) {
    section_.tree_offset = at_;
    section_.tree_bytes = tree.bytes.size();
    section_.root = tree.root;
    NEARLINE_CHECK(io::write_all(file_, at_, tree.bytes));
    at_ += tree.bytes.size();
  }
  assert(section_.count * section_.element_bytes == section_.length);
  manifest_.sections.push_back(section_);
  return {};
}

Result<void> IndexFileWriter::add_optional(format::SectionKind kind, std::span<const std::byte> bytes) {
  format::Section section;
  section.kind = kind;
  section.optional = true;
  section.count = 1;
  section.element_bytes = static_cast<std::uint32_t>(bytes.size());
  begin(section);
  NEARLINE_CHECK(append(bytes));
  return end();
}

Result<std::uint64_t> IndexFileWriter::finish() {
  std::vector<std::byte> manifest = format::encode(manifest_);
  format::Superblock super{.major = kFormatMajor,
                           .minor = kFormatMinor,
                           .features = {},
                           .file_id = manifest_.file_id,
                           .generation = manifest_.generation,
                           .committed_bytes = at_ + round_up(manifest.size()),
                           .manifest_offset = at_,
                           .manifest_bytes = manifest.size(),
                           .manifest_hash = format::hash128(manifest),
                           .slot = 0};
  manifest.resize(round_up(manifest.size()));
  NEARLINE_CHECK(io::write_all(file_, at_, manifest));
  for (std::uint32_t slot = 0; slot < 2; ++slot) {
    super.slot = slot;
    NEARLINE_CHECK(io::write_all(file_, std::uint64_t{slot} * format::kBlockBytes, format::encode(super)));
  }
  return super.committed_bytes;
}

}  // namespace nearline::engine
