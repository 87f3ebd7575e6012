// SPDX-License-Identifier: Apache-2.0
/// What a build in one part and a build in several have in common.
#pragma once

#include <cstring>
#include <optional>
#include <string_view>

#include "engine/link/link.h"
#include "engine/link/nearness.h"
#include "engine/link/record_image.h"
#include "engine/make/assemble.h"
#include "engine/make/code_writer.h"
#include "engine/make/input_order.h"
#include "engine/make/segment_writer.h"
#include "engine/space/space.h"

namespace nearline::engine {

/// The parameters of one build, and the small steps that follow from them.
class Assembly {
 public:
  Assembly(Intake& intake, const BuildPlan& plan, const Schema& schema, const BuildOptions& options, io::FileSystem& fs,
           const std::filesystem::path& directory);

  Intake& intake;
  BuildPlan plan;  ///< learning to code may change the shape of its pages
  const Schema& schema;
  const BuildOptions& options;
  const std::uint32_t count;
  const Space space;
  const Nearness nearness;
  const std::uint32_t threads;
  io::FileSystem& fs;
  const std::filesystem::path& directory;  ///< of files without a name

  /// Errors: kCancelled when the caller asks for it.
  Result<void> progress(std::string_view phase, std::uint64_t done) const;

  /// Puts what was taken in into its order (input_order.h). Before all else, unless lists or codes are known by row.
  Result<void> sort();

  /// Hash of all that was taken in and of all that shapes the file, its sample of queries too: its identity.
  [[nodiscard]] format::FileId identity(std::span<const std::byte> queries) const;

  /// Adds the segment of all that was taken in, but for its sections and the counts of edges.
  void add_segment(IndexFileWriter& writer) const;

  /// Fills a record of an image but for its list.
  void fill(std::byte* record, const format::PageShape& shape, Id id, std::span<const std::byte> vector) const;

  /// When the plan has codes, makes the writer of them, with a code book that it learns unless there is one already.
  Result<void> prepare_codes(std::optional<format::CodeBook> book);
  /// Null without codes.
  [[nodiscard]] CodeWriter* codes() const noexcept { return codes_.get(); }

  /// How much effort a recall takes, in one more section: known, or walks of the segment that was written say it.
  Result<void> add_calibration(IndexFileWriter& writer, std::optional<format::Calibration> known) const;

  /// Begins the section of graph pages, and makes what fills it.
  Result<std::unique_ptr<PageSink>> begin_pages(IndexFileWriter& writer) const;
  /// Ends the section. Returns where walks begin; linked: what linking chose, final ordinals.
  Result<std::vector<std::uint32_t>> end_pages(IndexFileWriter& writer, PageSink& pages,
                                               std::vector<std::uint32_t> linked) const;

  [[nodiscard]] LinkOptions link_options(std::uint32_t degree, std::uint32_t entries) const;

 private:
  format::Hash128 content_{};  ///< hash of what was taken in
  std::optional<format::CodeBook> book_;
  std::unique_ptr<CodeWriter> codes_;
};

/// As assemble, when all records fit the memory bound together, and when they do not.
Result<BuildReport> assemble_whole(const Assembly& build, IndexFileWriter& writer, const Heritage& heritage);
Result<BuildReport> assemble_parts(const Assembly& build, IndexFileWriter& writer);

/// Entry points that a graph of so many records gets.
std::uint32_t entry_count(std::uint64_t records) noexcept;

}  // namespace nearline::engine
