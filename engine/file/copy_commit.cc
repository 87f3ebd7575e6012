// SPDX-License-Identifier: Apache-2.0
/// Sections are copied as they are, the manifest is written anew.
#include "engine/file/copy_commit.h"

#include "engine/file/index_file_writer.h"
#include "engine/progress.h"
#include "io/atomic_file.h"

namespace nearline::engine {

Result<void> copy_commit(const IndexFile& commit, io::FileSystem& fs, const std::filesystem::path& output, bool replace,
                         const ProgressFn& progress) {
  NEARLINE_TRY(original, commit.file().identity());
  NEARLINE_CHECK(io::check_not_input(fs, output, original));
  NEARLINE_TRY(target, io::AtomicFile::create(fs, output, replace));
  format::Manifest manifest = commit.manifest();
  const std::vector<format::Section> sections = std::move(manifest.sections);
  manifest.sections.clear();
  manifest.generation = 1;
  IndexFileWriter writer(target.file(), std::move(manifest));
  std::uint64_t least = format::kDataStart;
  for (const format::Section& section : sections) least += format::whole_blocks(section.length) + section.tree_bytes;
  NEARLINE_CHECK(target.file().reserve(0, least));
  std::uint64_t done = 0;
  for (const format::Section& section : sections) {
    if (auto told = report(progress, {"copy", done, commit.file_bytes()}); !told) {
      return std::move(told).error().in(output.string());
    }
    if (auto copied = writer.copy(commit.file(), section); !copied) {
      return std::move(copied).error().in(commit.file().path().string());
    }
    done += section.length + section.tree_bytes;
  }
  NEARLINE_TRY(bytes, writer.finish());
  static_cast<void>(bytes);
  return target.publish();
}

}  // namespace nearline::engine
