// SPDX-License-Identifier: Apache-2.0
/// A copy of one commit as a file of its own, dense: sections are copied as they are, the manifest is written anew.
#include "engine/build/index_file_writer.h"
#include "engine/index_impl.h"
#include "io/atomic_file.h"

namespace nearline {

Result<void> Index::Impl::snapshot(const std::filesystem::path& output, bool replace,
                                   const ProgressFn& progress) const {
  NEARLINE_TRY(target, io::AtomicFile::create(*fs, output, replace));
  format::Manifest manifest = file_->manifest();
  const std::vector<format::Section> sections = std::move(manifest.sections);
  manifest.sections.clear();
  manifest.generation = 1;
  engine::IndexFileWriter writer(target.file(), std::move(manifest));
  std::uint64_t done = 0;
  for (const format::Section& section : sections) {
    if (progress && !progress({"copy", done, info.file_bytes})) {
      return Error{.code = Code::kCancelled, .what = "cancelled", .file = output.string()};
    }
    if (auto copied = writer.copy(file_->file(), section); !copied) {
      return std::move(copied).error().in(file_->file().path().string());
    }
    done += section.length + section.tree_bytes;
  }
  NEARLINE_TRY(bytes, writer.finish());
  static_cast<void>(bytes);
  return target.publish();
}

}  // namespace nearline
