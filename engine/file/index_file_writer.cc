// SPDX-License-Identifier: Apache-2.0
#include "engine/file/index_file_writer.h"

#include <algorithm>
#include <limits>
#include <string>

#include "engine/file/index_file.h"
#include "engine/file/section_check.h"
#include "format/checksum.h"
#include "format/page_seal.h"
#include "format/superblock.h"
#include "nearline/version.h"

namespace nearline::engine {
namespace {

constexpr std::size_t kBufferBytes = 1u << 20;

constexpr const char* kNewFile = "; compact the index into a new file";

/// After so many attempts the manifest goes to the end, where its room changes nothing about what it lists.
constexpr int kPlacings = 4;

/// A flush that failed may have lost anything; nobody tries again (reliability: the kernel calls lost pages clean).
Result<void> make_durable(io::File& file) {
  auto synced = file.sync();
  if (synced) return {};
  synced.error().code = Code::kCommitUnknown;
  return synced;
}

}  // namespace

IndexFileWriter::IndexFileWriter(io::File& file, format::Manifest manifest)
    : file_(file), manifest_(std::move(manifest)), space_(format::kDataStart), reserve_(false) {
  buffer_.reserve(kBufferBytes);
}

IndexFileWriter::IndexFileWriter(io::File& file, format::Manifest manifest, FileSpace space)
    : file_(file), manifest_(std::move(manifest)), space_(std::move(space)), reserve_(true) {
  buffer_.reserve(kBufferBytes);
}

IndexFileWriter::IndexFileWriter(io::File& file, format::Manifest manifest, SpaceBeside& beside)
    : file_(file),
      manifest_(std::move(manifest)),
      space_(format::kDataStart),
      beside_(&beside),
      reserve_(false) {  // SpaceBeside has done it
  buffer_.reserve(kBufferBytes);
}

std::uint32_t IndexFileWriter::add_segment(const format::Segment& segment, const format::Graph& graph) {
  row_ = static_cast<std::uint32_t>(manifest_.segments.size());
  manifest_.segments.push_back(segment);
  manifest_.graphs.push_back(graph);
  manifest_.graphs.back().segment = row_;
  manifest_.graphs.back().field = field_;
  return row_;
}

WrittenSegment IndexFileWriter::last_segment() const {
  const auto row = static_cast<std::uint32_t>(manifest_.segments.size() - 1);
  WrittenSegment written{.segment = manifest_.segments[row], .graph = manifest_.graphs.back(), .sections = {}};
  for (const format::Section& section : manifest_.sections) {
    if (section.segment == row) written.sections.push_back(section);
  }
  return written;
}

std::uint32_t IndexFileWriter::adopt(const WrittenSegment& written) {
  choose_field(written.graph.field);
  add_segment(written.segment, written.graph);
  for (const format::Section& section : written.sections) {
    space_.use({.offset = section.offset, .length = format::whole_blocks(section.length)});
    space_.use({.offset = section.tree_offset, .length = format::whole_blocks(section.tree_bytes)});
    manifest_.sections.push_back(section);
    manifest_.sections.back().segment = row_;
  }
  return row_;
}

Result<void> IndexFileWriter::begin(const format::Section& section) {
  assert(tree_.empty());
  const std::uint64_t length = section.count * section.element_bytes;
  const std::uint64_t bytes = format::whole_blocks(length) + format::TreeShape::of(length).bytes();
  section_ = section;
  section_.segment = row_;
  using enum format::SectionKind;
  const bool of_all_fields = section.kind == kKeys || section.kind == kTombstones || section.kind == kPayload;
  if (row_ != format::Section::kNone && section.kind != kAttribute) {
    section_.field = of_all_fields ? format::Section::kNone : graph().field;
  }
  section_.length = 0;
  NEARLINE_CHECK(place_section(bytes));
  at_ = section_.offset;
  tree_.emplace_back(manifest_.file_id, section_.serial);
  const std::size_t unit = format::is_sealed(section.kind) ? section.element_bytes : format::kBlockBytes;
  buffer_bytes_ = std::max<std::size_t>(1, kBufferBytes / unit) * unit;
  return reserve_ && bytes > 0 ? file_.allocate(at_, bytes) : Result<void>{};
}

Result<void> IndexFileWriter::place_section(std::uint64_t bytes) {
  if (beside_ != nullptr) {
    NEARLINE_TRY(place, beside_->take(file_, bytes));
    section_.offset = place.offset;
    section_.serial = place.serial;
    return {};
  }
  if (manifest_.next_serial == std::numeric_limits<std::uint64_t>::max()) {
    return Error{.code = Code::kInvalidArgument,
                 .what = "serial " + std::to_string(manifest_.next_serial) +
                         ": expected a lower one, as each section has one of its own" + kNewFile};
  }
  section_.offset = space_.take(bytes);
  section_.serial = manifest_.next_serial++;
  return {};
}

Result<void> IndexFileWriter::append(std::span<const std::byte> bytes) {
  section_.length += bytes.size();
  while (!bytes.empty()) {
    const auto part = bytes.first(std::min(bytes.size(), buffer_bytes_ - buffer_.size()));
    buffer_.insert(buffer_.end(), part.begin(), part.end());
    bytes = bytes.subspan(part.size());
    if (buffer_.size() == buffer_bytes_) NEARLINE_CHECK(flush());
  }
  return {};
}

/// Whole pages or blocks of keys.
void IndexFileWriter::seal() {
  const std::size_t page_bytes = section_.element_bytes;
  auto number = static_cast<std::uint32_t>((at_ - section_.offset) / page_bytes);
  for (std::size_t at = 0; at < buffer_.size(); at += page_bytes) {
    format::seal_page(std::span(buffer_).subspan(at, page_bytes), manifest_.file_id, section_.serial, number++);
  }
}

Result<void> IndexFileWriter::flush() {
  if (format::is_sealed(section_.kind)) seal();
  buffer_.resize(format::whole_blocks(buffer_.size()));
  tree_.front().add(buffer_);
  NEARLINE_CHECK(io::write_all(file_, at_, buffer_));
  // Else the next durable commit would find it all waiting for the disk.
  if (beside_ != nullptr) file_.start_flush(at_, buffer_.size());
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
  }
  assert(section_.count * section_.element_bytes == section_.length);
  manifest_.sections.push_back(section_);
  return {};
}

