// SPDX-License-Identifier: Apache-2.0
#include "engine/file/index_file.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <string>

#include "engine/file/generation_locks.h"
#include "engine/space/unfit.h"
#include "format/checksum.h"
#include "format/corrupt.h"

namespace nearline::engine {
namespace {

/// A reader that is overtaken by commits so often in a row meets something else than a writer.
constexpr int kMostRetries = 1000;

/// Relaxed commits write the same slot again and again: a reader that meets one half written looks once more, so that
/// it does not take an older commit for the newest. One that is overtaken by a compaction that made the file shorter
/// finds both superblocks of a longer one, and looks once more, too.
constexpr int kMostLooks = 16;

/// What the superblocks say now. A short file is compared as far as it goes: enough to tell a cut index from something
/// else.
Result<format::Choice> look_at_superblocks(const io::File& file, const format::BootId& boot,
                                           std::uint64_t& file_bytes) {
  NEARLINE_TRY(bytes, file.size());
  std::array<std::byte, 2 * format::kBlockBytes> slots{};
  NEARLINE_CHECK(io::read_exact(file, 0, std::span(slots).first(std::min<std::uint64_t>(bytes, slots.size()))));
  // Asked again: a commit made meanwhile has made the file longer first, and then said so in a slot.
  NEARLINE_TRY(now, file.size());
  file_bytes = now;
  return format::choose_superblock(std::span(slots).first<format::kBlockBytes>(),
                                   std::span(slots).last<format::kBlockBytes>(), now, boot);
}

Result<format::Choice> read_superblocks(const io::File& file, const format::BootId& boot, std::uint64_t& file_bytes) {
  auto choice = look_at_superblocks(file, boot, file_bytes);
  const auto overtaken = [&] { return choice ? choice->torn() : choice.error().code == Code::kTruncated; };
  for (int looks = 1; looks < kMostLooks && overtaken(); ++looks) {
    choice = look_at_superblocks(file, boot, file_bytes);
  }
  return choice;
}

}  // namespace

Result<std::unique_ptr<IndexFile>> IndexFile::open(io::FileSystem& fs, const std::filesystem::path& path) {
  NEARLINE_TRY(file, fs.open_read(path));
  return open_on(fs, std::move(file));
}

Result<std::unique_ptr<IndexFile>> IndexFile::open_newest(io::FileSystem& fs, const IndexFile& before) {
  return open_on(fs, before.owned_);
}

Result<std::unique_ptr<IndexFile>> IndexFile::open_on(io::FileSystem& fs, std::shared_ptr<io::File> file) {
  std::unique_ptr<IndexFile> index(new IndexFile);
  index->owned_ = std::move(file);
  index->file_ = index->owned_.get();
  const std::string path = index->file_->path().string();
  if (auto read = index->pin_newest(fs.boot_id()); !read) return std::move(read).error().in(path);
  if (auto read = index->read_manifest(); !read) return std::move(read).error().in(path);
  return index;
}

/// A lock goes with its file; where another commit is open by the same file, it is let go by name. The other's lock is
/// on another byte: no writer gets so far beyond a commit that is held (oldest_pinned).
IndexFile::~IndexFile() {
  if (pinned_ && owned_.use_count() > 1) {
    static_cast<void>(unpin_generation(*owned_, choice_.superblock.generation).has_value());
  }
}

void IndexFile::let_go() const noexcept {
  if (pinned_) static_cast<void>(unpin_generation(*owned_, choice_.superblock.generation).has_value());
  pinned_ = false;
}

Result<format::Choice> IndexFile::newest(const io::FileSystem& fs, const io::File& file) {
  std::uint64_t bytes = 0;
  return read_superblocks(file, fs.boot_id(), bytes);
}

/// Once the lock is held and the superblocks still name the commit, no writer will touch what belongs to it.
Result<void> IndexFile::pin_newest(const format::BootId& boot) {
  NEARLINE_TRY(newest, read_superblocks(*owned_, boot, file_bytes_));
  for (int tries = 0; tries < kMostRetries; ++tries) {
    const std::uint64_t generation = newest.superblock.generation;
    NEARLINE_CHECK(pin_generation(*owned_, generation));
    NEARLINE_TRY(again, read_superblocks(*owned_, boot, file_bytes_));
    if (again.superblock.generation == generation) {
      choice_ = std::move(again);
      pinned_ = true;
      return {};
    }
    NEARLINE_CHECK(unpin_generation(*owned_, generation));
    newest = std::move(again);
  }
  return Error{.code = Code::kBusy, .what = "the newest commit changes faster than it can be opened"};
}

Result<format::Manifest> IndexFile::manifest_of(const io::File& file, const format::Superblock& super) {
  if (super.manifest_bytes > format::kMaxManifestBytes) {
    return Error{.code = Code::kCorrupt,
                 .what = "manifest of " + std::to_string(super.manifest_bytes) + " bytes: expected at most " +
                         std::to_string(format::kMaxManifestBytes),
                 .at = super.manifest_offset};
  }
  std::vector<std::byte> bytes(super.manifest_bytes);
  NEARLINE_CHECK(io::read_exact(file, super.manifest_offset, bytes));
  return format::decode_manifest(bytes, super);
}

Result<void> IndexFile::read_manifest() {
  const format::Superblock& super = choice_.superblock;
  NEARLINE_TRY(manifest, manifest_of(*file_, super));
  if (std::ranges::any_of(manifest.fields, &format::Field::multi)) {
    return Error{.code = Code::kUnsupported,
                 .what = "multi-vectors: expected fields of one vector a record",
                 .at = super.manifest_offset};
  }
  manifest_ = std::move(manifest);
  return {};
}

std::vector<SegmentFile> IndexFile::segments() const {
  std::vector<SegmentFile> segments;
  for (std::uint32_t row = 0; row < manifest_.segments.size(); ++row) {
    if (manifest_.segments[row].count > 0) segments.emplace_back(*this, row);
  }
  return segments;
}

std::vector<SegmentFile> IndexFile::segments(std::uint32_t field) const {
  std::vector<SegmentFile> segments = this->segments();
  std::erase_if(segments, [&](const SegmentFile& segment) { return segment.field_number() != field; });
  return segments;
}

format::PageShape SegmentFile::shape() const noexcept {
  return graph().shape(segment(), field());
}

std::unique_ptr<SectionCheck> IndexFile::check(const format::Section& section, std::uint32_t cached_blocks) const {
  return std::make_unique<SectionCheck>(*file_, manifest_.file_id, section, cached_blocks);
}

Result<std::vector<std::byte>> IndexFile::read_whole(const format::Section& section, std::uint64_t most) const {
  if (section.length > most) {
    return Error{.code = Code::kCorrupt,
                 .what = std::string(format::name(section.kind)) + " of " + std::to_string(section.length) +
                         " bytes: expected at most " + std::to_string(most),
                 .at = section.offset};
  }
  constexpr std::uint64_t kBlock = format::kBlockBytes;
  std::vector<std::byte> bytes((section.length + kBlock - 1) / kBlock * kBlock);
  NEARLINE_CHECK(io::read_exact(*file_, section.offset, bytes));
  NEARLINE_CHECK(check(section)->check(0, bytes));
  bytes.resize(section.length);
  return bytes;
}

Result<std::vector<std::uint32_t>> IndexFile::read_u32(const format::Section& section) const {
  NEARLINE_TRY(bytes, read_whole(section, section.length));
  std::vector<std::uint32_t> values(section.count);
  if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

Result<std::vector<std::byte>> IndexFile::queries(std::uint32_t number) const {
  const format::Section* section = manifest_.of_field(format::SectionKind::kQueries, number);
  if (section == nullptr || section->length == 0) return std::vector<std::byte>();
  const format::Field& field = this->field(number);
  const std::uint64_t bytes = vector_bytes(field.type, field.dim);
  if (section->element_bytes != bytes || section->count > format::kMaxSampleQueries) {
    return format::corrupt(section->offset, std::to_string(section->count) + " queries of " +
                                                std::to_string(section->element_bytes) + " bytes: expected at most " +
                                                std::to_string(format::kMaxSampleQueries) + " of " +
                                                std::to_string(bytes) + ", the field's vectors");
  }
  NEARLINE_TRY(rows, read_whole(*section, format::kMaxSampleQueries * bytes));
  for (std::uint64_t at = 0; at < rows.size(); at += bytes) {
    if (const char* fault = unfit(field.metric, field.type, rows.data() + at, field.dim)) {
      return format::corrupt(section->offset + at, std::string("a query ") + fault);
    }
  }
  return rows;
}

Result<format::Transforms> IndexFile::transforms(std::uint32_t number) const {
  const format::Field& field = this->field(number);
  if (field.transform == format::Field::kNoTransform) return format::Transforms{};
  const format::Section* const section = manifest_.of_field(format::SectionKind::kTransform, number);
  assert(section != nullptr);  // the manifest was checked
  NEARLINE_TRY(bytes, read_whole(*section, format::kMaxTransformSection));
  NEARLINE_TRY(transforms, format::decode_transforms(bytes, field.dim, section->offset));
  const format::FieldTransform& entry = manifest_.transforms[field.transform];
  const std::uint32_t in_dim = transforms.records.empty() ? field.dim : transforms.records.in_dim;
  const std::uint32_t query_dim = transforms.queries.empty() ? in_dim : transforms.queries.in_dim;
  if (in_dim == entry.in_dim && query_dim == entry.query_dim) return transforms;
  return format::corrupt(section->offset, "a transform of " + std::to_string(in_dim) + " components, and " +
                                              std::to_string(query_dim) + " of queries: expected " +
                                              std::to_string(entry.in_dim) + " and " + std::to_string(entry.query_dim) +
                                              ", as the manifest says");
}

Result<std::optional<format::Calibration>> SegmentFile::calibration() const {
  const format::Section* section = this->section(format::SectionKind::kCalibration);
  if (section == nullptr || section->length == 0) return std::optional<format::Calibration>();
  NEARLINE_TRY(bytes, index_->read_whole(*section, format::kMaxCalibrationBytes));
  NEARLINE_TRY(calibration, format::decode_calibration(bytes, section->offset));
  return std::optional(std::move(calibration));
}

Result<RecordSet> SegmentFile::tombstones() const {
  if (segment().deleted == 0) return RecordSet();
  const auto& sections = index_->manifest().sections;
  const auto found = std::find_if(sections.begin(), sections.end(), [&](const format::Section& section) {
    return section.kind == format::SectionKind::kTombstones && section.segment == row_;
  });
  assert(found != sections.end());  // the manifest was checked
  NEARLINE_TRY(bytes, index_->read_whole(*found, found->length));
  return RecordSet::decode(bytes, segment().count, segment().deleted, found->offset);
}

}  // namespace nearline::engine
