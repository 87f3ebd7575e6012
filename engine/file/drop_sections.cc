// SPDX-License-Identifier: Apache-2.0
/// How an IndexFileWriter forgets sections and segments: their space becomes free.
#include <algorithm>

#include "engine/file/index_file_writer.h"

namespace nearline::engine {

template <class Drops>
void IndexFileWriter::drop(const Drops& drops) {
  std::erase_if(manifest_.sections, [&](const format::Section& section) {
    if (!drops(section)) return false;
    space_.give_back(section.offset, section.length, manifest_.generation);
    space_.give_back(section.tree_offset, section.tree_bytes, manifest_.generation);
    return true;
  });
}

void IndexFileWriter::drop_section(format::SectionKind kind, std::uint32_t segment) {
  drop([&](const format::Section& section) { return section.kind == kind && section.segment == segment; });
}

void IndexFileWriter::drop_queries(std::uint32_t field) {
  drop([&](const format::Section& section) {
    return section.kind == format::SectionKind::kQueries && section.field == field;
  });
}

void IndexFileWriter::drop_segments(std::span<const std::uint32_t> rows) {
  std::vector<std::uint32_t> moved(manifest_.segments.size());
  std::uint32_t kept = 0;
  for (std::uint32_t row = 0; row < moved.size(); ++row) {
    const bool dropped = std::find(rows.begin(), rows.end(), row) != rows.end();
    moved[row] = dropped ? format::Section::kNone : kept;
    if (!dropped) manifest_.segments[kept++] = manifest_.segments[row];
  }
  manifest_.segments.resize(kept);
  std::erase_if(manifest_.graphs, [&](format::Graph& graph) {
    graph.segment = moved[graph.segment];
    return graph.segment == format::Section::kNone;
  });
  std::erase_if(manifest_.sections, [&](format::Section& section) {
    if (section.segment == format::Section::kNone) return false;
    section.segment = moved[section.segment];
    if (section.segment != format::Section::kNone) return false;
    space_.give_back(section.offset, section.length, manifest_.generation);
    space_.give_back(section.tree_offset, section.tree_bytes, manifest_.generation);
    return true;
  });
}

}  // namespace nearline::engine