Result<void> IndexFileWriter::set_queries(std::uint32_t number, std::span<const std::byte> rows) {
  drop_queries(number);
  if (rows.empty()) return {};
  const format::Field& field = manifest_.fields[number];
  format::Section section;
  section.kind = format::SectionKind::kQueries;
  section.field = number;
  section.optional = true;
  section.element_bytes = static_cast<std::uint32_t>(vector_bytes(field.type, field.dim));
  section.count = rows.size() / section.element_bytes;
  choose_segment(format::Section::kNone);
  NEARLINE_CHECK(begin(section));
  NEARLINE_CHECK(append(rows));
  return end();
}

Result<void> IndexFileWriter::add_optional(format::SectionKind kind, std::span<const std::byte> bytes) {
  format::Section section;
  section.kind = kind;
  section.optional = true;
  section.count = 1;
  section.element_bytes = static_cast<std::uint32_t>(bytes.size());
  NEARLINE_CHECK(begin(section));
  NEARLINE_CHECK(append(bytes));
  return end();
}

Result<void> IndexFileWriter::copy(const io::File& from, const format::Section& section) {
  format::Section copied = section;
  const std::uint64_t at = space_.take(format::whole_blocks(section.length) + section.tree_bytes);
  NEARLINE_CHECK(copy_to(at, from, copied));
  manifest_.sections.push_back(copied);
  return {};
}

Result<void> IndexFileWriter::move_to_front() {
  list_in_order();
  for (auto section = manifest_.sections.rbegin(); section != manifest_.sections.rend(); ++section) {
    const format::Section before = *section;
    const std::uint64_t bytes = format::whole_blocks(before.length) + before.tree_bytes;
    if (bytes == 0) {  // a section of nothing stands anywhere
      section->offset = format::kDataStart;
      continue;
    }
    const auto at = space_.take_before(bytes, before.offset);
    if (!at) continue;
    NEARLINE_CHECK(file_.allocate(*at, bytes));
    NEARLINE_CHECK(copy_to(*at, file_, *section));
    space_.give_back(before.offset, before.length, manifest_.generation);
    space_.give_back(before.tree_offset, before.tree_bytes, manifest_.generation);
  }
  return {};
}

/// Changes where the section stands.
Result<void> IndexFileWriter::copy_to(std::uint64_t at, const io::File& from, format::Section& copied) {
  const format::Section section = copied;
  const std::uint64_t data = format::whole_blocks(section.length);
  SectionCheck check(from, manifest_.file_id, section);
  copied.offset = at_ = at;
  if (section.length > 0) copied.tree_offset = copied.offset + data;
  NEARLINE_CHECK(check.check_tree());
  buffer_.resize(std::min<std::uint64_t>(kBufferBytes, std::max(data, section.tree_bytes)));
  for (std::uint64_t done = 0; done < data + section.tree_bytes;) {
    const bool is_data = done < data;
    const std::uint64_t end = is_data ? data : data + section.tree_bytes;
    const auto bytes = std::span(buffer_).first(std::min<std::uint64_t>(buffer_.size(), end - done));
    NEARLINE_CHECK(io::read_exact(from, is_data ? section.offset + done : section.tree_offset + done - data, bytes));
    if (is_data) NEARLINE_CHECK(check.check(done / format::kBlockBytes, bytes));
    NEARLINE_CHECK(io::write_all(file_, at_, bytes));
    at_ += bytes.size();
    done += bytes.size();
  }
  buffer_.clear();
  return {};
}

void IndexFileWriter::list_in_order() {
  std::stable_sort(manifest_.sections.begin(), manifest_.sections.end(),
                   [](const format::Section& a, const format::Section& b) { return a.offset < b.offset; });
}

