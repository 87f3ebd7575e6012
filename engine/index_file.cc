// SPDX-License-Identifier: Apache-2.0
#include "engine/index_file.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "format/checksum.h"

namespace nearline::engine {
namespace {

/// A manifest of 65,536 sections stays below this: nothing larger is ever allocated on a file's word.
constexpr std::uint64_t kMaxManifestBytes = 16u << 20;

/// The text that a short file can be compared with: enough to tell a cut index from something else.
Result<void> read_slots(const io::File& file, std::uint64_t bytes,
                        std::array<std::byte, 2 * format::kBlockBytes>& out) {
  const std::uint64_t there = std::min<std::uint64_t>(bytes, out.size());
  return io::read_exact(file, 0, std::span(out).first(there));
}

}  // namespace

Result<std::unique_ptr<IndexFile>> IndexFile::open(io::FileSystem& fs, const std::filesystem::path& path) {
  std::unique_ptr<IndexFile> index(new IndexFile);
  NEARLINE_TRY(file, fs.open_read(path));
  index->file_ = std::move(file);
  NEARLINE_TRY(bytes, index->file_->size());
  index->file_bytes_ = bytes;
  std::array<std::byte, 2 * format::kBlockBytes> slots{};
  if (auto read = read_slots(*index->file_, bytes, slots); !read) return std::move(read).error().in(path.string());
  auto choice = format::choose_superblock(std::span(slots).first<format::kBlockBytes>(),
                                          std::span(slots).last<format::kBlockBytes>(), bytes);
  if (!choice) return std::move(choice).error().in(path.string());
  index->choice_ = std::move(choice).value();
  if (auto read = index->read_manifest(); !read) return std::move(read).error().in(path.string());
  return index;
}

Result<void> IndexFile::read_manifest() {
  const format::Superblock& super = choice_.superblock;
  if (super.manifest_bytes > kMaxManifestBytes) {
    return Error{.code = Code::kCorrupt,
                 .what = "manifest of " + std::to_string(super.manifest_bytes) + " bytes: expected at most " +
                         std::to_string(kMaxManifestBytes),
                 .at = super.manifest_offset};
  }
  std::vector<std::byte> bytes(super.manifest_bytes);
  NEARLINE_CHECK(io::read_exact(*file_, super.manifest_offset, bytes));
  if (format::hash128(bytes) != super.manifest_hash) {
    return Error{.code = Code::kCorrupt, .what = "manifest hash does not match", .at = super.manifest_offset};
  }
  NEARLINE_TRY(manifest, format::decode_manifest(bytes, super.manifest_offset, super.committed_bytes));
  if (manifest.file_id != super.file_id || manifest.generation != super.generation) {
    return Error{.code = Code::kCorrupt,
                 .what = "manifest is of another file or generation than the superblock",
                 .at = super.manifest_offset};
  }
  if (manifest.fields.size() != 1 || manifest.segments.size() > 1 || manifest.fields[0].multi ||
      manifest.fields[0].transform != format::Field::kNoTransform) {
    return Error{.code = Code::kUnsupported,
                 .what = "several fields or segments, multi-vectors or transforms: expected one plain field",
                 .at = super.manifest_offset};
  }
  manifest_ = std::move(manifest);
  return {};
}

format::PageShape IndexFile::shape() const noexcept {
  return format::PageShape::choose(segment().count, field().dim, field().type, field().metric, segment().degree,
                                   segment().id_bytes);
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

Result<std::optional<format::Calibration>> IndexFile::calibration() const {
  const format::Section* section = this->section(format::SectionKind::kCalibration);
  if (section == nullptr || section->length == 0) return std::optional<format::Calibration>();
  NEARLINE_TRY(bytes, read_whole(*section, format::kMaxCalibrationBytes));
  NEARLINE_TRY(calibration, format::decode_calibration(bytes, section->offset));
  return std::optional(std::move(calibration));
}

Result<std::vector<std::uint32_t>> IndexFile::read_u32(const format::Section& section, SectionCheck& checker,
                                                       std::uint64_t first, std::uint64_t count) const {
  constexpr std::uint64_t kBlock = format::kBlockBytes;
  std::vector<std::uint32_t> values(count);
  if (count == 0) return values;
  const std::uint64_t begin = first * sizeof(std::uint32_t) / kBlock;
  const std::uint64_t end = ((first + count) * sizeof(std::uint32_t) + kBlock - 1) / kBlock;
  std::vector<std::byte> blocks((end - begin) * kBlock);
  NEARLINE_CHECK(io::read_exact(*file_, section.offset + begin * kBlock, blocks));
  NEARLINE_CHECK(checker.check(begin, blocks));
  std::memcpy(values.data(), blocks.data() + (first * sizeof(std::uint32_t) - begin * kBlock),
              values.size() * sizeof(std::uint32_t));
  return values;
}

}  // namespace nearline::engine
