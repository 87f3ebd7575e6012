// SPDX-License-Identifier: Apache-2.0
/// The public calls on a file system of the caller's choice: what a user gets from the operating system's, a test gets
/// from a simulated disk that fails on demand.
#pragma once

#include "io/file.h"
#include "nearline/builder.h"
#include "nearline/index.h"

namespace nearline {

/// The file system outlives what is made on it.
class OnFileSystem {
 public:
  using OpenIndex = Index::Impl;  ///< for builds, which search what they have made
  static Result<Index> open(io::FileSystem& fs, const std::filesystem::path& path, const OpenOptions& options = {});
  static Result<Builder> create(io::FileSystem& fs, const std::filesystem::path& output, const Schema& schema,
                                const BuildOptions& options = {});
  static Result<VerifyReport> verify(io::FileSystem& fs, const std::filesystem::path& path, bool full,
                                     const ProgressFn& progress = {});
};

}  // namespace nearline
