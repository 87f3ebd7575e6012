// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/mutant.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "format/checksum.h"
#include "format/superblock.h"

namespace nearline::crash {
namespace {

using format::kBlockBytes;
using format::kDataStart;

class MutantFile final : public io::File {
 public:
  MutantFile(std::unique_ptr<io::File> of, const Mutation& mutation) : of_(std::move(of)), mutation_(mutation) {}

  [[nodiscard]] const std::filesystem::path& path() const noexcept override { return of_->path(); }
  Result<std::uint64_t> size() const override { return of_->size(); }
  Result<io::FileIdentity> identity() const override { return of_->identity(); }
  Result<std::size_t> read_some(std::uint64_t at, std::span<std::byte> out) const override {
    return of_->read_some(at, out);
  }

  Result<std::size_t> write_some(std::uint64_t at, std::span<const std::byte> bytes) override {
    std::vector<std::byte> changed(bytes.begin(), bytes.end());
    if (at < kDataStart && bytes.size() == kBlockBytes) {
      chain_ = chain_ || is_relaxed(at, bytes);
      if (mutation_.fault == Fault::kTrustPageCache && is_there(at, bytes)) return bytes.size();
      if (mutation_.fault == Fault::kSuperblockFirst && !held_back_.empty()) {
        NEARLINE_CHECK(io::write_all(*of_, at, bytes));
        NEARLINE_CHECK(of_->sync());
        for (const auto& [where, what] : std::exchange(held_back_, {}))
          NEARLINE_CHECK(io::write_all(*of_, where, what));
        return bytes.size();
      }
      if (!is_there(at, bytes)) NEARLINE_CHECK(change_commit(at, changed));
    } else {
      if (mutation_.fault == Fault::kTrustRelaxed && is_there(at, bytes)) return bytes.size();
      if (mutation_.fault == Fault::kTrustLength && is_there(at, bytes) && is_end(at, bytes)) return bytes.size();
      if (mutation_.fault == Fault::kSuperblockFirst) {
        held_back_.emplace_back(at, changed);
        return bytes.size();
      }
    }
    NEARLINE_CHECK(io::write_all(*of_, at, changed));
    return bytes.size();
  }

  Result<void> allocate(std::uint64_t at, std::uint64_t bytes) override { return of_->allocate(at, bytes); }
  Result<void> punch(std::uint64_t at, std::uint64_t bytes) override { return of_->punch(at, bytes); }
  Result<void> truncate(std::uint64_t bytes) override { return of_->truncate(bytes); }
  Result<void> sync() override {
    const bool dropped = mutation_.fault == Fault::kDropNewFileFlush ||
                         (mutation_.fault == Fault::kDropChainFlush && std::exchange(chain_, false)) ||
                         (mutation_.fault == Fault::kDropFlush && flushes_++ % mutation_.every == mutation_.which);
    return dropped || !held_back_.empty() ? Result<void>{} : of_->sync();
  }
  Result<std::unique_ptr<io::Mapping>> map(std::uint64_t bytes, io::Access access) const override {
    return of_->map(bytes, access);
  }
  Result<void> lock(std::uint64_t at, bool exclusive) override { return of_->lock(at, exclusive); }
  Result<void> unlock(std::uint64_t at) override { return of_->unlock(at); }
  Result<bool> locked_by_other(std::uint64_t at, std::uint64_t bytes) const override {
    return mutation_.fault == Fault::kForgetPins ? Result<bool>(false) : of_->locked_by_other(at, bytes);
  }
  [[nodiscard]] int descriptor() const noexcept override { return of_->descriptor(); }

 private:
  [[nodiscard]] bool is_end(std::uint64_t at, std::span<const std::byte> bytes) const {
    const auto size = of_->size();
    return size && at + bytes.size() == size.value();
  }
  [[nodiscard]] bool is_there(std::uint64_t at, std::span<const std::byte> bytes) const {
    std::vector<std::byte> old(bytes.size());
    return io::read_exact(*of_, at, old).has_value() && std::ranges::equal(old, bytes);
  }

  static Result<format::Superblock> decode(std::uint64_t at, std::span<const std::byte> superblock) {
    const std::span<const std::byte, kBlockBytes> block(superblock.data(), kBlockBytes);
    return format::decode_superblock(block, at == 0 ? 0 : 1, std::uint64_t{1} << 40);
  }
  static bool is_relaxed(std::uint64_t at, std::span<const std::byte> superblock) {
    const auto super = decode(at, superblock);
    return super && super.value().relaxed();
  }

