// SPDX-License-Identifier: Apache-2.0
/// Checks a file from the outside in: superblocks, manifest, every block against its checksum, every record against
/// the rules, every path. Works within a few MiB and nine bytes per record, whatever is damaged; where there are
/// dictionaries, some more (verify_values.h).
#include "engine/repair/verify.h"

#include <algorithm>
#include <functional>
#include <string>

#include "engine/codes/code_table.h"
#include "engine/file/index_file.h"
#include "engine/progress.h"
#include "engine/repair/verify_keys.h"
#include "engine/repair/verify_values.h"
#include "format/fused_page.h"
#include "format/page_seal.h"

namespace nearline::engine {
namespace {

using format::SectionKind;

constexpr std::uint64_t kBlock = format::kBlockBytes;
constexpr std::size_t kMostFindings = 100;
constexpr std::uint64_t kReadBytes = 1u << 20;

class Verifier {
 public:
  Verifier(const IndexFile& index, const ProgressFn& progress) : index_(index), progress_(progress) {}

  Result<VerifyReport> run(bool full) {
    report_.full = full;
    check_commit();
    if (!full) check_transforms();  // which opening needs, too
    if (full) {
      for (const format::Section& section : index_.manifest().sections) NEARLINE_CHECK(check_section(section));
      // The structure is read only where the bytes are known to be those that were written.
      if (report_.findings.empty()) NEARLINE_CHECK(check_structures());
    }
    return std::move(report_);
  }

 private:
  void find(std::uint64_t at, std::string what) {
    ++report_.finding_count;
    if (report_.findings.size() < kMostFindings) report_.findings.push_back({at, std::move(what)});
  }
  void find(const Error& error) { find(error.at, error.what); }

  Result<void> progress(std::string_view phase, std::uint64_t done, std::uint64_t total) const {
    return report(progress_, {phase, done, total});
  }

  /// Checks what was not needed to open the file.
  void check_commit() {
    const format::Choice& choice = index_.choice();
    if (!choice.other_valid) find(choice.other_error);
    report_.uncommitted_bytes = index_.file_bytes() - choice.superblock.committed_bytes;
    const std::uint64_t end = choice.superblock.manifest_offset + choice.superblock.manifest_bytes;
    check_zeros(end, (end + kBlock - 1) / kBlock * kBlock);
    report_.blocks_checked += 2 + (choice.superblock.manifest_bytes + kBlock - 1) / kBlock;
  }

  void check_transforms() {
    for (std::uint32_t f = 0; f < index_.manifest().fields.size(); ++f) {
      if (const auto transforms = index_.transforms(f); !transforms) find(transforms.error());
    }
  }

  void check_zeros(std::uint64_t begin, std::uint64_t end) {
    std::vector<std::byte> bytes(end - begin);
    if (auto read = io::read_exact(index_.file(), begin, bytes); !read) return find(read.error());
    const auto stray = std::find_if(bytes.begin(), bytes.end(), [](std::byte b) { return b != std::byte{0}; });
    if (stray != bytes.end()) {
      find(begin + static_cast<std::uint64_t>(stray - bytes.begin()), "padding that is not zero");
    }
  }

  /// Checks all blocks of a section and its tree. A damaged tree block is one finding, not one for each block under it.
  Result<void> check_section(const format::Section& section) {
    const auto checker = index_.check(section);
    report_.blocks_checked += section.tree_bytes / kBlock;
    if (auto tree = checker->check_tree(); !tree) {
      find(tree.error());
      return {};
    }
    const std::uint64_t bytes = (section.length + kBlock - 1) / kBlock * kBlock;
    std::vector<std::byte> buffer;
    for (std::uint64_t at = 0; at < bytes; at += kReadBytes) {
      NEARLINE_CHECK(progress("blocks", section.offset + at, index_.file_bytes()));
      buffer.resize(std::min(kReadBytes, bytes - at));
      NEARLINE_CHECK(io::read_exact(index_.file(), section.offset + at, buffer));
      for (std::uint64_t i = 0; i < buffer.size(); i += kBlock) {
        const auto good = checker->check((at + i) / kBlock, std::span(buffer).subspan(i, kBlock));
        if (!good) find(good.error());
      }
      report_.blocks_checked += buffer.size() / kBlock;
      report_.bytes_checked += buffer.size();
    }
    if (section.length % kBlock != 0) check_zeros(section.offset + section.length, section.offset + bytes);
    return {};
  }

