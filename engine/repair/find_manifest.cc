// SPDX-License-Identifier: Apache-2.0
#include "engine/repair/find_manifest.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/progress.h"
#include "engine/repair/intact_blocks.h"
#include "format/manifest_end.h"
#include "format/superblock.h"

namespace nearline::engine {
namespace {

constexpr std::uint64_t kBlock = format::kBlockBytes;
constexpr std::uint64_t kReadBytes = 1u << 20;
/// A hostile file can have what looks like a manifest in every block: no more than these, the newest, are read.
constexpr std::size_t kMostCandidates = 64;

struct Candidate {
  std::uint64_t at = 0;
  format::ManifestEnd end;
};

class Search {
 public:
  Search(const io::File& file, std::uint64_t file_bytes, const format::BootId& boot, const ProgressFn& progress)
      : file_(file), bytes_(file_bytes), boot_(boot), progress_(progress) {}

  Result<FoundManifest> run() {
    NEARLINE_CHECK(read_superblocks());
    NEARLINE_CHECK(try_superblocks());
    // Two superblocks that are whole, and the manifest of the newer: nothing can be newer. Else something may.
    if (supers_.size() + lost_ < 2 || !found_ || found_->newer_generation > 0) {
      NEARLINE_CHECK(look_for_footers());
      NEARLINE_CHECK(try_candidates());
    }
    if (!found_) return nothing();
    return std::move(*found_);
  }

 private:
  /// Reads the superblocks that are whole, the newer first, whether or not the file still has all that they name.
  Result<void> read_superblocks() {
    for (std::uint32_t slot = 0; slot < 2; ++slot) {
      format::Block block;
      read_what_is_there(file_, slot * kBlock, block);
      auto super = format::decode_superblock(block, slot, ~std::uint64_t{0});
      if (super && super.value().relaxed() && super.value().boot != boot_) {
        is_index_ = true;
        ++lost_;
        continue;
      }
      if (super) {
        supers_.push_back(std::move(super).value());
        continue;
      }
      if (super.error().code == Code::kUnsupported) return std::move(super).error();
      if (super.error().code != Code::kNotAnIndex) is_index_ = true;
    }
    std::ranges::sort(supers_, std::ranges::greater(), &format::Superblock::generation);
    return {};
  }

  /// A manifest whose hash is right and which this build does not understand is no damage, and not to be passed over.
  Result<void> try_superblocks() {
    std::uint64_t newer = 0;
    for (const format::Superblock& super : supers_) {
      auto manifest = format::decode_manifest(read(super.manifest_offset, super.manifest_bytes), super);
      if (manifest) {
        found_ = FoundManifest{.manifest = std::move(manifest).value(), .newer_generation = newer};
        return {};
      }
      if (manifest.error().code == Code::kUnsupported) return std::move(manifest).error();
      newer = std::max(newer, super.generation);
    }
    return {};
  }

  Result<void> look_for_footers() {
    std::vector<std::byte> buffer;
    for (std::uint64_t at = 0; at + kBlock <= bytes_; at += buffer.size()) {
      NEARLINE_CHECK(report(progress_, {"find", at, bytes_}));
      buffer.resize(std::min(kReadBytes, (bytes_ - at) / kBlock * kBlock));
      read_what_is_there(file_, at, buffer);
      for (std::uint64_t i = 0; i < buffer.size(); i += kBlock) {
        const auto end = format::manifest_end(std::span(buffer).subspan(i).first<kBlock>());
        if (end && end->manifest_bytes <= at + i + kBlock) offer({at + i + kBlock - end->manifest_bytes, *end});
      }
    }
    return {};
  }

  /// Keeps the newest. Of equals the one that stands later in the file.
  void offer(const Candidate& candidate) {
    if (found_ && candidate.end.generation <= found_->manifest.generation) return;
    format::Block first;
    read_what_is_there(file_, candidate.at, first);
    if (format::manifest_begin(first) != candidate.end) return;
    const auto place = std::ranges::upper_bound(candidates_, candidate.end.generation, std::ranges::greater_equal(),
                                                [](const Candidate& c) { return c.end.generation; });
    candidates_.insert(place, candidate);
    if (candidates_.size() > kMostCandidates) candidates_.pop_back();
  }

  Result<void> try_candidates() {
    for (const Candidate& candidate : candidates_) {
      auto manifest = format::decode_lone_manifest(read(candidate.at, candidate.end.manifest_bytes), candidate.at);
      if (!manifest && manifest.error().code == Code::kUnsupported) return std::move(manifest).error();
      if (!manifest) continue;
      if (!supers_.empty() && manifest.value().file_id != supers_.front().file_id) continue;
      const std::uint64_t named = supers_.empty() ? 0 : supers_.front().generation;
      const bool newer = named > manifest.value().generation;
      found_ = FoundManifest{
          .manifest = std::move(manifest).value(), .by_footer = true, .newer_generation = newer ? named : 0};
      return {};
    }
    return {};
  }

  [[nodiscard]] std::vector<std::byte> read(std::uint64_t at, std::uint64_t count) const {
    std::vector<std::byte> bytes(count);
    read_what_is_there(file_, at, bytes);
    return bytes;
  }

  [[nodiscard]] Error nothing() const {
    const char* lost = "no whole manifest is left, and nothing can be saved without one";
    if (supers_.empty()) {
      return {.code = is_index_ ? Code::kCorrupt : Code::kNotAnIndex,
              .what = std::string(is_index_ ? "no superblock and " : "no superblock of an index and ") + lost};
    }
    const format::Superblock& newest = supers_.front();
    if (newest.committed_bytes <= bytes_) return {.code = Code::kCorrupt, .what = lost, .at = newest.manifest_offset};
    return {.code = Code::kTruncated,
            .what = std::string(lost) + ": expected " + std::to_string(newest.committed_bytes) + " bytes, found " +
                    std::to_string(bytes_),
            .at = bytes_};
  }

  const io::File& file_;
  std::uint64_t bytes_;
  format::BootId boot_;
  const ProgressFn& progress_;
  std::vector<format::Superblock> supers_;
  std::size_t lost_ = 0;               ///< superblocks of relaxed commits of another boot
  bool is_index_ = false;              ///< a superblock is damaged, but begins as one
  std::vector<Candidate> candidates_;  // the newest first
  std::optional<FoundManifest> found_;
};

}  // namespace

Result<FoundManifest> find_manifest(const io::File& file, std::uint64_t file_bytes, const format::BootId& boot,
                                    const ProgressFn& progress) {
  return Search(file, file_bytes, boot, progress).run();
}

}  // namespace nearline::engine