  /// The commit is changed into the mutant's: the superblock, and the manifest that it names.
  Result<void> change_commit(std::uint64_t& at, std::vector<std::byte>& superblock) {
    NEARLINE_TRY(super, decode(at, superblock));
    std::vector<std::byte> bytes(super.manifest_bytes);
    NEARLINE_CHECK(io::read_exact(*of_, super.manifest_offset, bytes));
    NEARLINE_TRY(manifest, format::decode_manifest(bytes, super));
    switch (mutation_.fault) {
      case Fault::kReuseTooEarly: free_earlier(manifest); break;
      case Fault::kForgetRecordSet: forget_tombstones(manifest); break;
      case Fault::kForgetBoot: super.boot = {}; break;
      case Fault::kOverwriteDurable:
        if (super.relaxed()) move_to_other_slot(super, manifest, at);
        break;
      case Fault::kReuseFallback:
        if (super.relaxed()) std::ranges::for_each(manifest.free, [](auto& extent) { extent.freed_in = 1; });
        break;
      default: return {};
    }
    const auto changed = format::encode(manifest);
    if (changed.size() != bytes.size()) return {};
    if (changed != bytes) {
      NEARLINE_CHECK(io::write_all(*of_, super.manifest_offset, changed));
      if (!super.relaxed()) NEARLINE_CHECK(of_->sync());
    }
    super.manifest_hash = format::hash128(changed);
    const format::Block encoded = format::encode(super);
    superblock.assign(encoded.begin(), encoded.end());
    return {};
  }
  static void move_to_other_slot(format::Superblock& super, format::Manifest& manifest, std::uint64_t& at) {
    super.generation = ++manifest.generation;
    super.slot = format::slot_of(super.generation);
    at = std::uint64_t{super.slot} * kBlockBytes;
  }
  static void free_earlier(format::Manifest& manifest) {
    for (format::Extent& extent : manifest.free) extent.freed_in = std::max<std::uint64_t>(extent.freed_in, 2) - 1;
  }
  static void forget_tombstones(format::Manifest& manifest) {
    std::erase_if(manifest.sections, [&](const format::Section& section) {
      if (section.kind != format::SectionKind::kTombstones) return false;
      const std::uint64_t bytes = section.tree_offset + section.tree_bytes - section.offset;
      manifest.free.push_back({.offset = section.offset, .length = bytes, .freed_in = manifest.generation});
      return true;
    });
    std::ranges::sort(manifest.free, {}, &format::Extent::offset);
    for (format::Segment& segment : manifest.segments) manifest.live_count += std::exchange(segment.deleted, 0);
  }

  std::unique_ptr<io::File> of_;
  Mutation mutation_;
  std::uint64_t flushes_ = 0;
  bool chain_ = false;  ///< relaxed commits wait to be flushed
  std::vector<std::pair<std::uint64_t, std::vector<std::byte>>> held_back_;
};

class Mutant final : public io::FileSystem {
 public:
  Mutant(io::FileSystem& of, const Mutation& mutation) : of_(of), mutation_(mutation) {}

  [[nodiscard]] io::BootId boot_id() const noexcept override { return of_.boot_id(); }
  Result<std::unique_ptr<io::File>> open_read(const std::filesystem::path& path) override {
    return of_.open_read(path);
  }
  Result<std::unique_ptr<io::File>> open_write(const std::filesystem::path& path) override {
    auto opened = of_.open_write(path);
    return mutation_.fault == Fault::kDropNewFileFlush ? std::move(opened) : changed(std::move(opened));
  }
  Result<std::unique_ptr<io::File>> create_new(const std::filesystem::path& path) override {
    // A new file has no commit order, only a flush before it gets its name.
    auto made = of_.create_new(path);
    return mutation_.fault == Fault::kDropNewFileFlush ? changed(std::move(made)) : std::move(made);
  }
  Result<std::unique_ptr<io::File>> create_unnamed(const std::filesystem::path& directory) override {
    return of_.create_unnamed(directory);
  }
  Result<bool> exists(const std::filesystem::path& path) override { return of_.exists(path); }
  Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to, bool replace) override {
    return of_.rename(from, to, replace);
  }
  Result<void> remove(const std::filesystem::path& path) override { return of_.remove(path); }
  Result<void> sync_directory(const std::filesystem::path& directory) override {
    return mutation_.fault == Fault::kDropNameFlush ? Result<void>{} : of_.sync_directory(directory);
  }

 private:
  Result<std::unique_ptr<io::File>> changed(Result<std::unique_ptr<io::File>> file) const {
    if (!file) return file;
    return std::unique_ptr<io::File>(std::make_unique<MutantFile>(std::move(file).value(), mutation_));
  }

  io::FileSystem& of_;
  Mutation mutation_;
};

}  // namespace

std::unique_ptr<io::FileSystem> mutant(io::FileSystem& of, const Mutation& mutation) {
  return std::make_unique<Mutant>(of, mutation);
}

}  // namespace nearline::crash