  Result<void> check_structures() {
    std::vector<Id> records;
    check_transforms();
    for (std::uint32_t f = 0; f < index_.manifest().fields.size(); ++f) {
      if (const auto queries = index_.queries(f); !queries) find(queries.error());
      std::vector<Id> live;
      for (const SegmentFile& segment : index_.segments(f)) {
        NEARLINE_CHECK(check_structure(segment));
        if (!report_.findings.empty()) return {};
        live.insert(live.end(), ids_.begin(), ids_.end());
      }
      std::ranges::sort(live);
      check_live(f, live, records);
      if (f == kPrimaryField) records = std::move(live);
    }
    return {};
  }

  /// Each id comes once in a field, and is of a record. live: ascending.
  void check_live(std::uint32_t field, std::span<const Id> live, std::span<const Id> records) {
    const auto twice = std::ranges::adjacent_find(live);
    if (twice != live.end()) {
      find(index_.superblock().manifest_offset, "two live records have the id " + std::to_string(*twice));
    }
    if (field == kPrimaryField || std::ranges::includes(records, live)) return;
    find(index_.superblock().manifest_offset,
         "field '" + index_.field(field).name + "' has a vector of an id that no record has");
  }

  /// Leaves the ids of the live records in ids_.
  Result<void> check_structure(const SegmentFile& segment) {
    segment_ = &segment;
    count_ = segment.segment().count;
    shape_ = segment.shape();
    ids_.assign(count_, 0);
    std::uint64_t edges = 0;
    std::vector<std::uint32_t> list(shape_.degree);
    NEARLINE_CHECK(for_each_record([&](format::Ordinal ordinal, const std::byte* page) {
      ids_[number(ordinal)] = format::stored_id(shape_, page + shape_.place_of(ordinal));
      edges += format::neighbors_on(shape_, page, ordinal, list.data());
    }));
    if (!report_.findings.empty()) return {};
    report_.records_checked += count_;
    if (edges != segment.graph().edges) {
      find(index_.superblock().manifest_offset,
           "segment of " + std::to_string(segment.graph().edges) + " edges: counted " + std::to_string(edges));
    }
    NEARLINE_TRY(broken, broken_keys(segment, ids_));
    if (broken) find(broken->at, std::move(broken->what));
    NEARLINE_TRY(bad_values, broken_values(segment, progress_));
    if (bad_values) find(bad_values->at, std::move(bad_values->what));
    check_next_id();
    if (CodeTable::has_codes(segment)) {
      if (const auto codes = CodeTable::open(segment); !codes) find(codes.error());
    }
    if (const auto calibration = segment.calibration(); !calibration) find(calibration.error());
    NEARLINE_CHECK(check_reach());
    const auto dead = segment.tombstones();
    if (!dead) {
      find(dead.error());
      return {};
    }
    std::size_t kept = 0;
    for (std::uint32_t ordinal = 0; ordinal < count_; ++ordinal) {
      if (!dead.value().has(Row(ordinal))) ids_[kept++] = ids_[ordinal];
    }
    ids_.resize(kept);
    return {};
  }

  /// Visits all records, page after page. Findings keep a page from being visited.
  template <class Visit>
  Result<void> for_each_record(Visit&& visit) {
    std::vector<std::byte> page(shape_.page_bytes);
    for (std::uint32_t p = 0; p < shape_.pages(count_); ++p) {
      if (p % 256 == 0) NEARLINE_CHECK(progress("records", std::uint64_t{p} * shape_.slots, count_));
      NEARLINE_TRY(at, read_page(p, page));
      if (const auto good = format::check_page(shape_, page, p, count_, at); !good) {
        find(good.error());
        continue;
      }
      if (const auto sealed = check_seal(p, page, at); !sealed) {
        find(sealed.error());
        continue;
      }
      for_each_on_page(p, page, visit);
    }
    return {};
  }

  /// Returns the page's offset in the file.
  Result<std::uint64_t> read_page(std::uint32_t number, std::span<std::byte> page) const {
    const std::uint64_t at = segment_->section(SectionKind::kGraphPages)->offset + std::uint64_t{number} * page.size();
    NEARLINE_CHECK(io::read_exact(index_.file(), at, page));
    return at;
  }

  [[nodiscard]] Result<void> check_seal(std::uint32_t number, std::span<const std::byte> page, std::uint64_t at) const {
    const std::uint64_t serial = segment_->section(SectionKind::kGraphPages)->serial;
    return format::check_seal(page, index_.manifest().file_id, serial, number, at);
  }

  template <class Visit>
  void for_each_on_page(std::uint32_t number, std::span<const std::byte> page, Visit&& visit) const {
    const std::uint64_t first = std::uint64_t{number} * shape_.slots;
    for (std::uint64_t o = first; o < std::min(count_, first + shape_.slots); ++o) {
      visit(static_cast<format::Ordinal>(o), page.data());
    }
  }

