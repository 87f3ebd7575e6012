// SPDX-License-Identifier: Apache-2.0
#include "io/file.h"

#include <cassert>

#include "io/system_error.h"

namespace nearline::io {

Result<void> read_exact(const File& file, std::uint64_t at, std::span<std::byte> out) {
  while (!out.empty()) {
    NEARLINE_TRY(got, file.read_some(at, out));
    if (got == 0) return ends_too_early(file.path(), at, out.size());
    at += got;
    out = out.subspan(got);
  }
  return {};
}

Result<void> write_all(File& file, std::uint64_t at, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    NEARLINE_TRY(put, file.write_some(at, bytes));
    assert(put > 0);
    at += put;
    bytes = bytes.subspan(put);
  }
  return {};
}

Result<FileIdentity> FileSystem::identity(const std::filesystem::path& path) {
  NEARLINE_TRY(file, open_read(path));
  return file->identity();
}

}  // namespace nearline::io
