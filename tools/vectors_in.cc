// SPDX-License-Identifier: Apache-2.0
#include "tools/vectors_in.h"

#include <string>

#include "tools/console.h"

namespace nearline::tools {

Result<VectorFile> open_vectors(const std::filesystem::path& path, std::string_view form) {
  NEARLINE_TRY(file, VectorFile::open(path, form));
  if (!file.conversion().empty()) print_error_line(path.string() + ": note: " + std::string(file.conversion()));
  return file;
}

}  // namespace nearline::tools
