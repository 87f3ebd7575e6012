// SPDX-License-Identifier: Apache-2.0
#include "tools/text_file.h"

#include <span>

namespace nearline::tools {

Result<TextFile> TextFile::create(const std::filesystem::path& path, bool replace) {
  NEARLINE_TRY(file, io::AtomicFile::create(io::real_file_system(), path, replace));
  return TextFile(std::move(file));
}

Result<void> TextFile::finish(std::string_view text) {
  NEARLINE_CHECK(io::write_all(file_.file(), 0, std::as_bytes(std::span(text))));
  return file_.publish();
}

}  // namespace nearline::tools
