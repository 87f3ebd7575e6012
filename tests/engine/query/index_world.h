// SPDX-License-Identifier: Apache-2.0
/// Indexes on a simulated disk, to be opened by the engine's own parts; and the same bytes in a real file where a page
/// source needs one.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "engine/file/index_file.h"
#include "engine/make/index_maker.h"
#include "engine/walk/graph_search.h"
#include "io/simulated_disk.h"
#include "tests/io/temp_dir.h"
#include "tests/support/vectors.h"

namespace nearline::engine {

inline Result<BuildReport> build_on(io::FileSystem& fs, const std::filesystem::path& path,
                                    const testing::Vectors& vectors, const Schema& schema, const BuildOptions& options,
                                    std::span<const Id> ids = {}) {
  NEARLINE_TRY(builder, engine::IndexMaker::create(fs, path, schema, options));
  NEARLINE_CHECK(builder.add(vectors.view(), ids));
  return builder.finish();
}

/// Options that make small, quick builds.
inline BuildOptions quick_build() {
  BuildOptions options;
  options.degree = 12;
  options.l_build = 40;
  options.threads = 1;
  options.calibrate = false;
  return options;
}

inline std::vector<std::byte> index_bytes(const testing::Vectors& vectors, const Schema& schema,
                                          const BuildOptions& options = quick_build(), std::span<const Id> ids = {}) {
  io::SimulatedDisk disk;
  const auto report = build_on(disk, "index", vectors, schema, options, ids);
  REQUIRE_MESSAGE(report, (report ? std::string() : report.error().message()));
  return disk.contents("index");
}

/// The parts of an open index, without the Index around them.
class IndexWorld {
 public:
  explicit IndexWorld(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {
    disk_.put("index", bytes_);
    auto file = io::real_file_system().create_new(dir_ / "index");
    REQUIRE(file);
    REQUIRE(io::write_all(**file, 0, bytes_));
    real_ = std::move(file).value();
    index_ = IndexFile::open(disk_, "index").value();
    const SegmentFile segment = index_->segments().front();
    const format::Section& pages = *segment.section(format::SectionKind::kGraphPages);
    const format::Section& entries = *segment.section(format::SectionKind::kEntryPoints);
    entries_ = index_->read_u32(entries).value();
    const format::PageShape shape = segment.shape();
    range_ = {.at = pages.offset,
              .page_bytes = shape.page_bytes,
              .page_count = static_cast<std::uint32_t>(shape.pages(segment.segment().count))};
    checker_ = index_->check(pages);
    const format::Field& field = index_->field();
    graph_ = std::make_unique<GraphView>(Space(field.metric, field.type, field.dim), shape, segment.segment().count,
                                         entries_, pages.offset);
  }

  [[nodiscard]] const GraphView& graph() const { return *graph_; }
  [[nodiscard]] const IndexFile& index() const { return *index_; }
  [[nodiscard]] io::SimulatedDisk& disk() { return disk_; }
  [[nodiscard]] const std::vector<std::byte>& bytes() const { return bytes_; }
  [[nodiscard]] const std::vector<std::uint32_t>& entries() const { return entries_; }

  [[nodiscard]] io::PageCheck check() {
    return [this](io::PageId page, std::span<const std::byte> bytes) {
      return checker_->check(std::uint64_t{page} * (range_.page_bytes / format::kBlockBytes), bytes);
    };
  }

  struct NamedSource {
    std::string name;
    std::unique_ptr<io::PageSource> source;
  };
  /// Every way to get at the pages that works here.
  [[nodiscard]] std::vector<NamedSource> sources(std::uint64_t seed = 1) {
    std::vector<NamedSource> all;
    all.push_back({"mapped", io::mapped_source(*real_, range_, check()).value()});
    all.push_back({"pread", io::pread_source(*real_, range_, check())});
    if (io::io_uring_usable()) all.push_back({"direct", io::direct_source(*real_, range_, check()).value()});
    all.push_back({"simulated", simulated(seed)});
    return all;
  }
  [[nodiscard]] std::unique_ptr<io::PageSource> simulated(std::uint64_t seed = 1) {
    return io::simulated_source(index_->file(), range_, check(), seed);
  }
  /// The least that a reader for one walk accepts.
  [[nodiscard]] std::uint64_t least_cache() const { return io::least_cache_bytes(range_.page_bytes, kMaxBatch); }

 private:
  std::vector<std::byte> bytes_;
  io::SimulatedDisk disk_;
  io::TempDir dir_;
  std::unique_ptr<io::File> real_;
  std::unique_ptr<IndexFile> index_;
  std::vector<std::uint32_t> entries_;
  io::PageRange range_;
  std::unique_ptr<SectionCheck> checker_;
  std::unique_ptr<GraphView> graph_;
};

/// A walk to which every record may be an answer, unless the admission says otherwise.
inline WalkCall call_of(const GraphView& graph, const Query& query, const WalkOptions& options, io::PageReader& reader,
                        Scratch& scratch, const CodeQuery* codes = nullptr, const Admission& admission = {}) {
  return {.graph = graph,
          .scorer = Scorer(graph.space, query, codes),
          .admission = admission,
          .options = options,
          .reader = reader,
          .scratch = scratch};
}

/// Many walks on one reader, `at_once` of them under way together. start(query, scratch) begins one.
/// finish(query, scratch, outcome) sees each when it is done, its pages still held.
inline void run_walks(io::PageReader& reader, std::size_t count, std::size_t at_once,
                      const std::function<SearchTask(std::size_t, Scratch&)>& start,
                      const std::function<void(std::size_t, const Scratch&, Result<void>&)>& finish) {
  struct Flight {
    Scratch scratch;
    SearchTask task;
    std::size_t query = 0;
  };
  std::vector<Flight> flights(at_once);
  std::size_t next = 0, done = 0;
  while (done < count) {
    for (Flight& flight : flights) {
      while (!flight.task.started() && next < count) {
        flight.query = next++;
        flight.task = start(flight.query, flight.scratch);
        if (!flight.task.done()) break;
        finish(flight.query, flight.scratch, flight.task.outcome());
        reader.release(flight.scratch.batch);
        flight.task = {};
        ++done;
      }
    }
    if (done == count) break;
    reader.poll();
    for (Flight& flight : flights) {
      if (!flight.task.started() || !flight.task.done()) continue;
      finish(flight.query, flight.scratch, flight.task.outcome());
      reader.release(flight.scratch.batch);
      flight.task = {};
      ++done;
    }
  }
}

}  // namespace nearline::engine