std::uint64_t IndexFileWriter::place_manifest(std::vector<std::byte>& encoded) {
  list_in_order();
  manifest_.free = space_.extents();
  encoded = format::encode(manifest_);
  for (int placing = 0;; ++placing) {
    FileSpace after = space_;
    const std::size_t bytes = encoded.size();
    const std::uint64_t at = placing < kPlacings ? after.take(bytes) : after.append(bytes);
    manifest_.free = after.extents();
    encoded = format::encode(manifest_);
    if (encoded.size() != bytes) continue;
    space_ = std::move(after);
    return at;
  }
}

std::optional<std::uint64_t> IndexFileWriter::place_inside(std::vector<std::byte>& encoded, bool cut) {
  list_in_order();
  manifest_.free = space_.extents();
  encoded = format::encode(manifest_);
  for (int placing = 0; placing < kPlacings; ++placing) {
    FileSpace after = space_;
    const std::size_t bytes = encoded.size();
    const auto at = after.take_before(bytes, after.end());
    if (!at) return std::nullopt;
    if (cut) {
      const std::uint64_t next_bytes = format::whole_blocks(bytes + format::kBlockBytes);
      const auto next = FileSpace(after).take_before(next_bytes, after.end());
      if (!next) return std::nullopt;
      after.cut(*next + next_bytes);
    }
    manifest_.free = after.extents();
    encoded = format::encode(manifest_);
    if (encoded.size() != bytes) continue;
    space_ = std::move(after);
    return at;
  }
  return std::nullopt;
}

format::Block IndexFileWriter::superblock(std::uint64_t at, std::span<const std::byte> manifest, std::uint32_t slot,
                                          const format::BootId& boot) const {
  return format::encode(format::Superblock{.major = kFormatMajor,
                                           .minor = kFormatMinor,
                                           .features = {},
                                           .file_id = manifest_.file_id,
                                           .generation = manifest_.generation,
                                           .committed_bytes = space_.end(),
                                           .manifest_offset = at,
                                           .manifest_bytes = manifest.size(),
                                           .manifest_hash = format::hash128(manifest),
                                           .slot = slot,
                                           .boot = boot});
}

Result<void> IndexFileWriter::check(std::span<const std::byte> manifest, const format::Block& superblock,
                                    std::uint32_t slot) const {
  const auto fits = [](std::size_t count, std::size_t most, const char* what) -> Result<void> {
    if (count <= most) return {};
    return Error{.code = Code::kInvalidArgument,
                 .what = std::to_string(count) + " " + what + ": expected at most " + std::to_string(most) +
                         " in one file" + kNewFile};
  };
  NEARLINE_CHECK(fits(manifest_.segments.size(), format::kMaxSegments, "segments"));
  NEARLINE_CHECK(fits(manifest_.sections.size(), format::kMaxSections, "sections"));
  NEARLINE_CHECK(fits(manifest_.free.size(), format::kMaxFreeExtents, "free extents"));
  const auto read = format::decode_superblock(superblock, slot, space_.end());
  const auto decoded = read ? format::decode_manifest(manifest, *read) : read.error();
  if (decoded) return {};
  return Error{
      .code = Code::kInvalidArgument,
      .what = "a commit that no reader takes, and that was not made (" + decoded.error().what + ")" + kNewFile};
}

Result<std::uint64_t> IndexFileWriter::finish() {
  std::vector<std::byte> manifest;
  const std::uint64_t at = place_manifest(manifest);
  NEARLINE_CHECK(io::write_all(file_, at, manifest));
  for (std::uint32_t slot = 0; slot < 2; ++slot) {
    const format::Block block = superblock(at, manifest, slot, {});
    NEARLINE_CHECK(check(manifest, block, slot));
    NEARLINE_CHECK(io::write_all(file_, std::uint64_t{slot} * format::kBlockBytes, block));
  }
  return space_.end();
}

Result<std::uint64_t> IndexFileWriter::commit(const format::BootId& boot) {
  std::vector<std::byte> manifest;
  const std::uint64_t at = place_manifest(manifest);
  NEARLINE_CHECK(publish(at, manifest, boot));
  return space_.end();
}

Result<bool> IndexFileWriter::commit_inside(bool cut) {
  std::vector<std::byte> manifest;
  const auto at = place_inside(manifest, cut);
  if (!at) return false;
  NEARLINE_CHECK(publish(*at, manifest, {}));
  return true;
}

Result<void> IndexFileWriter::publish(std::uint64_t at, std::span<const std::byte> manifest,
                                      const format::BootId& boot) {
  const std::uint32_t slot = format::slot_of(manifest_.generation);
  const format::Block block = superblock(at, manifest, slot, boot);
  NEARLINE_CHECK(check(manifest, block, slot));
  NEARLINE_CHECK(file_.allocate(at, manifest.size()));
  NEARLINE_CHECK(io::write_all(file_, at, manifest));
  const bool relaxed = boot != format::BootId{};
  if (!relaxed) NEARLINE_CHECK(make_durable(file_));
  if (auto written = io::write_all(file_, std::uint64_t{slot} * format::kBlockBytes, block); !written) {
    written.error().code = Code::kCommitUnknown;  // a part of it may be there
    return std::move(written).error();
  }
  if (!relaxed) NEARLINE_CHECK(make_durable(file_));
  return {};
}

}  // namespace nearline::engine
