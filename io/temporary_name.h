// SPDX-License-Identifier: Apache-2.0
/// Files under a name that nobody uses yet.
#pragma once

#include <functional>
#include <string_view>

#include "io/file.h"

namespace nearline::io {

struct TemporaryFile {
  std::unique_ptr<File> file;
  std::filesystem::path name;
};

/// Lets `create` make ".nearline-PID-NUMBER.tmp" in `directory`, with other numbers while its error is kExists.
/// Errors: those of `create`.
using CreateFn = std::function<Result<std::unique_ptr<File>>(const std::filesystem::path&)>;
Result<TemporaryFile> create_temporary(const std::filesystem::path& directory, const CreateFn& create);

/// Whether a name without its folder is such a one.
[[nodiscard]] bool is_temporary_name(std::string_view name) noexcept;

/// Where a file's temporary companions belong: beside it, so that a rename is enough.
std::filesystem::path directory_of(const std::filesystem::path& file);

}  // namespace nearline::io