  /// An id that is given to a new record must be one that no other has.
  void check_next_id() {
    const Id next = index_.manifest().next_id;
    const auto ahead = std::ranges::find_if(ids_, [&](Id id) { return format::next_id_after(next, id) != next; });
    if (ahead == ids_.end()) return;
    find(index_.superblock().manifest_offset,
         "next id " + std::to_string(next) + ": expected one above id " + std::to_string(*ahead));
  }

  Result<void> check_reach() {
    const format::Section& section = *segment_->section(SectionKind::kEntryPoints);
    NEARLINE_TRY(entries, index_.read_u32(section));
    Reach reach{.reached = std::vector<bool>(count_, false),
                .expanded = std::vector<bool>(count_, false),
                .waiting = std::vector<bool>(shape_.pages(count_), false),
                .pages = {}};
    for (const std::uint32_t entry : entries) {
      if (entry >= count_) {
        find(section.offset,
             "entry point " + std::to_string(entry) + ": expected an ordinal below " + std::to_string(count_));
        return {};
      }
      meet(entry, reach);
    }
    if (shape_.layout == Layout::kFused && !std::is_sorted(entries.begin(), entries.end(), std::less_equal<>())) {
      find(section.offset, "entry points of fused pages out of order: expected ascending ordinals");
    }
    if (segment_->flat()) return {};  // a search compares with all records
    NEARLINE_CHECK(spread(reach));
    const auto lost = static_cast<std::uint64_t>(std::count(reach.reached.begin(), reach.reached.end(), false));
    if (lost > 0) find(section.offset, std::to_string(lost) + " records that no path leads to");
    return {};
  }

  /// Pages wait that have records which were reached and not yet expanded: each time one is read, it expands at least
  /// one, so that no graph takes more reads than it has records.
  struct Reach {
    std::vector<bool> reached, expanded;  // by ordinal
    std::vector<bool> waiting;            // by page
    std::vector<std::uint32_t> pages;
  };

  void meet(std::uint32_t ordinal, Reach& reach) const {
    if (reach.reached[ordinal]) return;
    reach.reached[ordinal] = true;
    const std::uint32_t page = ordinal / shape_.slots;
    if (!reach.waiting[page]) reach.pages.push_back(page);
    reach.waiting[page] = true;
  }

  Result<void> spread(Reach& reach) const {
    std::vector<std::byte> page(shape_.page_bytes);
    std::vector<std::uint32_t> list(shape_.degree);
    for (std::uint64_t reads = 0; !reach.pages.empty(); ++reads) {
      if (reads % 256 == 0) NEARLINE_CHECK(progress("paths", 0, 0));
      const std::uint32_t number = reach.pages.back();
      reach.pages.pop_back();
      reach.waiting[number] = false;
      NEARLINE_TRY(at, read_page(number, page));
      static_cast<void>(at);
      for_each_on_page(number, page, [&](format::Ordinal at_hand, const std::byte* bytes) {
        const std::uint32_t ordinal = format::number(at_hand);
        // A walk that has read a fused page knows all that its records point to.
        if (shape_.layout == Layout::kFused) reach.reached[ordinal] = true;
        if (!reach.reached[ordinal] || reach.expanded[ordinal]) return;
        reach.expanded[ordinal] = true;
        const std::uint32_t degree = format::neighbors_on(shape_, bytes, at_hand, list.data());
        for (std::uint32_t i = 0; i < degree; ++i) {
          if (list[i] < count_) meet(list[i], reach);  // it was checked, but the file may have changed since
        }
      });
    }
    return {};
  }

  const IndexFile& index_;
  const ProgressFn& progress_;
  VerifyReport report_;
  const SegmentFile* segment_ = nullptr;  ///< the one that is being checked
  std::uint64_t count_ = 0;
  format::PageShape shape_;
  std::vector<Id> ids_;
};

/// Whether a file that does not open is damaged, rather than something else altogether.
bool damaged(Code code) noexcept {
  return code == Code::kCorrupt || code == Code::kTruncated;
}

}  // namespace

Result<VerifyReport> verify(io::FileSystem& fs, const std::filesystem::path& path, bool full,
                            const ProgressFn& progress) {
  auto index = IndexFile::open(fs, path);
  if (!index) {
    if (!damaged(index.error().code)) return std::move(index).error();
    return VerifyReport{.findings = {{index.error().at, index.error().what}}, .finding_count = 1, .full = full};
  }
  auto report = Verifier(**index, progress).run(full);
  if (!report) return std::move(report).error().in(path.string());
  return report;
}

Result<void> check_untrusted(io::FileSystem& fs, const std::filesystem::path& path) {
  NEARLINE_TRY(report, verify(fs, path, true));
  if (report.findings.empty()) return {};
  const VerifyFinding& first = report.findings[0];
  return Error{.code = Code::kCorrupt, .what = first.what, .file = path.string(), .at = first.at};
}

}  // namespace nearline::engine
