// SPDX-License-Identifier: Apache-2.0
/// What an open Index is made of: the file, and its segments, the largest first. Split over index.cc, index_search.cc
/// and index_read.cc.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/index_file.h"
#include "engine/on_file_system.h"
#include "engine/open_segment.h"
#include "engine/opened_by.h"
#include "nearline/index.h"

namespace nearline {

class Index::Impl {
 public:
  /// before: null, or another commit of the same file; what both have in common is taken from it when all has gone
  /// well.
  static Result<std::unique_ptr<Impl>> open(io::FileSystem& fs, const std::filesystem::path& path,
                                            const OpenOptions& options, Impl* before = nullptr);

  Result<void> snapshot(const std::filesystem::path& output, bool replace, const ProgressFn& progress) const;
  Result<SearchResult> search(const MatrixView& queries, const SearchOptions& options);
  Result<void> get(std::span<const Id> ids, std::span<std::byte> out);
  Result<void> for_each(std::size_t rows, const VisitFn& visit);
  Result<std::vector<Id>> sample_ids(std::size_t count, std::uint64_t seed);
  Result<GraphStatistics> graph_statistics(const ProgressFn& progress) const;
  [[nodiscard]] MemoryUsage memory_usage() const;
  [[nodiscard]] Ranking ranking() const noexcept {
    return segments_.empty() ? Ranking::kExact : segments_.front()->ranking();
  }

  [[nodiscard]] const engine::IndexFile& file() const noexcept { return *file_; }
  /// Whoever made the commit durable says so.
  void mark_durable() noexcept {
    file_->mark_durable();
    info.durable = true;
  }
  /// Those with records, the largest first.
  [[nodiscard]] std::span<const std::unique_ptr<engine::OpenSegment>> segments() const noexcept { return segments_; }

  /// Where it came from, to look for newer commits.
  io::FileSystem* fs = nullptr;
  std::filesystem::path path;
  OpenOptions opened_with;

  engine::OpenedBy opened_by;

  IndexInfo info;
  IoMode io = IoMode::kAuto;

 private:
  Result<void> open_segments(const OpenOptions& options, Impl* before);
  void describe();

  Result<void> check_search(const MatrixView& queries, const SearchOptions& options) const;
  Result<void> check_row(const MatrixView& queries, std::size_t row) const;

  std::unique_ptr<engine::IndexFile> file_;
  std::vector<std::unique_ptr<engine::OpenSegment>> segments_;
  std::uint64_t budget_ = 0;
};

namespace engine {
using OpenIndex = OnFileSystem::OpenIndex;
}

}  // namespace nearline
